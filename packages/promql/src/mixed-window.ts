import type { NativeHistogram, SeriesSamples } from '@oriel/model'
import type { PointColumns, Windows } from '@oriel/vector'

/** A value that a fold makes of a window: none for a window that has no answer. */
export type CellValue = number | NativeHistogram | undefined

/** Native histograms of one series with their times, which rise strictly. */
export interface HistogramPoints {
  readonly tMs: Float64Array
  readonly histograms: readonly NativeHistogram[]
  readonly startsMs: Float64Array | undefined
}

/** Floats of one series. */
export interface FloatPoints extends PointColumns {
  readonly startsMs: Float64Array | undefined
}

/**
 * A window over a series that may have floats and histograms: those at `[fLo, fHi)` and `[hLo, hHi)`. It ends at `endMs`, included;
 * `step` is its number. A range that reaches beyond its edges has points beyond `startMs` and `endMs` too.
 */
export interface MixedWindow {
  readonly floats: FloatPoints
  fLo: number
  fHi: number
  readonly histograms: HistogramPoints
  hLo: number
  hHi: number
  startMs: number
  endMs: number
  step: number
}

/** Folds a window with at least one point. `metric` is the name of the series' metric. */
export type MixedFold = (window: MixedWindow, metric: string) => CellValue

/** How far beyond its edges a range sees. */
export interface WindowReach {
  readonly beforeMs: number
  readonly afterMs: number
}

/** Calls `fold` for each window of a series that has a point, and `put` with what it makes. */
export function slideMixed(
  samples: SeriesSamples,
  series: number,
  { firstEndMs, stepMs, steps, rangeMs }: Windows,
  { beforeMs, afterMs }: WindowReach,
  fold: (window: MixedWindow) => CellValue,
  put: (step: number, value: number | NativeHistogram) => void,
): void {
  const window = splitSeries(samples, series)
  const { floats, histograms } = window
  for (let step = 0; step < steps; step++) {
    window.step = step
    window.endMs = firstEndMs + step * stepMs
    window.startMs = window.endMs - rangeMs
    const [after, until] = [window.startMs - beforeMs, window.endMs + afterMs]
    while (window.fHi < floats.tMs.length && floats.tMs[window.fHi]! <= until) window.fHi++
    while (window.fLo < window.fHi && floats.tMs[window.fLo]! <= after) window.fLo++
    while (window.hHi < histograms.tMs.length && histograms.tMs[window.hHi]! <= until) window.hHi++
    while (window.hLo < window.hHi && histograms.tMs[window.hLo]! <= after) window.hLo++
    if (window.fLo === window.fHi && window.hLo === window.hHi) continue
    const value = fold(window)
    if (value !== undefined) put(step, value)
  }
}

/** Whether a series has any histogram. */
export function hasHistograms({ offsets, histograms }: SeriesSamples, series: number): boolean {
  if (histograms === undefined) return false
  for (let p = offsets[series]!; p < offsets[series + 1]!; p++) if (histograms[p] !== undefined) return true
  return false
}

function splitSeries({ offsets, tMs, values, histograms, startsMs }: SeriesSamples, series: number): MixedWindow {
  const ofFloats: number[] = []
  const ofHistograms: number[] = []
  for (let p = offsets[series]!; p < offsets[series + 1]!; p++) {
    if (histograms?.[p] === undefined) ofFloats.push(p)
    else ofHistograms.push(p)
  }
  const at = (column: Float64Array, positions: readonly number[]) => Float64Array.from(positions, (p) => column[p] ?? NaN)
  return {
    floats: {
      tMs: at(tMs, ofFloats),
      values: at(values, ofFloats),
      startsMs: startsMs === undefined ? undefined : at(startsMs, ofFloats),
    },
    histograms: {
      tMs: at(tMs, ofHistograms),
      histograms: ofHistograms.flatMap((p) => histograms?.[p] ?? []),
      startsMs: startsMs === undefined ? undefined : at(startsMs, ofHistograms),
    },
    fLo: 0,
    fHi: 0,
    hLo: 0,
    hHi: 0,
    startMs: 0,
    endMs: 0,
    step: 0,
  }
}
