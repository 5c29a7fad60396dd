import type { Matcher, TimeRange } from '@oriel/model'
import { compileMatcher, FIRST_SAMPLE_MS, METRIC_NAME, sampleDay, sampleHour } from '@oriel/model'
import type { Bindings } from '../conditions.ts'
import { allOf, anyOf, matcherCondition } from '../conditions.ts'

/** Days of samples that a range touches, both inclusive. */
export interface DayRange {
  readonly first: number
  readonly last: number
}

// The last millisecond that a DateTime64(3) column holds: 2299-12-31. Ranges open towards the end of time are cut there.
const LAST_MS = Date.UTC(2299, 11, 31)

/** The range cut to what the tables can hold. */
export function clampRange({ startMs, endMs }: TimeRange): TimeRange {
  return {
    startMs: Math.min(LAST_MS, Math.max(FIRST_SAMPLE_MS, Math.ceil(startMs))),
    endMs: Math.min(LAST_MS, Math.max(FIRST_SAMPLE_MS - 1, Math.floor(endMs))),
  }
}

/** The days that a range touches. */
export function daysOf(range: TimeRange): DayRange {
  const { startMs, endMs } = clampRange(range)
  return { first: sampleDay(startMs), last: sampleDay(endMs) }
}

/** Conditions on `hour` and `t` of a sample table. The hour is said too, because it is what the sort key prunes by. */
export function timeConditions({ startMs, endMs }: TimeRange, bindings: Bindings): string[] {
  const hours = [sampleHour(startMs), sampleHour(endMs)]
  return [
    `hour >= ${bindings.bind(hours[0]!, 'UInt32')}`,
    `hour <= ${bindings.bind(hours[1]!, 'UInt32')}`,
    `t >= fromUnixTimestamp64Milli(${bindings.bind(startMs, 'Int64')}, 'UTC')`,
    `t <= fromUnixTimestamp64Milli(${bindings.bind(endMs, 'Int64')}, 'UTC')`,
  ]
}

/** A condition on rows of `series`: days, and any of the matcher sets (none: every series). Throws MODEL_BAD_REGEX. */
export function seriesConditions(
  { first, last }: DayRange,
  matcherSets: readonly (readonly Matcher[])[],
  bindings: Bindings,
): string[] {
  const conditions = [`day >= ${bindings.bind(first, 'UInt32')}`, `day <= ${bindings.bind(last, 'UInt32')}`]
  const sets = matcherSets.map((matchers) => allOf(matchers.filter(isSelective).map((each) => labelCondition(each, bindings))))
  if (sets.length > 0 && !sets.includes('1')) conditions.push(anyOf(sets))
  return conditions
}

/** The value of a label in a row of `series`, '' where absent. */
export function labelExpression(name: string, bindings: Bindings): string {
  return name === METRIC_NAME ? 'metric' : `labels[${bindings.text(name)}]`
}

/** Whether the matchers ask for one metric as a whole: a name, and nothing else that could fail. */
export function isWholeMetric(matchers: readonly Matcher[]): boolean {
  return matchers.filter(isSelective).every(({ name, op }) => name === METRIC_NAME && op === '=')
}

function labelCondition(matcher: Matcher, bindings: Bindings): string {
  const expression = labelExpression(matcher.name, bindings)
  // The commonest regex by far, and one that needs none.
  if (matcher.op === '=~' && matcher.value === '.+') return `${expression} != ''`
  return matcherCondition(expression, matcher, bindings)
}

function isSelective(matcher: Matcher): boolean {
  if (matcher.op === '=~' && matcher.value === '.*') return false
  // Compiled for its errors: a bad regex is refused here, in our words.
  compileMatcher(matcher)
  return true
}
