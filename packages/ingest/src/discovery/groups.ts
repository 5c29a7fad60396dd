// Groups of targets, as static configurations, files and servers write them.

import { parseDocument } from 'yaml'
import type { ConfigReader } from '../config-reader.ts'
import { IngestError } from '../errors.ts'

/** Labels of a target by name; `__address__` is where it is. */
export type TargetLabels = Readonly<Record<string, string>>

/** Targets that share labels, from whatever discovered them. A target's own labels win over the group's. */
export interface TargetGroup {
  readonly targets: readonly TargetLabels[]
  readonly labels: TargetLabels
}

/** A group whose targets are bare addresses. */
export function makeGroup(addresses: readonly string[], labels: TargetLabels): TargetGroup {
  return { targets: addresses.map((__address__) => ({ __address__ })), labels }
}

/** Reads one entry of `static_configs`. */
export function readGroup(config: ConfigReader): TargetGroup {
  const group = makeGroup(config.strings('targets'), config.record('labels'))
  config.finish()
  return group
}

/** Groups of targets from JSON or YAML: `[{targets: [...], labels: {...}}]`. Throws `IngestError` INGEST_BAD_CONFIG. */
export function parseGroups(text: string, name: string): TargetGroup[] {
  // JSON is YAML; every scalar stays text.
  const document = parseDocument(text, { schema: 'failsafe' })
  const fail = (reason: string): IngestError => new IngestError('INGEST_BAD_CONFIG', `cannot read targets of ${name}: ${reason}`)
  const problem = document.errors[0]
  if (problem !== undefined) throw fail(problem.message.split('\n')[0] ?? '')
  // An empty file is one being written more often than one that means it: `[]` says that there are no targets.
  const groups: unknown = document.toJS({ maxAliasCount: 1_000 })
  if (!Array.isArray(groups)) throw fail('expected a list of groups')
  return groups.map((group: unknown) => groupOf(group, fail))
}

function groupOf(group: unknown, fail: (reason: string) => IngestError): TargetGroup {
  if (typeof group !== 'object' || group === null) throw fail('expected groups with targets')
  const unknown = Object.keys(group).find((key) => key !== 'targets' && key !== 'labels')
  if (unknown !== undefined) throw fail(`unknown key ${JSON.stringify(unknown)}`)
  const targets: unknown = 'targets' in group ? group.targets : []
  const labels: unknown = 'labels' in group ? (group.labels ?? {}) : {}
  if (!Array.isArray(targets) || !targets.every((target) => typeof target === 'string')) throw fail('targets must be texts')
  if (typeof labels !== 'object' || labels === null) throw fail('labels must be a mapping')
  const texts: Record<string, string> = {}
  for (const [key, value] of Object.entries(labels)) {
    if (typeof value !== 'string') throw fail(`label ${key} must be a text`)
    texts[key] = value
  }
  return makeGroup(targets, texts)
}
