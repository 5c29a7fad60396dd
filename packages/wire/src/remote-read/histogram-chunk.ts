import type { BucketSpan, NativeHistogram } from '@oriel/model'
import { CUSTOM_BOUNDS_SCHEMA } from '@oriel/model'
import { BitWriter, fitsBits, XorColumn } from './bits.ts'

/** A histogram sample. */
export interface HistogramPoint {
  readonly tMs: number
  readonly histogram: NativeHistogram
}

/**
 * Whether `next` may stand behind `before` in one chunk: the same buckets, and the same counter going on.
 *
 * A reader takes every sample but the first of a chunk as "not reset". Source: Prometheus 3.14 FloatHistogramAppender.appendable.
 */
export function continuesChunk(before: NativeHistogram, next: NativeHistogram): boolean {
  if (!hasSameLayout(before, next)) return false
  if (before.resetHint === 'gauge' || next.resetHint === 'gauge') return before.resetHint === next.resetHint
  if (next.resetHint === 'reset' || next.count < before.count || next.zeroCount < before.zeroCount) return false
  return !falls(before.positiveBuckets, next.positiveBuckets) && !falls(before.negativeBuckets, next.negativeBuckets)
}

/**
 * Encodes samples that `continuesChunk` allows together (65,535 at most) as one chunk of float histograms.
 *
 * Source: Prometheus 3.14 tsdb/chunkenc/float_histogram.go and histogram_meta.go.
 */
export function encodeHistogramChunk(points: readonly HistogramPoint[]): Uint8Array {
  const out = new BitWriter()
  const [first] = points
  out.bits(points.length, 16)
  out.bits(first === undefined ? 0 : FLAGS[first.histogram.resetHint], 8)
  if (first === undefined) return out.finish()
  writeLayout(out, first.histogram)
  writeSigned(out, first.tMs)
  const columns = numbersOf(first.histogram).map((value) => {
    const [high, low] = wordsOf(value)
    out.double(high, low)
    return new XorColumn(high, low)
  })
  let [lastMs, deltaMs] = [first.tMs, 0]
  for (const { tMs, histogram } of points.slice(1)) {
    writeSigned(out, tMs - lastMs - deltaMs)
    deltaMs = tMs - lastMs
    lastMs = tMs
    for (const [i, value] of numbersOf(histogram).entries()) columns[i]?.write(out, ...wordsOf(value))
  }
  return out.finish()
}

/** The two highest bits of the third byte. Source: CounterResetHeader. */
const FLAGS: Readonly<Record<NativeHistogram['resetHint'], number>> = {
  unknown: 0,
  notReset: 0b0100_0000,
  reset: 0b1000_0000,
  gauge: 0b1100_0000,
}

/** Count, zero count and sum, then the buckets: the order of a sample in a chunk. */
function numbersOf({ count, zeroCount, sum, positiveBuckets, negativeBuckets }: NativeHistogram): number[] {
  return [count, zeroCount, sum, ...positiveBuckets, ...negativeBuckets]
}

function hasSameLayout(a: NativeHistogram, b: NativeHistogram): boolean {
  return (
    a.schema === b.schema &&
    a.zeroThreshold === b.zeroThreshold &&
    areSameSpans(a.positiveSpans, b.positiveSpans) &&
    areSameSpans(a.negativeSpans, b.negativeSpans) &&
    a.customBounds.length === b.customBounds.length &&
    a.customBounds.every((bound, i) => bound === b.customBounds[i])
  )
}

function areSameSpans(a: readonly BucketSpan[], b: readonly BucketSpan[]): boolean {
  return a.length === b.length && a.every(({ offset, length }, i) => offset === b[i]?.offset && length === b[i].length)
}

function falls(before: Float64Array, next: Float64Array): boolean {
  return next.some((value, i) => value < before[i]!)
}

function writeLayout(out: BitWriter, histogram: NativeHistogram): void {
  const { zeroThreshold, schema, positiveSpans, negativeSpans, customBounds } = histogram
  writeZeroThreshold(out, zeroThreshold)
  writeSigned(out, schema)
  for (const spans of [positiveSpans, negativeSpans]) {
    writeUnsigned(out, spans.length)
    for (const { length, offset } of spans) {
      writeUnsigned(out, length)
      writeSigned(out, offset)
    }
  }
  if (schema !== CUSTOM_BOUNDS_SCHEMA) return
  writeUnsigned(out, customBounds.length)
  for (const bound of customBounds) writeBound(out, bound)
}

/** Powers of two from 2^-243 to 2^10 take a byte. Source: putZeroThreshold. */
function writeZeroThreshold(out: BitWriter, threshold: number): void {
  if (threshold === 0) {
    out.bits(0, 8)
    return
  }
  const power = Math.log2(threshold)
  if (Number.isInteger(power) && 2 ** power === threshold && power >= -243 && power <= 10) {
    // Go's exponent is one higher: there the fraction is below 1.
    out.bits(power + 1 + 243, 8)
    return
  }
  out.bits(255, 8)
  out.double(...wordsOf(threshold))
}

// The largest bound, in thousandths, that takes four bytes. Source: putCustomBound.
const MOST_THOUSANDTHS = 33_554_430

function writeBound(out: BitWriter, bound: number): void {
  const thousandths = Math.round(bound * 1_000)
  if (bound * 1_000 < 0 || bound * 1_000 > MOST_THOUSANDTHS || thousandths / 1_000 !== bound) {
    out.bits(0, 1)
    out.double(...wordsOf(bound))
    return
  }
  writeUnsigned(out, thousandths + 1)
}

/** How many bits a number may take, each with a prefix of as many ones as its place, and a zero. Source: chunkenc/varbit.go. */
const SIZES = [3, 6, 9, 12, 18, 25, 56] as const

function writeSigned(out: BitWriter, value: number): void {
  writeVarbit(out, value, value === 0 ? -1 : SIZES.findIndex((bits) => fitsBits(value, bits)))
}

function writeUnsigned(out: BitWriter, value: number): void {
  writeVarbit(out, value, value === 0 ? -1 : SIZES.findIndex((bits) => value < 2 ** bits))
}

function writeVarbit(out: BitWriter, value: number, size: number): void {
  if (value === 0) {
    out.bits(0, 1)
    return
  }
  const bits = SIZES[size] ?? 64
  if (bits === 64) out.bits(0xff, 8)
  else out.bits(2 ** (size + 2) - 2, size + 2)
  out.wideBits(Math.floor(value / 2 ** 32), value, bits)
}

const scratch = new DataView(new ArrayBuffer(8))

function wordsOf(value: number): [high: number, low: number] {
  scratch.setFloat64(0, value)
  return [scratch.getUint32(0), scratch.getUint32(4)]
}
