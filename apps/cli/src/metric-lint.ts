// What promtool says of metrics. Source: client_golang 1.24 prometheus/testutil/promlint/validations.

import type { MetricFamily } from './metric-families.ts'

/** Something that should be otherwise with a metric. */
export interface MetricProblem {
  readonly metric: string
  readonly text: string
}

/** Everything that should be otherwise, by metric and text. */
export function lintMetrics(families: readonly MetricFamily[]): MetricProblem[] {
  const problems = families.flatMap((family) =>
    LINTS.flatMap((lint) => lint(family).map((text) => ({ metric: family.name, text }))),
  )
  return problems.sort((a, b) => compareText(a.metric, b.metric) || compareText(a.text, b.text))
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

type Lint = (family: MetricFamily) => string[]

const LINTS: readonly Lint[] = [
  ({ hasHelp }) => when(!hasHelp, 'no help text'),
  ({ name }) => lintUnit(name),
  ({ type, name }) => [
    ...when(type === 'counter' && !name.endsWith('_total'), 'counter metrics should have "_total" suffix'),
    ...when(
      type !== 'counter' && type !== 'untyped' && name.endsWith('_total'),
      'non-counter metrics should not have "_total" suffix',
    ),
  ],
  lintReserved,
  ({ type, name }) =>
    when(
      type !== 'untyped' && (name.toLowerCase().includes(`_${type}_`) || name.toLowerCase().endsWith(`_${type}`)),
      `metric name should not include type '${type}'`,
    ),
  ({ name }) => when(name.includes(':'), "metric names should not contain ':'"),
  ({ name, metrics }) => [
    ...when(/[a-z][A-Z]/.test(name), "metric names should be written in 'snake_case' not 'camelCase'"),
    ...metrics.flatMap(({ labelNames }) =>
      labelNames.flatMap((label) =>
        when(/[a-z][A-Z]/.test(label), "label names should be written in 'snake_case' not 'camelCase'"),
      ),
    ),
  ],
  ({ name }) =>
    ABBREVIATIONS.flatMap((short) =>
      when(
        name.toLowerCase().includes(`_${short}_`) || name.toLowerCase().endsWith(`_${short}`),
        'metric names should not contain abbreviated units',
      ),
    ),
  ({ hasDuplicates }) => when(hasDuplicates, 'metric not unique'),
]

function when(isWrong: boolean, text: string): string[] {
  return isWrong ? [text] : []
}

function lintReserved({ type, name, metrics }: MetricFamily): string[] {
  if (type === 'untyped') return []
  const [isHistogram, isSummary] = [type === 'histogram', type === 'summary']
  const isSimple = !isHistogram && !isSummary
  const labels = metrics.flatMap(({ labelNames }) => labelNames)
  return [
    ...when(!isHistogram && name.endsWith('_bucket'), 'non-histogram metrics should not have "_bucket" suffix'),
    ...when(isSimple && name.endsWith('_count'), 'non-histogram and non-summary metrics should not have "_count" suffix'),
    ...when(isSimple && name.endsWith('_sum'), 'non-histogram and non-summary metrics should not have "_sum" suffix'),
    ...labels.flatMap((label) => [
      ...when(!isHistogram && label === 'le', 'non-histogram metrics should not have "le" label'),
      ...when(!isSummary && label === 'quantile', 'non-summary metrics should not have "quantile" label'),
    ]),
  ]
}

/** A unit and the one to use instead. */
const UNITS: ReadonlyMap<string, string> = new Map([
  ...['amperes', 'bytes', 'celsius', 'grams', 'joules', 'kelvin', 'meters', 'metres', 'seconds', 'volts'].map(
    (unit): [string, string] => [unit, unit],
  ),
  ['minutes', 'seconds'],
  ['hours', 'seconds'],
  ['days', 'seconds'],
  ['weeks', 'seconds'],
  ['kelvins', 'kelvin'],
  ['fahrenheit', 'celsius'],
  ['rankine', 'celsius'],
  ['inches', 'meters'],
  ['yards', 'meters'],
  ['miles', 'meters'],
  ['bits', 'bytes'],
  ['calories', 'joules'],
  ['pounds', 'grams'],
  ['ounces', 'grams'],
])
const PREFIXES = 'pico nano micro milli centi deci deca hecto kilo kibi mega mibi giga gibi tera tebi peta pebi'.split(' ')
const ABBREVIATIONS = 's ms us ns sec b kb mb gb tb pb m h d'.split(' ')

function lintUnit(name: string): string[] {
  for (const word of name.split('_')) {
    const prefix = PREFIXES.find((one) => word.startsWith(one) && UNITS.has(word.slice(one.length)))
    const base = UNITS.get(word) ?? (prefix === undefined ? undefined : UNITS.get(word.slice(prefix.length)))
    if (base !== undefined) return when(base !== word, `use base unit "${base}" instead of "${word}"`)
  }
  return []
}
