import type { NativeHistogram } from '@oriel/model'
import type { PointColumns, RateKind } from '@oriel/vector'
import {
  compactHistogram,
  detectReset,
  divideHistogram,
  hasCustomBounds,
  scaleHistogram,
  smoothedAtSteps,
  withResetHint,
} from '@oriel/vector'
import type { HistogramNotes } from './histogram-notes.ts'
import { added, noteKind, subtracted } from './histogram-rate.ts'
import type { CellValue, HistogramPoints, MixedFold, MixedWindow } from './mixed-window.ts'

/**
 * `rate`, `increase` and `delta` of histograms over an `anchored` or `smoothed` range: from edge to edge, without extrapolation.
 *
 * Source: Prometheus 3.14 promql/functions.go extendedHistogramRate.
 */
export function extendedHistogramRate(kind: RateKind, rangeMs: number, isSmoothed: boolean, notes: HistogramNotes): MixedFold {
  const isCounter = kind !== 'delta'
  return (window, metric) => {
    const points = window.histograms
    const edges = edgesOf(window, isSmoothed)
    if (edges === undefined) return undefined
    if (!checkKinds(points, edges, isCounter, metric, notes)) return undefined
    const { first, last } = edges
    const { startMs, endMs } = window
    const isLeftBetween = isSmoothed && points.tMs[first]! < startMs
    const isRightBetween = isSmoothed && last > window.hLo && points.tMs[last]! > endMs
    const left = isLeftBetween ? between(points, first, startMs, isCounter, metric, notes) : points.histograms[first]
    const right = isRightBetween ? between(points, last - 1, endMs, isCounter, metric, notes) : points.histograms[last]
    if (left === undefined || right === undefined) return undefined
    if (!isCounter) noteKind(false, [left, right], metric, notes)
    let change = subtracted(right, left, metric, notes)
    const sides = { left, right, isLeftBetween }
    if (change !== undefined && isCounter) change = withResets(change, points, edges, sides, metric, notes)
    if (change === undefined) return undefined
    const scaled = kind === 'rate' ? divideHistogram(change, rangeMs / 1_000) : change
    return compactHistogram(withResetHint(scaled, 'gauge'))
  }
}

/**
 * The histogram between the one at `before` and the next, at `tMs`. A counter that began anew between them rose from zero.
 *
 * `undefined`, with a note, when the two do not go together. Source: Prometheus 3.14 interpolateHistograms.
 */
export function between(
  { tMs: times, histograms }: HistogramPoints,
  before: number,
  tMs: number,
  isCounter: boolean,
  metric: string,
  notes: HistogramNotes,
): NativeHistogram | undefined {
  const [a, b] = [histograms[before]!, histograms[before + 1]!]
  const [from, to] = [times[before]!, times[before + 1]!]
  if (tMs === from) return a
  if (tMs === to) return b
  const share = (tMs - from) / (to - from)
  if (isCounter && detectReset(b, a)) return scaleHistogram(b, share)
  const change = subtracted(b, a, metric, notes)
  return change === undefined ? undefined : added(scaleHistogram(change, share), a, metric, notes)
}

/**
 * What a `smoothed` instant selector shows at the end of a window: the sample there, what lies between those around it, or the
 * last one before. Source: Prometheus 3.14 promql/engine.go smoothSeries.
 */
export function smoothedAt(window: MixedWindow, metric: string, notes: HistogramNotes): CellValue {
  const { floats, fLo, fHi, histograms, hLo, hHi, endMs } = window
  if (hHi === hLo) return smoothedFloat(floats, fLo, fHi, endMs)
  if (fHi > fLo) {
    notes.mixedFloats(metric)
    return undefined
  }
  const all = histograms.histograms
  let next = hLo
  while (next < hHi && histograms.tMs[next]! < endMs) next++
  if (next < hHi && histograms.tMs[next] === endMs) return all[next]
  if (next === hLo) return undefined
  const before = all[next - 1]!
  if (next === hHi) return withResetHint(before, 'unknown')
  const after = all[next]!
  if (hasCustomBounds(before) !== hasCustomBounds(after)) {
    notes.mixedSchemas(metric)
    return undefined
  }
  const isCounter = before.resetHint !== 'gauge' || after.resetHint !== 'gauge'
  return between(histograms, next - 1, endMs, isCounter, metric, notes)
}

function smoothedFloat(floats: PointColumns, lo: number, hi: number, endMs: number): number | undefined {
  const out = { values: new Float64Array(1), present: new Uint8Array(1), at: 0 }
  // The window holds what can be seen already.
  smoothedAtSteps(floats, lo, hi, { firstEndMs: endMs, stepMs: 0, steps: 1, rangeMs: Infinity }, out)
  return out.present[0] === 1 ? out.values[0] : undefined
}

interface Edges {
  readonly first: number
  readonly last: number
}

/** The samples that stand for the window's edges. */
function edgesOf({ histograms: { tMs }, hLo, hHi, startMs, endMs }: MixedWindow, isSmoothed: boolean): Edges | undefined {
  let inside = hLo
  while (inside < hHi - 1 && tMs[inside]! <= startMs) inside++
  const first = Math.max(hLo, inside - 1)
  let last = hHi - 1
  if (isSmoothed) {
    last = hLo
    while (last < hHi - 1 && tMs[last]! < endMs) last++
  }
  return tMs[last]! <= startMs || (isSmoothed && tMs[first]! > endMs) ? undefined : { first, last }
}

/** Whether all are of one kind of schema; says where a gauge is given for a counter. */
function checkKinds(
  { histograms }: HistogramPoints,
  { first, last }: Edges,
  isCounter: boolean,
  metric: string,
  notes: HistogramNotes,
): boolean {
  for (let p = first; p <= last; p++) {
    if (hasCustomBounds(histograms[p]!) !== hasCustomBounds(histograms[first]!)) {
      notes.mixedSchemas(metric)
      return false
    }
    if (isCounter && histograms[p]!.resetHint === 'gauge') notes.notCounter(metric)
  }
  return true
}

interface Sides {
  readonly left: NativeHistogram
  readonly right: NativeHistogram
  readonly isLeftBetween: boolean
}

/** Adds what counter resets between the edges took away. Source: Prometheus 3.14 correctForCounterResetsHistogram. */
function withResets(
  change: NativeHistogram,
  { histograms }: HistogramPoints,
  { first, last }: Edges,
  { left, right, isLeftBetween }: Sides,
  metric: string,
  notes: HistogramNotes,
): NativeHistogram | undefined {
  let before = left
  let next = first + 1
  if (isLeftBetween && detectReset(histograms[next]!, histograms[first]!)) {
    // The left edge lies in that reset, which is in the interpolation already.
    before = histograms[next]!
    next++
  }
  if (next > last) return change
  let correction: NativeHistogram | undefined
  for (const now of [...histograms.slice(next, last), right]) {
    if (detectReset(now, before)) {
      correction = correction === undefined ? before : added(correction, before, metric, notes)
      if (correction === undefined) return undefined
    }
    before = now
  }
  return correction === undefined ? change : added(change, correction, metric, notes)
}
