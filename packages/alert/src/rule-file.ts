// Rule files as Prometheus has them. Source: Prometheus 3.14 model/rulefmt/rulefmt.go.

import type { Expr } from '@oriel/promql'
import type { PromqlFeatures } from '@oriel/promql'
import type { RuleDraft } from './rule-validate.ts'
import { validateGroup } from './rule-validate.ts'
import type { Place, YamlFields, YamlValue } from './yaml-reader.ts'
import { YamlReader } from './yaml-reader.ts'

/** What all rules share. */
interface RuleBase {
  readonly name: string
  /** As it is written. */
  readonly expr: string
  readonly parsed: Expr
  /** The rule's own labels and those of its group; the rule's win. Values may be templates in alerting rules. */
  readonly labels: ReadonlyMap<string, string>
  /** Of `record` or `alert` in the file. */
  readonly place: Place
}

export interface RecordingRuleSpec extends RuleBase {
  readonly kind: 'recording'
}

export interface AlertingRuleSpec extends RuleBase {
  readonly kind: 'alerting'
  readonly forMs: number
  readonly keepFiringForMs: number
  readonly annotations: ReadonlyMap<string, string>
}

/** A rule of a file. */
export type RuleSpec = RecordingRuleSpec | AlertingRuleSpec

/** Rules that are evaluated together, in order. */
export interface RuleGroupSpec {
  readonly name: string
  /** The server's where the file gives none. */
  readonly intervalMs: number | undefined
  readonly queryOffsetMs: number | undefined
  /** Most results of one rule; 0 for any number. */
  readonly limit: number
  readonly rules: readonly RuleSpec[]
}

/** How a rule file is read. */
export interface RuleFileOptions {
  /** Keys that mean nothing are read over. */
  readonly ignoresUnknownFields?: boolean
  /** What names of metrics and labels may be. */
  readonly names?: 'utf8' | 'legacy'
  readonly features?: PromqlFeatures
}

/** A rule file that was read. With problems, `groups` is empty. */
export interface RuleFile {
  readonly groups: readonly RuleGroupSpec[]
  /** Everything that is wrong, with line and column, in Prometheus's words. */
  readonly problems: readonly string[]
  /** What is worth a word and does no harm. */
  readonly notes: readonly string[]
}

const GROUP_KEYS = ['name', 'interval', 'query_offset', 'limit', 'rules', 'labels']
const RULE_KEYS = ['record', 'alert', 'expr', 'for', 'keep_firing_for', 'labels', 'annotations']

/** Reads a rule file. Does not throw. */
export function parseRuleFile(text: string, options: RuleFileOptions = {}): RuleFile {
  const yaml = new YamlReader(text)
  const known = (keys: readonly string[]) => (options.ignoresUnknownFields === true ? undefined : keys)
  const root = yaml.fields(yaml.root(), 'rulefmt.RuleGroups', known(['groups']))
  const drafts = yaml.items(root.get('groups'), '[]rulefmt.RuleGroup').map((value) => {
    const fields = yaml.fields(value, 'rulefmt.RuleGroup', known(GROUP_KEYS))
    const rules = yaml
      .items(fields.get('rules'), '[]rulefmt.Rule')
      .map((item) => readRule(yaml, item, yaml.fields(item, 'rulefmt.Rule', known(RULE_KEYS))))
    return {
      name: yaml.text(fields.get('name')),
      intervalMs: yaml.duration(fields.get('interval')) || undefined,
      queryOffsetMs: yaml.duration(fields.get('query_offset')),
      limit: yaml.integer(fields.get('limit')),
      labels: new Map(yaml.textMap(fields.get('labels'))),
      rules,
      place: value.place,
    }
  })
  const notes = yaml.hasMoreDocuments ? [MORE_DOCUMENTS] : []
  if (yaml.problems.length > 0)
    return {
      groups: [],
      problems: [`yaml: unmarshal errors:\n${yaml.problems.map((problem) => `  ${problem}`).join('\n')}`],
      notes,
    }
  const problems: string[] = []
  const groups: RuleGroupSpec[] = []
  const names = new Set<string>()
  for (const draft of drafts) {
    groups.push(validateGroup(draft, names, options, problems))
    names.add(draft.name)
  }
  return problems.length > 0 ? { groups: [], problems, notes } : { groups, problems, notes }
}

const MORE_DOCUMENTS = 'Multiple document yaml rules files are not supported, only the first document is processed'

function readRule(yaml: YamlReader, value: YamlValue, fields: YamlFields): RuleDraft {
  const placeOf = (key: string): Place => fields.get(key)?.place ?? value.place
  return {
    record: yaml.text(fields.get('record')),
    alert: yaml.text(fields.get('alert')),
    expr: yaml.text(fields.get('expr')),
    forMs: yaml.duration(fields.get('for')) ?? 0,
    keepFiringForMs: yaml.duration(fields.get('keep_firing_for')) ?? 0,
    labels: new Map(yaml.textMap(fields.get('labels'))),
    annotations: new Map(yaml.textMap(fields.get('annotations'))),
    places: { record: placeOf('record'), alert: placeOf('alert'), expr: placeOf('expr') },
  }
}
