import type { NativeHistogram } from '@oriel/model'
import {
  combineHistograms,
  compactHistogram,
  detectReset,
  divideHistogram,
  EMPTY_HISTOGRAM,
  hasCustomBounds,
  reduceHistogram,
  scaleHistogram,
  withResetHint,
} from '@oriel/vector'
import type { RateKind } from '@oriel/vector'
import type { HistogramNotes } from './histogram-notes.ts'
import type { FloatPoints, HistogramPoints, MixedFold, MixedWindow } from './mixed-window.ts'

// 1.1: as for floats, a gap of up to 10 % more than the average still counts as "the series goes on to the edge".
const EDGE_TOLERANCE = 1.1

/**
 * `rate`, `increase` and `delta` over windows that may hold histograms, or floats whose counters say when they began.
 *
 * Source: Prometheus 3.14 promql/functions.go extrapolatedRate, histogramRate.
 */
export function mixedRate(kind: RateKind, rangeMs: number, notes: HistogramNotes): MixedFold {
  return (window, metric) => {
    const { floats, histograms, fLo, fHi, hLo, hHi } = window
    if (fHi > fLo && hHi > hLo) {
      notes.mixedFloats(metric)
      return undefined
    }
    const isCounter = kind !== 'delta'
    if (hHi > hLo) {
      const change = hHi - hLo > 1 ? histogramChange(window, isCounter, metric, notes) : EMPTY_CHANGE
      if (change === undefined) return undefined
      const first = histograms.histograms[hLo]!
      const spread = spreadOf(window, histograms, hLo, hHi, isCounter)
      if (spread === undefined) return undefined
      let total = change === EMPTY_CHANGE ? undefined : change
      if (spread.isFromStart) total = total === undefined ? first : added(total, first, metric, notes)
      if (total === undefined) return undefined
      const factor = spread.factorOf(total.count, first.count)
      return scaleHistogram(total, kind === 'rate' ? factor / (rangeMs / 1_000) : factor)
    }
    const spread = spreadOf(window, floats, fLo, fHi, isCounter)
    if (spread === undefined) return undefined
    const first = floats.values[fLo]!
    const change = floatChange(floats, fLo, fHi, isCounter, metric, notes) + (spread.isFromStart ? first : 0)
    const factor = spread.factorOf(change, first)
    return change * (kind === 'rate' ? factor / (rangeMs / 1_000) : factor)
  }
}

const EMPTY_CHANGE = 'empty'

/** Whether a counter that gives its start began anew between two samples. Source: Prometheus 3.14 isStartTimestampReset. */
export function isStartReset(points: FloatPoints | HistogramPoints, before: number, now: number): boolean {
  const { startsMs, tMs } = points
  if (startsMs === undefined) return false
  const [previousStart, start] = [startsMs[before]!, startsMs[now]!]
  return isResetBetween(previousStart, tMs[before]!, start, tMs[now]!)
}

/** As `isStartReset`, of the starts and times themselves. */
export function isResetBetween(previousStart: number, previous: number, start: number, now: number): boolean {
  if (start === 0 || start >= now || start < previous) return false
  if (start > previous) return true
  return previousStart <= previous && previousStart !== 0 && previousStart !== previous
}

/** A sum with its notes, or nothing where the kinds of histograms do not go together. */
export function added(
  a: NativeHistogram,
  b: NativeHistogram,
  metric: string,
  notes: HistogramNotes,
): NativeHistogram | undefined {
  return joined(a, b, 1, metric, notes)
}

/** A difference with its notes. */
export function subtracted(
  a: NativeHistogram,
  b: NativeHistogram,
  metric: string,
  notes: HistogramNotes,
): NativeHistogram | undefined {
  return joined(a, b, -1, metric, notes)
}

