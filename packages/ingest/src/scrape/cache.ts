// What a target's last scrape looked like. A hot path (bench/HOTPATHS.md).
//
// Targets answer with the same series in the same order: each line's series is compared with the one that followed the line before it
// last time, and only where that fails looked up by its bytes. A series is decoded, relabelled and identified once.

import type { Label } from '@oriel/model'
import type { ClassicPart } from './classic.ts'

/** Not resolved in the target's current epoch; dropped by a relabel rule. Other values are series refs. */
export const UNRESOLVED = -2
export const DROPPED = -3

/**
 * The series of one target by their text (or any bytes that name them), and its lines of metadata, as numbered entries.
 *
 * One scrape: `beginScrape`, then `predicted` or `find` or `add` and `visit` for each line in order, then `endScrape`, or nothing more
 * when the scrape failed.
 */
export class ScrapeCache {
  /** The texts of all entries; entry i is at `[starts[i], starts[i + 1])`. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_BYTES)
  view: DataView = new DataView(this.bytes.buffer)
  starts: Uint32Array = new Uint32Array(INITIAL + 1)
  refs: Int32Array = new Int32Array(INITIAL)
  /** The scrape that an entry was last met in. */
  seen: Uint32Array = new Uint32Array(INITIAL)
  /** Of samples that brought their own times, the last scrape and time of each entry; empty until there are any. */
  #timedIn = new Uint32Array(0)
  #timedMs = new Float64Array(0)
  /** 1 where the last good scrape wrote the entry in a way that makes its absence mean staleness. */
  live: Uint8Array = new Uint8Array(INITIAL)
  /** What the entry is, and what a series is part of, which decides how its bounds are printed: see run.ts. */
  kinds: Uint8Array = new Uint8Array(INITIAL)
  /** The last exemplar of an entry, in words: targets repeat it until they have another. */
  readonly exemplars: Map<number, string> = new Map()
  /** What entries are of the classic histogram they belong to, `undefined` for none; only where these are converted. */
  readonly classicParts: Map<number, ClassicPart | undefined> = new Map()
  /** What entries share with the other series of their metric, where starts are wanted. */
  readonly startKeys: Map<number, string> = new Map()
  /** Labels of type and unit of entries, where these are wanted. */
  typed: Map<number, readonly Label[]> = new Map()
  length = 0
  scrape = 0
  /** The epoch of `refs`. */
  epoch = 0
  /** Whether the store was told what the target's last answer says of its metrics. */
  isMetadataTold = false
  /** Lines of metadata in the last answer. */
  metadataLines = 0
  /** How the last answer was read. */
  isOpenMetrics = false
  #hashes = new Int32Array(INITIAL)
  #slots = new Int32Array(4 * INITIAL)
  /** Entries in the order of the last good scrape, and of this one. */
  #order = new Int32Array(INITIAL)
  #orderLength = 0
  #next = new Int32Array(INITIAL)
  #nextLength = 0
  /** Where each entry stands in `#order`. */
  #places = new Int32Array(INITIAL)
  #cursor = 0

  beginScrape(epoch: number): void {
    if (epoch !== this.epoch) {
      for (let i = 0; i < this.length; i++) if (this.refs[i] !== DROPPED) this.refs[i] = UNRESOLVED
      this.epoch = epoch
      this.isMetadataTold = false
    }
    this.scrape++
    this.#cursor = 0
    this.#nextLength = 0
  }

  /** The entry that this line should be, or -1. */
  get predicted(): number {
    return this.#cursor < this.#orderLength ? this.#order[this.#cursor]! : -1
  }

  /** The entry named by `source[start, end)`, or -1. */
  find(source: Uint8Array, start: number, end: number): number {
    const hashed = hashBytes(source, start, end)
    const mask = this.#slots.length - 1
    for (let slot = hashed & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot]! - 1
      if (entry === -1) return -1
      if (this.#hashes[entry] === hashed && this.#equals(entry, source, start, end)) return entry
    }
  }

