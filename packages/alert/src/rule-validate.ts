// What makes a rule good. Source: Prometheus 3.14 model/rulefmt/rulefmt.go Validate.

import { METRIC_NAME } from '@oriel/model'
import type { Expr } from '@oriel/promql'
import { DEFAULT_FEATURES, parseExpr } from '@oriel/promql'
import { isPlainLabelName, isPlainMetricName, QueryError } from '@oriel/syntax'
import type { RuleFileOptions, RuleGroupSpec, RuleSpec } from './rule-file.ts'
import { checkAlertTemplate } from './template/expand.ts'
import type { Place } from './yaml-reader.ts'

/** A rule as its file has it. */
export interface RuleDraft {
  readonly record: string
  readonly alert: string
  readonly expr: string
  readonly forMs: number
  readonly keepFiringForMs: number
  readonly labels: ReadonlyMap<string, string>
  readonly annotations: ReadonlyMap<string, string>
  readonly places: { readonly record: Place; readonly alert: Place; readonly expr: Place }
}

/** A group as its file has it. */
export interface GroupDraft {
  readonly name: string
  readonly intervalMs: number | undefined
  readonly queryOffsetMs: number | undefined
  readonly limit: number
  readonly labels: ReadonlyMap<string, string>
  readonly rules: readonly RuleDraft[]
  readonly place: Place
}

type Problem = { readonly message: string; readonly place?: Place; readonly otherPlace?: Place }

/** Makes a group of its draft; `names` are those of the groups before it in the file. Adds what is wrong to `problems`. */
export function validateGroup(
  draft: GroupDraft,
  names: ReadonlySet<string>,
  options: RuleFileOptions,
  problems: string[],
): RuleGroupSpec {
  const { name, place } = draft
  if (name === '') problems.push(`${printPlace(place)}: Groupname must not be empty`)
  if (names.has(name)) problems.push(`${printPlace(place)}: groupname: "${name}" is repeated in the same file`)
  for (const label of draft.labels.keys())
    if (!isLabelName(label, options) || label === METRIC_NAME) problems.push(`invalid label name: ${label}`)
  const rules: RuleSpec[] = []
  for (const [i, rule] of draft.rules.entries()) {
    const found: Problem[] = []
    const spec = validateRule(rule, draft.labels, options, found)
    for (const problem of found) problems.push(printProblem(problem, name, i + 1, rule.alert || rule.record))
    if (spec !== undefined) rules.push(spec)
  }
  const { intervalMs, queryOffsetMs, limit } = draft
  return { name, intervalMs, queryOffsetMs, limit, rules }
}

function printProblem({ message, place, otherPlace }: Problem, group: string, rule: number, name: string): string {
  const where = [place, otherPlace].map((at) => (at === undefined ? '' : `${printPlace(at)}: `)).join('')
  return `${where}group ${JSON.stringify(group)}, rule ${rule}, ${JSON.stringify(name)}: ${message}`
}

function printPlace({ line, column }: Place): string {
  return `${line}:${column}`
}

function validateRule(
  rule: RuleDraft,
  groupLabels: ReadonlyMap<string, string>,
  options: RuleFileOptions,
  problems: Problem[],
): RuleSpec | undefined {
  const { record, alert, expr, places } = rule
  if (record !== '' && alert !== '')
    problems.push({ message: `only one of 'record' and 'alert' must be set`, place: places.record, otherPlace: places.alert })
  if (record === '' && alert === '') problems.push({ message: `one of 'record' or 'alert' must be set`, place: places.expr })
  const parsed = parseOrTell(expr, places.expr, options, problems)
  if (record !== '') checkRecording(rule, options, problems)
  checkNames(rule, options, problems)
  if (alert !== '') checkTemplates(rule, problems)
  if (problems.length > 0 || parsed === undefined) return undefined
  const labels = new Map([...groupLabels, ...rule.labels])
  const place = record === '' ? places.alert : places.record
  if (record !== '') return { kind: 'recording', name: record, expr, parsed, labels, place }
  const { forMs, keepFiringForMs, annotations } = rule
  return { kind: 'alerting', name: alert, expr, parsed, labels, place, forMs, keepFiringForMs, annotations }
}

function parseOrTell(expr: string, place: Place, { features }: RuleFileOptions, problems: Problem[]): Expr | undefined {
  if (expr === '') {
    problems.push({ message: `field 'expr' must be set in rule`, place })
    return undefined
  }
  try {
    return parseExpr(expr, features ?? DEFAULT_FEATURES)
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    problems.push({ message: `could not parse expression: ${error.message}`, place })
    return undefined
  }
}

function checkRecording(
  { record, annotations, forMs, keepFiringForMs, places }: RuleDraft,
  options: RuleFileOptions,
  problems: Problem[],
): void {
  const place = places.record
  if (annotations.size > 0) problems.push({ message: `invalid field 'annotations' in recording rule`, place })
  if (forMs !== 0) problems.push({ message: `invalid field 'for' in recording rule`, place })
  if (keepFiringForMs !== 0) problems.push({ message: `invalid field 'keep_firing_for' in recording rule`, place })
  const isName = options.names === 'legacy' ? isPlainMetricName(record) : record.isWellFormed()
  if (!isName) problems.push({ message: `invalid recording rule name: ${record}`, place })
  // Any text may be a name, but an expression in its place is a mistake that people make.
  if (/[{}]/.test(record))
    problems.push({ message: `braces present in the recording rule name; should it be in expr?: ${record}`, place })
}

function checkNames({ labels, annotations }: RuleDraft, options: RuleFileOptions, problems: Problem[]): void {
  for (const name of labels.keys())
    if (!isLabelName(name, options) || name === METRIC_NAME) problems.push({ message: `invalid label name: ${name}` })
  for (const name of annotations.keys())
    if (!isLabelName(name, options)) problems.push({ message: `invalid annotation name: ${name}` })
}

function checkTemplates({ alert, labels, annotations }: RuleDraft, problems: Problem[]): void {
  for (const [what, texts] of [
    ['label', labels],
    ['annotation', annotations],
  ] as const) {
    for (const [name, text] of texts) {
      const problem = checkAlertTemplate(alert, text)
      if (problem !== undefined) problems.push({ message: `${what} ${JSON.stringify(name)}: ${problem}` })
    }
  }
}

function isLabelName(name: string, { names }: RuleFileOptions): boolean {
  return names === 'legacy' ? isPlainLabelName(name) : name !== '' && name.isWellFormed()
}
