// Where bytes stood before. A hot path (bench/HOTPATHS.md).

import { MOST_DISTANCE } from './symbols.ts'

/** No place is asked for with fewer bytes behind it: a time of an answer with what is around it, `"],[1700000015,"`. */
export const LONG_BYTES = 16

/** What a repeat is looked for at: the quotes around names and values. */
export const QUOTE = 34

/** Begins a text of so many bytes: what is told of it are places in it alone. One text at a time for the whole process. */
export function beginText(length: number): void {
  base = end
  end += length
  if (end < MOST_END) return
  longPlaces.fill(-1)
  shortPlaces.fill(-1)
  base = 0
  end = length
}

/** Where the 16 bytes at `at` stood last among the places asked for, or else the first 8 of them; -1 where neither is near. */
export function placeBefore(view: DataView, at: number): number {
  const first = view.getInt32(at, true)
  const second = view.getInt32(at + 4, true)
  const third = view.getInt32(at + 8, true)
  const fourth = view.getInt32(at + 12, true)
  const half = Math.imul(first, PRIME_1) + Math.imul(second, PRIME_2)
  const long =
    Math.imul((half ^ (half >>> 15)) + (Math.imul(third, PRIME_3) ^ Math.imul(fourth, PRIME_4)), PRIME_2) >>> HASH_SHIFT
  const place = longPlaces[long]! - base
  longPlaces[long] = at + base
  if (
    isNear(place, at) &&
    view.getInt32(place + 12, true) === fourth &&
    view.getInt32(place + 8, true) === third &&
    view.getInt32(place + 4, true) === second &&
    view.getInt32(place, true) === first
  ) {
    return place
  }
  const short = half >>> HASH_SHIFT
  const shortPlace = shortPlaces[short]! - base
  shortPlaces[short] = at + base
  return isNear(shortPlace, at) && isShortEqual(view, shortPlace, at) ? shortPlace : -1
}

/** `place` where the 8 bytes there are those at `at`; -1 where not, or too far away. */
export function placeBehind(view: DataView, place: number, at: number): number {
  return isNear(place, at) && isShortEqual(view, place, at) ? place : -1
}

/** Where what is at `at` ends to be the same as at `from`; eight bytes are. */
export function endOfRepeat(view: DataView, from: number, at: number): number {
  const distance = at - from
  let place = at + SHORT_BYTES
  for (const last = view.byteLength - 4; place <= last; place += 4) {
    const difference = view.getInt32(place, true) ^ view.getInt32(place - distance, true)
    // The lowest bit that differs is in the first byte that does.
    if (difference !== 0) return place + ((31 - Math.clz32(difference & -difference)) >> 3)
  }
  while (place < view.byteLength && view.getUint8(place) === view.getUint8(place - distance)) place++
  return place
}

/** Nor is less a repeat. */
export const SHORT_BYTES = 8
// 4,096 places fit a processor's nearest cache, and 32 KiB of an answer has fewer beginnings.
const TABLE_BITS = 12
const HASH_SHIFT: number = 32 - TABLE_BITS
// Counted through all texts, so that the tables need no clearing for each: what is below `base` was in another text.
const longPlaces = new Int32Array(2 ** TABLE_BITS).fill(-1)
const shortPlaces = new Int32Array(2 ** TABLE_BITS).fill(-1)
let base = 0
let end = 0
// Places stay small integers.
const MOST_END: number = 2 ** 29
// Odd, with bits all over: xxHash's.
const PRIME_1 = 0x9e3779b1
const PRIME_2 = 0x85ebca77
const PRIME_3 = 0xc2b2ae3d
const PRIME_4 = 0x27d4eb2f

function isNear(place: number, at: number): boolean {
  return place >= 0 && at - place <= MOST_DISTANCE
}

function isShortEqual(view: DataView, one: number, other: number): boolean {
  return (
    view.getInt32(one, true) === view.getInt32(other, true) && view.getInt32(one + 4, true) === view.getInt32(other + 4, true)
  )
}
