import { randomBytes } from 'node:crypto'

/** 32 bits of the bytes that `view` shows in `[start, end)`, four at a time; the shape is that of xxHash32's lanes. */
export function hashBytes(view: DataView, start: number, end: number, salt: number = 0): number {
  let state = (SEED + salt) ^ (end - start)
  let i = start
  for (; i + 4 <= end; i += 4) {
    const mixed = (state + Math.imul(view.getInt32(i, true), FACTOR)) | 0
    state = Math.imul((mixed << 13) | (mixed >>> 19), 0x9e37_79b1)
  }
  for (; i < end; i++) state = Math.imul(state ^ view.getUint8(i), 0x85eb_ca77)
  state ^= state >>> 15
  state = Math.imul(state, 0x2c1b_3c6d)
  return state ^ (state >>> 13)
}

// Senders choose label values: neither the start nor the factor of the hash may be known to them.
const SECRET = randomBytes(8)
const SEED = SECRET.readInt32LE(0)
const FACTOR = SECRET.readInt32LE(4) | 1
