import type { GatheredSamples } from '../gather.ts'
import { isHistogram, wordsOf } from '../gather.ts'
import type { KnownSeries } from '../series-cache.ts'
import type { WindowRead } from './places.ts'
import { Places } from './places.ts'
import { SeriesDecoder } from './scan.ts'
import type { SeriesRefs } from './series-refs.ts'

/** The numbers of series, as the window has them now. */
export function refsOf(refs: SeriesRefs, series: readonly KnownSeries[]): Int32Array {
  const numbers = new Int32Array(series.length)
  for (let i = 0; i < series.length; i++) numbers[i] = refs.find(series[i]!.id, 0)
  return numbers
}

/**
 * Reads samples in [startMs, endMs], in time order, of equal times the one written last. A hot path (bench/HOTPATHS.md).
 *
 * Yields every now and then. `hasConflict` of the answer is always false.
 */
export function* readWindow(read: WindowRead): Generator<undefined, GatheredSamples> {
  const places = new Places(read)
  yield* places.find()
  const decoder = new SeriesDecoder(read, places)
  const [tMs, values] = [new Float64Array(places.samples), new Float64Array(places.samples)]
  const stale = new Uint8Array(places.samples)
  const offsets = new Uint32Array(read.refs.length + 1)
  let length = 0
  for (let i = 0; i < read.refs.length; i++) {
    if (i % YIELD_EVERY === 0) yield
    const points = decoder.read(i)
    tMs.set(points.tMs.subarray(0, points.to), length)
    values.set(points.values.subarray(0, points.to), length)
    if (points.stale !== undefined) stale.set(points.stale.subarray(0, points.to), length)
    length += points.to
    offsets[i + 1] = length
  }
  const cut = { tMs: tMs.subarray(0, length), values: values.subarray(0, length), stale: stale.subarray(0, length) }
  return { offsets, ...cut, hasHistograms: places.mayHaveHistograms && hasHistograms(cut.values), hasConflict: false }
}

function hasHistograms(values: Float64Array): boolean {
  const words = wordsOf(values)
  for (let at = 0; at < values.length; at++) if (isHistogram(words, at)) return true
  return false
}

/** What decodes the samples in [startMs, endMs] series by series; `undefined` when there may be native histograms among them. */
export function* scanWindow(read: WindowRead): Generator<undefined, WindowScan | undefined> {
  const places = new Places(read)
  yield* places.find()
  return places.mayHaveHistograms ? undefined : { places, decoder: new SeriesDecoder(read, places) }
}

/** Series of a read, to be decoded one after the other. */
export interface WindowScan {
  readonly places: Places
  readonly decoder: SeriesDecoder
}

// 256 series: a quarter of a millisecond of work between two looks at the clock.
const YIELD_EVERY = 256
