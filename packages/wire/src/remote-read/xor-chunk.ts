import { STALE_HIGH, STALE_LOW } from '@oriel/model'
import { BitWriter, fitsBits, XorColumn } from './bits.ts'

/** Float samples in time order: a piece of `SeriesSamples`. */
export interface FloatPoints {
  readonly tMs: Float64Array
  readonly values: Float64Array
  readonly stale: Uint8Array
}

/**
 * Encodes the samples `[from, to)` (65,535 at most) as one XOR chunk.
 *
 * Source: Prometheus 3.14 tsdb/chunkenc/xor.go.
 */
export function encodeXorChunk({ tMs, values, stale }: FloatPoints, from: number, to: number): Uint8Array {
  const out = new BitWriter()
  out.bits(to - from, 16)
  let column: XorColumn | undefined
  let deltaMs = 0
  for (let i = from; i < to; i++) {
    scratch.setFloat64(0, values[i]!)
    const high = stale[i] === 1 ? STALE_HIGH : scratch.getUint32(0)
    const low = stale[i] === 1 ? STALE_LOW : scratch.getUint32(4)
    if (column === undefined) {
      out.varint(tMs[i]!)
      out.double(high, low)
      column = new XorColumn(high, low)
      continue
    }
    const nextMs = tMs[i]! - tMs[i - 1]!
    if (i === from + 1) out.uvarint(nextMs)
    else writeStep(out, nextMs - deltaMs)
    deltaMs = nextMs
    column.write(out, high, low)
  }
  return out.finish()
}

const scratch = new DataView(new ArrayBuffer(8))

/** How much a distance differs from the one before: nothing in one bit, little in few. */
function writeStep(out: BitWriter, stepMs: number): void {
  if (stepMs === 0) out.bits(0, 1)
  else if (fitsBits(stepMs, 14)) writeCoded(out, 0b10, 2, stepMs, 14)
  else if (fitsBits(stepMs, 17)) writeCoded(out, 0b110, 3, stepMs, 17)
  else if (fitsBits(stepMs, 20)) writeCoded(out, 0b1110, 4, stepMs, 20)
  else writeCoded(out, 0b1111, 4, stepMs, 64)
}

function writeCoded(out: BitWriter, prefix: number, prefixBits: number, value: number, bits: number): void {
  out.bits(prefix, prefixBits)
  out.wideBits(Math.floor(value / 2 ** 32), value, bits)
}
