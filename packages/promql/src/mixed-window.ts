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
  /** Windows with samples between them forget what came before: see `afterGap`. */
  readonly forgets?: boolean
}

/** Calls `fold` for each window of a series that has a point, and `put` with what it makes. */
export function slideMixed(
  samples: SeriesSamples,
  series: number,
  { firstEndMs, stepMs, steps, rangeMs }: Windows,
  { beforeMs, afterMs, forgets = false }: WindowReach,
  fold: (window: MixedWindow) => CellValue,
  put: (step: number, value: number | NativeHistogram) => void,
): void {
  const window = splitSeries(samples, series)
  for (let step = 0; step < steps; step++) {
    window.step = step
    window.endMs = firstEndMs + step * stepMs
    window.startMs = window.endMs - rangeMs
    moveTo(window, window.startMs - beforeMs, window.endMs + afterMs)
    if (window.fLo === window.fHi && window.hLo === window.hHi) continue
    const value = fold(forgets && step > 0 ? afterGap(window, window.endMs - stepMs) : window)
    if (value !== undefined) put(step, value)
  }
}

/** Moves the ends of a window forward, to the points after one time and up to another. */
function moveTo(window: MixedWindow, afterMs: number, untilMs: number): void {
  const { floats, histograms } = window
  while (window.fHi < floats.tMs.length && floats.tMs[window.fHi]! <= untilMs) window.fHi++
  while (window.fLo < window.fHi && floats.tMs[window.fLo]! <= afterMs) window.fLo++
  while (window.hHi < histograms.tMs.length && histograms.tMs[window.hHi]! <= untilMs) window.hHi++
  while (window.hLo < window.hHi && histograms.tMs[window.hLo]! <= afterMs) window.hLo++
}

/**
 * The window as Prometheus sees it when it jumps there: it reads count and sum of histograms alone, finds resets as it goes, and so
 * knows of none at the first histogram after a jump. It jumps over samples that lie between two windows.
 * Source: Prometheus 3.14 promql/histogram_stats_iterator.go, storage/buffer.go.
 */
function afterGap(window: MixedWindow, previousEndMs: number): MixedWindow {
  const { floats, histograms, hLo, hHi, startMs } = window
  if (hLo === hHi || histograms.histograms[hLo]!.resetHint !== 'reset') return window
  const times = [floats, histograms].map(({ tMs }) => tMs.filter((t) => t >= previousEndMs && t <= startMs))
  const skipped = times.flatMap((of) => [...of])
  if (!skipped.some((t) => t < startMs) || skipped.includes(startMs)) return window
  const items = histograms.histograms.with(hLo, { ...histograms.histograms[hLo]!, resetHint: 'unknown' })
  return { ...window, histograms: { ...histograms, histograms: items } }
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
