import type { NativeHistogram } from '@oriel/model'
import type { WindowFold } from '@oriel/vector'
import { detectReset, HistogramSum, isSameHistogram } from '@oriel/vector'
import type { HistogramNotes } from './histogram-notes.ts'
import { isResetBetween } from './histogram-rate.ts'
import type { CellValue, MixedFold, MixedWindow } from './mixed-window.ts'

// Folds of windows that may hold histograms. Source: Prometheus 3.14 promql/functions.go.

/** A fold that knows floats alone: histograms beside them are left out with a note. */
export function floatsOnly(fold: (window: MixedWindow) => number | undefined, notes: HistogramNotes): MixedFold {
  return (window, metric) => {
    if (window.fHi === window.fLo) return undefined
    if (window.hHi > window.hLo) notes.ignoredInRange(metric)
    return fold(window)
  }
}

/** `sum_over_time` and `avg_over_time`: of floats by `fold`, or of histograms; both together have no answer. */
export function sumOrMean(fold: WindowFold, isMean: boolean, notes: HistogramNotes): MixedFold {
  return ({ floats, fLo, fHi, histograms: { histograms }, hLo, hHi, step }, metric) => {
    if (hHi === hLo) return fold(floats, fLo, fHi, step)
    if (fHi > fLo) {
      notes.mixedFloats(metric)
      return undefined
    }
    const sum = new HistogramSum(histograms[hLo]!, isMean)
    for (let p = hLo + 1; p < hHi; p++) sum.add(histograms[p]!)
    if (sum.notes.isIncompatible) {
      notes.mixedSchemas(metric)
      return undefined
    }
    if (sum.notes.hasResetConflict) notes.resetConflict('aggregation')
    if (sum.notes.isReconciled) notes.reconciledBounds('aggregation')
    return sum.finish({ isCompact: false })
  }
}

/** How many points. */
export function countAll({ fLo, fHi, hLo, hHi }: MixedWindow): number {
  return fHi - fLo + (hHi - hLo)
}

/** The first point, whatever it is. */
export function firstOf(window: MixedWindow): CellValue {
  return isHistogramFirst(window) ? window.histograms.histograms[window.hLo] : window.floats.values[window.fLo]
}

/** The last point, whatever it is. */
export function lastOf(window: MixedWindow): CellValue {
  return isHistogramLast(window) ? window.histograms.histograms[window.hHi - 1] : window.floats.values[window.fHi - 1]
}

/** When the first point was, in seconds. */
export function firstTimeOf(window: MixedWindow): number {
  const tMs = isHistogramFirst(window) ? window.histograms.tMs[window.hLo] : window.floats.tMs[window.fLo]
  return (tMs ?? NaN) / 1_000
}

/** When the last point was, in seconds. */
export function lastTimeOf(window: MixedWindow): number {
  const tMs = isHistogramLast(window) ? window.histograms.tMs[window.hHi - 1] : window.floats.tMs[window.fHi - 1]
  return (tMs ?? NaN) / 1_000
}

/** How often the value changed; from a float to a histogram is a change. `isAnchored`: as of the sample at the window's start. */
export function changesOf(isAnchored: boolean): MixedFold {
  return (window) =>
    countSteps(window, isAnchored, (before, now) => {
      if (typeof before.value === 'number' && typeof now.value === 'number') {
        return before.value !== now.value && !(Number.isNaN(before.value) && Number.isNaN(now.value))
      }
      if (typeof before.value === 'number' || typeof now.value === 'number') return true
      return !isSameHistogram(now.value, before.value)
    })
}

/** How often a counter began anew; from a float to a histogram counts as that. */
export function resetsOf(isAnchored: boolean): MixedFold {
  return (window) =>
    countSteps(window, isAnchored, (before, now) => {
      const isMixed = (typeof before.value === 'number') !== (typeof now.value === 'number')
      if (isMixed || isResetBetween(before.startMs, before.tMs, now.startMs, now.tMs)) return true
      if (typeof before.value === 'number' || typeof now.value === 'number') return now.value < before.value
      return detectReset(now.value, before.value)
    })
}

interface Point {
  readonly tMs: number
  readonly value: number | NativeHistogram
  readonly startMs: number
}

function countSteps(window: MixedWindow, isAnchored: boolean, isCounted: (before: Point, now: Point) => boolean): CellValue {
  const points = pointsOf(window)
  const inside = points.findIndex(({ tMs }) => tMs > window.startMs)
  if (isAnchored && inside < 0) return undefined
  const seen = isAnchored ? points.slice(Math.max(0, inside - 1)) : points
  let count = 0
  for (let i = 1; i < seen.length; i++) if (isCounted(seen[i - 1]!, seen[i]!)) count++
  return count
}

function pointsOf({ floats, fLo, fHi, histograms, hLo, hHi }: MixedWindow): Point[] {
  const points: Point[] = []
  for (let p = fLo; p < fHi; p++) {
    points.push({ tMs: floats.tMs[p]!, value: floats.values[p]!, startMs: floats.startsMs?.[p] ?? 0 })
  }
  for (let p = hLo; p < hHi; p++) {
    points.push({ tMs: histograms.tMs[p]!, value: histograms.histograms[p]!, startMs: histograms.startsMs?.[p] ?? 0 })
  }
  return points.sort((a, b) => a.tMs - b.tMs)
}

function isHistogramFirst({ floats, fLo, fHi, histograms, hLo, hHi }: MixedWindow): boolean {
  return hHi > hLo && (fHi === fLo || histograms.tMs[hLo]! <= floats.tMs[fLo]!)
}

function isHistogramLast({ floats, fLo, fHi, histograms, hLo, hHi }: MixedWindow): boolean {
  return hHi > hLo && (fHi === fLo || histograms.tMs[hHi - 1]! >= floats.tMs[fHi - 1]!)
}
