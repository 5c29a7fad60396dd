import { compileRegex, METRIC_NAME } from '@oriel/model'
import { IngestError } from '../errors.ts'
import type { SeriesRule } from './policy.ts'

/** A rule as people write it and as our state keeps it: one metric by name, or several by an anchored RE2 pattern. */
export interface RuleText {
  readonly action: SeriesRule['action']
  readonly metric: string
  readonly isPattern: boolean
  readonly labels: readonly string[]
}

/** The rule that a text means. Throws INGEST_BAD_RULE naming what cannot be, and MODEL_BAD_REGEX. */
export function readRule(id: string, { action, metric, isPattern, labels }: RuleText): SeriesRule {
  if (!/^[\w.-]{1,100}$/.test(id)) refuse('its id may have letters, digits and . _ - alone, 100 at most')
  if (metric === '') refuse('it names no metric')
  if (isPattern) compileRegex(metric, { dotAll: true })
  if (action === 'drop' && labels.length > 0) refuse('it drops the whole metric: labels mean nothing')
  if (action === 'drop_labels' && labels.length === 0) refuse('it names no label to drop')
  if (labels.includes('')) refuse('a label has no name')
  for (const name of [METRIC_NAME, 'le', 'quantile'])
    if (action === 'drop_labels' && labels.includes(name)) refuse(`without the label ${name} its series mean nothing`)
  return { id, action, matchers: [{ name: METRIC_NAME, op: isPattern ? '=~' : '=', value: metric }], labels }
}

/** Reads the JSON of our state. Throws as `readRule`. */
export function parseRule(id: string, json: string): RuleText {
  const value: unknown = JSON.parse(json)
  if (typeof value !== 'object' || value === null) return refuse('it is no object')
  const { action, metric, isPattern, labels }: { [key: string]: unknown } = { ...value }
  if (action !== 'drop' && action !== 'drop_labels' && action !== 'keep_labels') return refuse(`unknown action of rule ${id}`)
  if (typeof metric !== 'string' || !Array.isArray(labels)) return refuse(`rule ${id} has no metric or labels`)
  return { action, metric, isPattern: isPattern === true, labels: labels.map(String) }
}

function refuse(why: string): never {
  throw new IngestError('INGEST_BAD_RULE', `cannot use rule: ${why}`)
}
