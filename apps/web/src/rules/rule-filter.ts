import type { Rule, RuleGroup } from '../data/rules.ts'

/** What of the rules is shown; '' shows all. */
export interface RuleFilter {
  readonly type: string
  /** `firing`, `pending` or `failing`. */
  readonly state: string
  readonly find: string
}

/** How many rules are in which state. */
export interface RuleCounts {
  readonly rules: number
  readonly firing: number
  readonly pending: number
  readonly failing: number
}

/** Groups with the rules that the filter leaves; groups without any are left out. */
export function filterGroups(groups: readonly RuleGroup[], filter: RuleFilter): RuleGroup[] {
  return groups
    .map((group) => ({ ...group, rules: group.rules.filter((rule) => isWanted(rule, group, filter)) }))
    .filter(({ rules }) => rules.length > 0)
}

/** Counts rules by state. */
export function countRules(groups: readonly RuleGroup[]): RuleCounts {
  const rules = groups.flatMap((group) => group.rules)
  const inState = (state: string) => rules.filter((rule) => stateOf(rule) === state).length
  return {
    rules: rules.length,
    firing: inState('firing'),
    pending: inState('pending'),
    failing: rules.filter(({ health }) => health === 'err').length,
  }
}

/** The state of an alerting rule, `recording` for the others. */
export function stateOf(rule: Rule): 'inactive' | 'pending' | 'firing' | 'unknown' | 'recording' {
  return rule.type === 'recording' ? 'recording' : rule.state
}

/** When a time of the API is; `undefined` for Go's zero time, which stands for never. */
export function whenOf(text: string): number | undefined {
  const ms = Date.parse(text)
  return Number.isNaN(ms) || ms < 0 ? undefined : ms
}

function isWanted(rule: Rule, group: RuleGroup, { type, state, find }: RuleFilter): boolean {
  if (type !== '' && rule.type !== type) return false
  if (state === 'failing' ? rule.health !== 'err' : state !== '' && stateOf(rule) !== state) return false
  if (find === '') return true
  const words = [rule.name, rule.query, group.name, group.file, ...Object.entries(rule.labels).map((label) => label.join('='))]
  const text = words.join('\n').toLowerCase()
  return find
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}