  /** Adds an entry that `find` did not find, unresolved. */
  add(source: Uint8Array, start: number, end: number, kind: number): number {
    const entry = this.length
    if (entry + 1 >= this.starts.length) this.#grow()
    if (2 * (entry + 1) > this.#slots.length) this.#growSlots()
    const at = this.starts[entry]!
    const needed = at + end - start
    if (needed > this.bytes.length) {
      this.bytes = grown(this.bytes, new Uint8Array(Math.max(needed, 2 * this.bytes.length)))
      this.view = new DataView(this.bytes.buffer)
    }
    this.bytes.set(source.subarray(start, end), at)
    this.starts[entry + 1] = needed
    this.refs[entry] = UNRESOLVED
    this.seen[entry] = 0
    this.live[entry] = 0
    this.kinds[entry] = kind
    this.#places[entry] = -1
    this.#hashes[entry] = hashBytes(source, start, end)
    this.#place(entry)
    this.length++
    return entry
  }

  /** Whether the entry's exemplar is another than last time; remembers it. */
  isNewExemplar(entry: number, exemplar: string): boolean {
    if (this.exemplars.get(entry) === exemplar) return false
    this.exemplars.set(entry, exemplar)
    return true
  }

  /** Tells of a sample with a time of its own; true where the last one of this scrape and entry had the same. */
  isTimedTwice(entry: number, tMs: number): boolean {
    if (entry >= this.#timedIn.length) {
      this.#timedIn = grown(this.#timedIn, new Uint32Array(this.refs.length))
      this.#timedMs = grown(this.#timedMs, new Float64Array(this.refs.length))
    }
    const isTwice = this.#timedIn[entry] === this.scrape && this.#timedMs[entry] === tMs
    this.#timedIn[entry] = this.scrape
    this.#timedMs[entry] = tMs
    return isTwice
  }

  /** Whether this scrape had a sample of the entry already. */
  isMet(entry: number): boolean {
    return this.seen[entry] === this.scrape || (entry < this.#timedIn.length && this.#timedIn[entry] === this.scrape)
  }

  /** Tells that this line was `entry`. */
  visit(entry: number): void {
    if (this.#cursor < this.#orderLength && this.#order[this.#cursor] === entry) this.#cursor++
    else if (this.#places[entry]! >= 0) this.#cursor = this.#places[entry]! + 1
    if (this.#nextLength === this.#next.length) this.#next = grown(this.#next, new Int32Array(2 * this.#next.length))
    this.#next[this.#nextLength++] = entry
  }

  /** Calls `write` for each live entry that this scrape did not meet; with `isAll`, for each live one. They are live no more. */
  endLives(isAll: boolean, write: (entry: number) => void): void {
    for (let i = 0; i < this.#orderLength; i++) {
      const entry = this.#order[i]!
      if (this.live[entry] === 0 || (!isAll && this.seen[entry] === this.scrape)) continue
      this.live[entry] = 0
      write(entry)
    }
  }

  /** This scrape was good: the next one is expected to look like it. */
  endScrape(): void {
    const order = this.#order
    this.#order = this.#next
    this.#orderLength = this.#nextLength
    this.#next = order
    for (let i = 0; i < this.#orderLength; i++) this.#places[this.#order[i]!] = i
    if (this.length > 2 * this.#orderLength + INITIAL) this.#forgetUnseen()
  }

  /** Keeps only the entries of the last scrape, so that a target with ever new series does not fill memory. */
  #forgetUnseen(): void {
    const kept = new ScrapeCache()
    for (let i = 0; i < this.#orderLength; i++) {
      const from = this.#order[i]!
      if (kept.find(this.bytes, this.starts[from]!, this.starts[from + 1]!) !== -1) continue
      const entry = kept.add(this.bytes, this.starts[from]!, this.starts[from + 1]!, this.kinds[from]!)
      kept.refs[entry] = this.refs[from]!
      kept.seen[entry] = this.seen[from]!
      kept.live[entry] = this.live[from]!
      const typed = this.typed.get(from)
      if (typed !== undefined) kept.typed.set(entry, typed)
      kept.visit(entry)
    }
    this.exemplars.clear()
    this.classicParts.clear()
    this.startKeys.clear()
    this.typed = kept.typed
    this.#timedIn = new Uint32Array(0)
    this.#timedMs = new Float64Array(0)
    this.bytes = kept.bytes
    this.view = kept.view
    this.starts = kept.starts
    this.refs = kept.refs
    this.seen = kept.seen
    this.live = kept.live
    this.kinds = kept.kinds
    this.length = kept.length
    this.#hashes = kept.#hashes
    this.#slots = kept.#slots
    this.#places = kept.#places
    this.#order = kept.#next
    this.#orderLength = kept.#nextLength
    for (let i = 0; i < this.#orderLength; i++) this.#places[this.#order[i]!] = i
  }

  #equals(entry: number, source: Uint8Array, start: number, end: number): boolean {
    const from = this.starts[entry]!
    if (this.starts[entry + 1]! - from !== end - start) return false
    const { bytes } = this
    for (let i = start, j = from; i < end; i++, j++) if (bytes[j] !== source[i]) return false
    return true
  }

  #place(entry: number): void {
    const mask = this.#slots.length - 1
    let slot = this.#hashes[entry]! & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = entry + 1
  }

  #growSlots(): void {
    this.#slots = new Int32Array(2 * this.#slots.length)
    for (let entry = 0; entry < this.length; entry++) this.#place(entry)
  }

  #grow(): void {
    const room = 2 * (this.starts.length - 1)
    this.starts = grown(this.starts, new Uint32Array(room + 1))
    this.refs = grown(this.refs, new Int32Array(room))
    this.seen = grown(this.seen, new Uint32Array(room))
    this.live = grown(this.live, new Uint8Array(room))
    this.kinds = grown(this.kinds, new Uint8Array(room))
    this.#hashes = grown(this.#hashes, new Int32Array(room))
    this.#places = grown(this.#places, new Int32Array(room))
  }
}

// 256 series: most exporters have more, and many targets have fewer.
const INITIAL = 256
const FIRST_BYTES = 16_384
const SEED = Math.floor(Math.random() * 2 ** 32) | 1

function hashBytes(source: Uint8Array, start: number, end: number): number {
  let state = SEED
  for (let i = start; i < end; i++) state = Math.imul(state ^ source[i]!, 0x0100_0193)
  state ^= state >>> 15
  state = Math.imul(state, 0x2c1b_3c6d)
  return state ^ (state >>> 13)
}

function grown<Values extends { set(from: Values): void }>(from: Values, to: Values): Values {
  to.set(from)
  return to
}