/** `irate` and `idelta`: the last two samples of a window. Source: Prometheus 3.14 promql/functions.go instantValue. */
export function mixedInstant(isRate: boolean, notes: HistogramNotes): MixedFold {
  return (window, metric) => {
    const last = lastTwo(window)
    if (last === undefined) return undefined
    const [before, now] = last
    const seconds = (now.tMs - before.tMs) / 1_000
    if (seconds === 0) return undefined
    const isNew = isRate && isResetBetween(before.startMs, before.tMs, now.startMs, now.tMs)
    if (typeof before.value === 'number' || typeof now.value === 'number') {
      const change = lastFloatChange(before.value, now.value, isRate, isNew)
      if (change === undefined) notes.mixedFloats(metric)
      return change === undefined || !isRate ? change : change / seconds
    }
    noteKind(isRate, [before.value, now.value], metric, notes)
    const isReset = isNew || (isRate && detectReset(now.value, before.value))
    const change = isReset ? now.value : subtracted(now.value, before.value, metric, notes)
    if (change === undefined) return undefined
    const compacted = compactHistogram(withResetHint(change, 'gauge'))
    return isRate ? divideHistogram(compacted, seconds) : compacted
  }
}

function lastFloatChange(
  before: number | NativeHistogram,
  now: number | NativeHistogram,
  isRate: boolean,
  isNew: boolean,
): number | undefined {
  if (typeof before !== 'number' || typeof now !== 'number') return undefined
  return isNew || (isRate && now < before) ? now : now - before
}

/** Counters are for `rate`, gauges for `delta`: says so when given the other. */
export function noteKind(isRate: boolean, ends: readonly NativeHistogram[], metric: string, notes: HistogramNotes): void {
  const isGauge = ({ resetHint }: NativeHistogram) => resetHint === 'gauge'
  if (isRate && ends.some(isGauge)) notes.notCounter(metric)
  if (!isRate && !ends.every(isGauge)) notes.notGauge(metric)
}

function joined(
  a: NativeHistogram,
  b: NativeHistogram,
  sign: 1 | -1,
  metric: string,
  notes: HistogramNotes,
): NativeHistogram | undefined {
  const result = combineHistograms(a, b, sign)
  if (result === undefined) notes.mixedSchemas(metric)
  else if (result.isReconciled) notes.reconciledBounds(sign === 1 ? 'addition' : 'subtraction')
  return result?.histogram
}

interface Sample {
  readonly tMs: number
  readonly value: number | NativeHistogram
  readonly startMs: number
}

function lastTwo({ floats, histograms, fLo, fHi, hLo, hHi }: MixedWindow): [Sample, Sample] | undefined {
  const last: Sample[] = []
  for (let p = Math.max(fLo, fHi - 2); p < fHi; p++) {
    last.push({ tMs: floats.tMs[p]!, value: floats.values[p]!, startMs: floats.startsMs?.[p] ?? 0 })
  }
  for (let p = Math.max(hLo, hHi - 2); p < hHi; p++) {
    last.push({ tMs: histograms.tMs[p]!, value: histograms.histograms[p]!, startMs: histograms.startsMs?.[p] ?? 0 })
  }
  const [now, before] = last.sort((a, b) => b.tMs - a.tMs)
  return now === undefined || before === undefined ? undefined : [before, now]
}

function floatChange(
  floats: FloatPoints,
  lo: number,
  hi: number,
  isCounter: boolean,
  metric: string,
  notes: HistogramNotes,
): number {
  let change = floats.values[hi - 1]! - floats.values[lo]!
  if (!isCounter) return change
  noteOverlap(floats, lo, hi, metric, notes)
  for (let p = lo + 1; p < hi; p++) {
    if (floats.values[p]! < floats.values[p - 1]! || isStartReset(floats, p - 1, p)) change += floats.values[p - 1]!
  }
  return change
}

/** Says, once for a window, that a counter claims to have begun before the sample ahead of it. */
function noteOverlap(
  { tMs, startsMs }: FloatPoints | HistogramPoints,
  lo: number,
  hi: number,
  metric: string,
  notes: HistogramNotes,
): void {
  if (startsMs === undefined) return
  for (let p = lo + 1; p < hi; p++) {
    const start = startsMs[p]!
    if (start === 0 || start >= tMs[p - 1]! || start === startsMs[p - 1]!) continue
    notes.startOverlap(metric)
    return
  }
}

