import type { Labels, NativeHistogram } from '@oriel/model'
import { makeLabels, METRIC_NAME } from '@oriel/model'
import { isDigit, isNamePart, isNameStart, isSpace, parseNumberLiteral, skipSpace, stringEnd, unquote } from '@oriel/syntax'
import { histogramSeries, parseHistogram } from './histogram.ts'

/** One position of a series written down for a test. */
export type SequenceValue =
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'omitted' }
  | { readonly kind: 'stale' }
  /** `hasHint`: the counter hint was given, and so must be what it says. */
  | { readonly kind: 'histogram'; readonly histogram: NativeHistogram; readonly hasHint: boolean }

/** A series written down for a test: `name{a="b"} 1+2x3 _ stale`. */
export interface SeriesLine {
  readonly labels: Labels
  readonly values: readonly SequenceValue[]
}

/**
 * Parses a series and its values as in promtool's unit tests: `1 2`, `0+10x5` (six values), `_x3`, `stale`, `{{...}}x2`.
 *
 * Throws Error naming what was not understood. Source: Prometheus documentation, unit testing for rules, "series".
 */
export function parseSeriesLine(line: string): SeriesLine {
  const { labels, end } = parseMetric(line, 0)
  if (end < line.length && !isSpace(line.charAt(end))) throw new Error(`unexpected ${line.slice(end)} after metric`)
  return { labels, values: parseSequence(line.slice(end)) }
}

/** Parses a sequence of values alone. */
export function parseSequence(text: string): SequenceValue[] {
  const values: SequenceValue[] = []
  let at = skipSpace(text, 0)
  while (at < text.length) {
    at = parseItem(text, at, values)
    if (at < text.length && !isSpace(text.charAt(at))) throw new Error(`unexpected ${text.slice(at)} in series values`)
    at = skipSpace(text, at)
  }
  return values
}

/** Parses `name{a="b"}`, `{a="b"}` or `{"name", a="b"}` at `at`. */
export function parseMetric(text: string, at: number): { labels: Labels; end: number } {
  const entries: [string, string][] = []
  let end = at
  while (isNamePart(text.charAt(end)) || text.charAt(end) === ':') end++
  if (end > at) entries.push([METRIC_NAME, text.slice(at, end)])
  if (text.charAt(end) === '{') end = parseLabels(text, end, entries)
  return { labels: makeLabels(entries), end }
}

function parseLabels(text: string, open: number, entries: [string, string][]): number {
  let at = skipSpace(text, open + 1)
  while (text.charAt(at) !== '}') {
    const name = parseName(text, at)
    at = skipSpace(text, name.end)
    if (text.charAt(at) === '=') {
      const value = parseString(text, skipSpace(text, at + 1))
      entries.push([name.value, value.value])
      at = skipSpace(text, value.end)
    } else entries.push([METRIC_NAME, name.value])
    if (text.charAt(at) === ',') at = skipSpace(text, at + 1)
    else if (text.charAt(at) !== '}') throw new Error(`unexpected ${text.slice(at)} in labels`)
  }
  return at + 1
}

function parseName(text: string, at: number): { value: string; end: number } {
  if (!isNameStart(text.charAt(at))) return parseString(text, at)
  let end = at + 1
  while (isNamePart(text.charAt(end))) end++
  return { value: text.slice(at, end), end }
}

function parseString(text: string, at: number): { value: string; end: number } {
  const end = stringEnd(text, at)
  const value = end === undefined ? undefined : unquote(text.slice(at, end))
  if (end === undefined || value?.ok !== true) throw new Error(`expected a string at ${text.slice(at)}`)
  return { value: value.value, end }
}

const NUMBER = /[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[iI][nN][fF]|[nN][aA][nN])/y

function parseItem(text: string, at: number, values: SequenceValue[]): number {
  if (text.startsWith('{{', at)) return parseHistograms(text, at, values)
  if (text.charAt(at) === '_') return repeat(text, at + 1, values, { kind: 'omitted' }, 0)
  if (text.startsWith('stale', at)) return repeat(text, at + 'stale'.length, values, { kind: 'stale' }, 1)
  const first = parseSigned(text, at)
  const sign = text.charAt(first.end)
  if (sign !== '+' && sign !== '-') return repeat(text, first.end, values, { kind: 'value', value: first.value }, 1)
  const step = parseSigned(text, first.end)
  const times = parseTimes(text, step.end)
  if (times === undefined) throw new Error(`expected xN after ${text.slice(at, step.end)}`)
  let { value } = first
  for (let i = 0; i <= times.count; i++) {
    values.push({ kind: 'value', value })
    value += step.value
  }
  return times.end
}

/** Adds a value once, or as often as `xN` says and `extra` times more: N repetitions follow the first value. */
function repeat(text: string, at: number, values: SequenceValue[], value: SequenceValue, extra: number): number {
  const times = parseTimes(text, at)
  const count = times === undefined ? 1 : times.count + extra
  for (let i = 0; i < count; i++) values.push(value)
  return times?.end ?? at
}

function parseTimes(text: string, at: number): { count: number; end: number } | undefined {
  if (text.charAt(at) !== 'x') return undefined
  let end = at + 1
  while (isDigit(text.charAt(end))) end++
  return { count: Number(text.slice(at + 1, end)), end }
}

function parseSigned(text: string, at: number): { value: number; end: number } {
  NUMBER.lastIndex = at
  const [match] = NUMBER.exec(text) ?? []
  if (match === undefined) throw new Error(`expected a value at ${text.slice(at)}`)
  const digits = match.replace(/^[+-]/, '')
  const value = parseNumberLiteral(digits) ?? Number(digits)
  return { value: match.startsWith('-') ? -value : value, end: at + match.length }
}

function parseHistograms(text: string, at: number, values: SequenceValue[]): number {
  const { histogram, hasHint, end } = parseHistogram(text, at)
  const sign = text.charAt(end)
  if (sign !== '+' && sign !== '-') return repeat(text, end, values, { kind: 'histogram', histogram, hasHint }, 1)
  const step = parseHistogram(text, end + 1)
  const times = parseTimes(text, step.end)
  if (times === undefined) throw new Error(`expected xN after ${text.slice(at, step.end)}`)
  for (const of of histogramSeries(histogram, step.histogram, sign === '+' ? 1 : -1, times.count)) {
    values.push({ kind: 'histogram', histogram: of, hasHint: step.hasHint })
  }
  return times.end
}
