// Relabeling exactly as Prometheus does it.
//
// Source: Prometheus 3.14 model/relabel/relabel.go.

import { createHash } from 'node:crypto'
import { compileRegex, unreachable } from '@oriel/model'
import { expandTemplate } from './relabel-template.ts'

/** What a rule does. */
export type RelabelAction =
  | 'replace'
  | 'keep'
  | 'drop'
  | 'keepequal'
  | 'dropequal'
  | 'hashmod'
  | 'labelmap'
  | 'labeldrop'
  | 'labelkeep'
  | 'lowercase'
  | 'uppercase'

/** One rule, every default filled in; `parseRelabelRules` makes them from a configuration. */
export interface RelabelRule {
  readonly action: RelabelAction
  readonly sourceLabels: readonly string[]
  readonly separator: string
  /** RE2, anchored at both ends, `.` matching newlines. */
  readonly regex: string
  readonly modulus: bigint
  readonly targetLabel: string
  readonly replacement: string
}

/** The regex a rule has when none is given. */
export const DEFAULT_RELABEL_REGEX = '(.*)'

/**
 * Applies rules in order to `labels`, in place; false where a rule drops the target or sample.
 *
 * Absent labels read as ''; a label set to '' is removed.
 */
export function relabel(labels: Map<string, string>, rules: readonly RelabelRule[]): boolean {
  for (const rule of rules) if (!applyRule(labels, rule)) return false
  return true
}

function applyRule(labels: Map<string, string>, rule: RelabelRule): boolean {
  const value = rule.sourceLabels.map((name) => labels.get(name) ?? '').join(rule.separator)
  switch (rule.action) {
    case 'keep':
      return matches(rule, value)
    case 'drop':
      return !matches(rule, value)
    case 'keepequal':
      return (labels.get(rule.targetLabel) ?? '') === value
    case 'dropequal':
      return (labels.get(rule.targetLabel) ?? '') !== value
    case 'replace':
      replace(labels, rule, value)
      return true
    case 'lowercase':
      setLabel(labels, rule.targetLabel, value.toLowerCase())
      return true
    case 'uppercase':
      setLabel(labels, rule.targetLabel, value.toUpperCase())
      return true
    case 'hashmod':
      setLabel(labels, rule.targetLabel, String(hashOf(value) % rule.modulus))
      return true
    case 'labelmap':
    case 'labeldrop':
    case 'labelkeep':
      mapNames(labels, rule)
      return true
    default:
      return unreachable(rule.action)
  }
}

function mapNames(labels: Map<string, string>, rule: RelabelRule): void {
  // A snapshot: labels made by this rule are not mapped again.
  for (const [name, value] of Array.from(labels)) {
    if (rule.action === 'labelmap') {
      const target = expand(rule, name, rule.replacement)
      if (target !== undefined) setLabel(labels, target, value)
    } else if (matches(rule, name) === (rule.action === 'labeldrop')) labels.delete(name)
  }
}

function replace(labels: Map<string, string>, rule: RelabelRule, value: string): void {
  const { targetLabel, replacement } = rule
  const isPlain = !targetLabel.includes('$') && !replacement.includes('$')
  if (isPlain && rule.regex === DEFAULT_RELABEL_REGEX) {
    setLabel(labels, targetLabel, replacement)
    return
  }
  const target = expand(rule, value, targetLabel)
  if (target === undefined || target === '') return
  setLabel(labels, target, expand(rule, value, replacement) ?? '')
}

/** `template` with the groups of the rule's regex on `text`, `undefined` where it does not match. */
function expand(rule: RelabelRule, text: string, template: string): string | undefined {
  const regex = compileRegex(rule.regex, { dotAll: true })
  const matcher = regex.matcher(text)
  if (!matcher.matches()) return undefined
  const names = regex.namedGroups()
  return expandTemplate(template, (name) => {
    const index = /^\d+$/.test(name) ? Number(name) : names[name]
    if (index === undefined || index > matcher.groupCount()) return ''
    return matcher.group(index) ?? ''
  })
}

function matches(rule: RelabelRule, text: string): boolean {
  return compileRegex(rule.regex, { dotAll: true }).matches(text)
}

function setLabel(labels: Map<string, string>, name: string, value: string): void {
  if (value === '') labels.delete(name)
  else labels.set(name, value)
}

function hashOf(value: string): bigint {
  return createHash('md5').update(value).digest().readBigUInt64BE(8)
}