/** The change between the first and last histogram, what resets took away included. */
function histogramChange(
  window: MixedWindow,
  isCounter: boolean,
  metric: string,
  notes: HistogramNotes,
): NativeHistogram | undefined {
  const { histograms: points, hLo, hHi } = window
  const all = points.histograms
  const [first, last] = [all[hLo]!, all[hHi - 1]!]
  if (isCounter && (first.resetHint === 'gauge' || last.resetHint === 'gauge')) notes.notCounter(metric)
  const base = isCounter ? baseOf(points, hLo) : first
  if (hasCustomBounds(last) !== hasCustomBounds(base)) return refused(metric, notes)
  const schema = isCounter ? lowestSchema(all, hLo, hHi, base, metric, notes) : Math.min(last.schema, first.schema)
  if (schema === undefined) return undefined
  let change = subtracted(reduceHistogram(last, schema), base, metric, notes)
  if (isCounter) change = withResets(change, base, points, hLo, hHi, metric, notes)
  else noteKind(false, [first, last], metric, notes)
  return change === undefined ? undefined : compactHistogram(withResetHint(change, 'gauge'))
}

/** Adds what resets took away. */
function withResets(
  change: NativeHistogram | undefined,
  base: NativeHistogram,
  points: HistogramPoints,
  lo: number,
  hi: number,
  metric: string,
  notes: HistogramNotes,
): NativeHistogram | undefined {
  noteOverlap(points, lo, hi, metric, notes)
  let before = base
  let total = change
  for (let p = lo + 1; p < hi && total !== undefined; p++) {
    const now = points.histograms[p]!
    if (isStartReset(points, p - 1, p) || detectReset(now, before)) total = added(total, before, metric, notes)
    before = now
  }
  return total
}

/** The first histogram, or an empty one like the second when the counter began anew between them. */
function baseOf(points: HistogramPoints, lo: number): NativeHistogram {
  const [first, second] = [points.histograms[lo]!, points.histograms[lo + 1]!]
  if (!isStartReset(points, lo, lo + 1) && !detectReset(second, first)) return first
  return { ...EMPTY_HISTOGRAM, schema: second.schema, customBounds: second.customBounds }
}

/** The schema that all between can be brought to. */
function lowestSchema(
  all: readonly NativeHistogram[],
  lo: number,
  hi: number,
  base: NativeHistogram,
  metric: string,
  notes: HistogramNotes,
): number | undefined {
  let schema = Math.min(all[hi - 1]!.schema, base.schema)
  for (let p = lo + 1; p < hi - 1; p++) {
    const now = all[p]!
    if (now.resetHint === 'gauge') notes.notCounter(metric)
    if (hasCustomBounds(now) !== hasCustomBounds(base)) return refused(metric, notes)
    schema = Math.min(schema, now.schema)
  }
  return schema
}

function refused(metric: string, notes: HistogramNotes): undefined {
  notes.mixedSchemas(metric)
  return undefined
}

interface Spread {
  /** The counter began within the window: its first sample counts whole. */
  readonly isFromStart: boolean
  /** By what the change between first and last sample is multiplied to cover the window. */
  factorOf(change: number, first: number): number
}

function spreadOf(
  { startMs, endMs }: MixedWindow,
  { tMs, startsMs }: FloatPoints | HistogramPoints,
  lo: number,
  hi: number,
  isCounter: boolean,
): Spread | undefined {
  const [firstMs, lastMs] = [tMs[lo]!, tMs[hi - 1]!]
  const began = isCounter ? (startsMs?.[lo] ?? 0) : 0
  const isFromStart = began !== 0 && began > startMs && began < firstMs
  if (!isFromStart && hi - lo === 1) return undefined
  const sampled = (lastMs - (isFromStart ? began : firstMs)) / 1_000
  const average = hi - lo > 1 ? (lastMs - firstMs) / 1_000 / (hi - lo - 1) : 0
  const threshold = average * EDGE_TOLERANCE
  const gap = isFromStart ? 0 : (firstMs - startMs) / 1_000
  const toStart = !isFromStart && gap >= threshold ? average / 2 : gap
  const after = (endMs - lastMs) / 1_000
  const toEnd = after >= threshold ? average / 2 : after
  return {
    isFromStart,
    factorOf: (change, first) => {
      const toZero = isCounter && !isFromStart && change > 0 && first >= 0 ? sampled * (first / change) : toStart
      return sampled === 0 ? 1 : (sampled + (toZero < toStart ? toZero : toStart) + toEnd) / sampled
    },
  }
}
