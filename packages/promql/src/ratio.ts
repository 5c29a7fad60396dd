import type { Labels } from '@oriel/model'

/**
 * Where a series stands in [0, 1] for `limit_ratio`: its hash over all hashes, so that the same series are picked every time.
 *
 * The hash is xxHash64 over length-prefixed names and values, as in Prometheus 3.14 model/labels/labels_stringlabels.go.
 */
export function ratioOffset(labels: Labels): number {
  return Number(xxhash64(encode(labels))) / 2 ** 64
}

const encoder = new TextEncoder()
// 255: lengths from here on take a marker byte and three bytes.
const LONG_LENGTH = 255

function encode(labels: Labels): Uint8Array {
  const bytes: number[] = []
  for (const { name, value } of labels) {
    for (const text of [name, value]) {
      const encoded = encoder.encode(text)
      const { length } = encoded
      if (length < LONG_LENGTH) bytes.push(length)
      else bytes.push(LONG_LENGTH, length & 0xff, (length >> 8) & 0xff, (length >> 16) & 0xff)
      for (const byte of encoded) bytes.push(byte)
    }
  }
  return Uint8Array.from(bytes)
}

const P1 = 11_400_714_785_074_694_791n
const P2 = 14_029_467_366_897_019_727n
const P3 = 1_609_587_929_392_839_161n
const P4 = 9_650_029_242_287_828_579n
const P5 = 2_870_177_450_012_600_261n

/** xxHash64 with seed 0. Source: the xxHash specification, XXH64. */
export function xxhash64(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  let hash = P5
  if (bytes.length >= 32) {
    const lanes = [wrap(P1 + P2), P2, 0n, wrap(-P1)]
    for (; at + 32 <= bytes.length; at += 32) {
      for (let i = 0; i < 4; i++) lanes[i] = round(lanes[i]!, view.getBigUint64(at + 8 * i, true))
    }
    const [a = 0n, b = 0n, c = 0n, d = 0n] = lanes
    hash = wrap(rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n))
    for (const lane of lanes) hash = wrap((hash ^ round(0n, lane)) * P1 + P4)
  }
  hash = wrap(hash + BigInt(bytes.length))
  for (; at + 8 <= bytes.length; at += 8) {
    hash = wrap(rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * P1 + P4)
  }
  if (at + 4 <= bytes.length) {
    hash = wrap(rotate(hash ^ wrap(BigInt(view.getUint32(at, true)) * P1), 23n) * P2 + P3)
    at += 4
  }
  for (; at < bytes.length; at++) hash = wrap(rotate(hash ^ wrap(BigInt(view.getUint8(at)) * P5), 11n) * P1)
  hash = wrap((hash ^ (hash >> 33n)) * P2)
  hash = wrap((hash ^ (hash >> 29n)) * P3)
  return hash ^ (hash >> 32n)
}

function round(lane: bigint, input: bigint): bigint {
  return wrap(rotate(wrap(lane + wrap(input * P2)), 31n) * P1)
}

function rotate(value: bigint, bits: bigint): bigint {
  return wrap((value << bits) | (value >> (64n - bits)))
}

function wrap(value: bigint): bigint {
  return BigInt.asUintN(64, value)
}
