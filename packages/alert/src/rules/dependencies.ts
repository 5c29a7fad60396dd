// Which rules of a group read what others of it write. Source: Prometheus 3.14 rules/group.go buildDependencyMap.

import type { Matcher } from '@oriel/model'
import { compileMatchers, METRIC_NAME } from '@oriel/model'
import type { Expr } from '@oriel/promql'
import { childrenOf } from '@oriel/promql'
import type { RuleSpec } from '../rule-file.ts'
import { ALERT_NAME, ALERTS_FOR_STATE_METRIC, ALERTS_METRIC } from './alerting.ts'

/**
 * For each rule the positions of the rules before it whose results it may read; with `isConcurrent` of those too that may read its own,
 * which must be through before it changes them.
 *
 * A rule that selects without a name, or asks a query in a template, may read all of them.
 */
export function dependenciesOf(
  rules: readonly RuleSpec[],
  { isConcurrent = false }: { readonly isConcurrent?: boolean } = {},
): number[][] {
  const reads = rules.map(readerOf)
  return rules.map((rule, i) =>
    [...rules.keys()].slice(0, i).filter((j) => reads[i]!(rules[j]!) || (isConcurrent && reads[j]!(rule))),
  )
}

function readerOf(rule: RuleSpec): (other: RuleSpec) => boolean {
  if (asksQueries(rule)) return () => true
  const tests = selectorsOf(rule.parsed).map(readsRule)
  return (other) => tests.some((test) => test(other))
}

function asksQueries(rule: RuleSpec): boolean {
  if (rule.kind === 'recording') return false
  return [...rule.labels.values(), ...rule.annotations.values()].some((text) => text.includes('{{') && text.includes('query'))
}

function selectorsOf(expr: Expr): (readonly Matcher[])[] {
  const own = expr.kind === 'vectorSelector' ? [expr.matchers] : []
  return [...own, ...childrenOf(expr).flatMap(selectorsOf)]
}

function readsRule(matchers: readonly Matcher[]): (rule: RuleSpec) => boolean {
  const names = matchers.filter(({ name }) => name === METRIC_NAME)
  if (names.length === 0) return () => true
  const alertNames = matchers.filter(({ name }) => name === ALERT_NAME)
  const isNamed = (name: string) => compileMatchers(names)([{ name: METRIC_NAME, value: name }])
  return (rule) => {
    if (rule.kind === 'recording') return isNamed(rule.name)
    if (!isNamed(ALERTS_METRIC) && !isNamed(ALERTS_FOR_STATE_METRIC)) return false
    return alertNames.length === 0 || compileMatchers(alertNames)([{ name: ALERT_NAME, value: rule.name }])
  }
}
