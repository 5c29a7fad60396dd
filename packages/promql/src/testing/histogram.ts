import type { BucketSpan, CounterResetHint, NativeHistogram } from '@oriel/model'
import { isDigit, isSpace, parseNumberLiteral, skipSpace } from '@oriel/syntax'
import { combineHistograms, EMPTY_HISTOGRAM } from '@oriel/vector'

/** A native histogram written down for a test, and whether its counter hint was given. */
export interface WrittenHistogram {
  readonly histogram: NativeHistogram
  readonly hasHint: boolean
}

/**
 * Parses `{{schema:1 count:3 sum:4 buckets:[1 2]}}` at `at`. Throws Error naming what was not understood.
 *
 * Source: Prometheus documentation, unit testing for rules, "series".
 */
export function parseHistogram(text: string, at: number): WrittenHistogram & { readonly end: number } {
  const close = text.indexOf('}}', at)
  if (close < 0) throw new Error(`unclosed histogram at ${text.slice(at)}`)
  const fields = new Map<string, string>()
  let i = skipSpace(text, at + 2)
  while (i < close) {
    const colon = text.indexOf(':', i)
    if (colon < 0 || colon > close) throw new Error(`expected key:value at ${text.slice(i, close)}`)
    const valueEnd = text.charAt(colon + 1) === '[' ? text.indexOf(']', colon) + 1 : wordEnd(text, colon + 1, close)
    fields.set(text.slice(i, colon), text.slice(colon + 1, valueEnd))
    i = skipSpace(text, valueEnd)
  }
  return { histogram: histogramOf(fields), hasHint: fields.has('counter_reset_hint'), end: close + 2 }
}

/** `base`, and `count` times the one before with `step` added, or subtracted for a `sign` of -1. */
export function histogramSeries(base: NativeHistogram, step: NativeHistogram, sign: 1 | -1, count: number): NativeHistogram[] {
  const series = [base]
  for (let i = 1; i <= count; i++) {
    const before = series[i - 1] ?? base
    const next = before.schema > step.schema ? undefined : combineHistograms(before, step, sign)
    if (next === undefined)
      throw new Error(`error combining histograms: cannot merge from schema ${step.schema} to ${before.schema}`)
    series.push(next.histogram)
  }
  return series
}

const HINTS: Readonly<Record<string, CounterResetHint>> = {
  unknown: 'unknown',
  reset: 'reset',
  not_reset: 'notReset',
  gauge: 'gauge',
}
const FIELDS = new Set(
  'schema count sum z_bucket z_bucket_w custom_values buckets offset n_buckets n_offset counter_reset_hint'.split(' '),
)

function histogramOf(fields: ReadonlyMap<string, string>): NativeHistogram {
  for (const name of fields.keys()) if (!FIELDS.has(name)) throw new Error(`bad histogram descriptor found: ${name}`)
  const numberOf = (name: string) => (fields.has(name) ? parseNumber(fields.get(name) ?? '') : 0)
  const [positive, negative] = [numbersOf(fields.get('buckets')), numbersOf(fields.get('n_buckets'))]
  const hint = HINTS[fields.get('counter_reset_hint') ?? 'unknown']
  if (hint === undefined) throw new Error(`unknown counter_reset_hint ${fields.get('counter_reset_hint') ?? ''}`)
  return {
    ...EMPTY_HISTOGRAM,
    schema: numberOf('schema'),
    zeroThreshold: numberOf('z_bucket_w'),
    zeroCount: numberOf('z_bucket'),
    count: numberOf('count'),
    sum: numberOf('sum'),
    positiveSpans: spanOf(numberOf('offset'), positive),
    positiveBuckets: positive,
    negativeSpans: spanOf(numberOf('n_offset'), negative),
    negativeBuckets: negative,
    customBounds: numbersOf(fields.get('custom_values')),
    resetHint: hint,
  }
}

function spanOf(offset: number, { length }: Float64Array): BucketSpan[] {
  return length === 0 ? [] : [{ offset, length }]
}

function numbersOf(list = '[]'): Float64Array {
  const items = list.slice(1, -1).trim()
  return items === '' ? new Float64Array(0) : Float64Array.from(items.split(/\s+/), parseNumber)
}

function parseNumber(text: string): number {
  const isNegative = text.startsWith('-')
  const digits = isNegative || text.startsWith('+') ? text.slice(1) : text
  const value = parseNumberLiteral(digits) ?? (isDigit(digits.charAt(0)) ? Number(digits) : NaN)
  if (Number.isNaN(value) && !/^nan$/i.test(digits)) throw new Error(`expected a number, got ${text}`)
  return isNegative ? -value : value
}

function wordEnd(text: string, from: number, limit: number): number {
  let end = from
  while (end < limit && !isSpace(text.charAt(end))) end++
  return end
}
