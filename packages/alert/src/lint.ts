import type { Labels } from '@oriel/model'
import { compareLabels, makeLabels } from '@oriel/model'
import type { RuleGroupSpec } from './rule-file.ts'

/** Rules of one name and one set of labels. */
export interface DuplicateRule {
  readonly name: string
  readonly labels: Labels
  /** Lines of the file, the first rule included. */
  readonly lines: readonly number[]
}

/** Rules of a file that write the same series or raise the same alerts. Source: Prometheus 3.14 cmd/promtool checkDuplicates. */
export function findDuplicateRules(groups: readonly RuleGroupSpec[]): DuplicateRule[] {
  const byIdentity = new Map<string, { name: string; labels: Labels; lines: number[] }>()
  for (const { name, labels: own, place } of groups.flatMap(({ rules }) => rules)) {
    const labels = makeLabels(own)
    const key = JSON.stringify([name, labels])
    const known = byIdentity.get(key)
    if (known === undefined) byIdentity.set(key, { name, labels, lines: [place.line] })
    else known.lines.push(place.line)
  }
  return [...byIdentity.values()]
    .filter(({ lines }) => lines.length > 1)
    .sort((a, b) => (a.name === b.name ? compareLabels(a.labels, b.labels) : a.name < b.name ? -1 : 1))
}
