import { hashBytes } from './metrics-hash.ts'

/**
 * Label fields as senders write them, each held once however many series have it. A hot path (bench/HOTPATHS.md).
 *
 * A field is named by where its bytes begin. Bytes are compared, so equal hashes never mix.
 */
export class LabelTable {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_BYTES)
  #view = new DataView(this.#bytes.buffer)
  #used = 0
  #fields = 0
  /** Pairs of a hash and where the field begins plus one, 0 for a free slot. */
  #slots = new Int32Array(FIRST_SLOTS)

  get byteLength(): number {
    return this.#used + this.#slots.byteLength
  }

  get bytes(): Uint8Array {
    return this.#bytes
  }

  /** Where the field that `view` shows in `[start, end)` is held, new if need be. */
  intern(view: DataView, start: number, end: number): number {
    const hashed = hashBytes(view, start, end)
    const mask = this.#slots.length - 2
    for (let slot = (2 * hashed) & mask; ; slot = (slot + 2) & mask) {
      const at = this.#slots[slot + 1]! - 1
      if (at === -1) return this.#add(view, start, end, hashed)
      if (this.#slots[slot] === hashed && this.equals(at, view, start, end)) return at
    }
  }

  /** Whether the bytes from `at` on are those that `view` shows in `[start, end)`. */
  equals(at: number, view: DataView, start: number, end: number): boolean {
    if (at + end - start > this.#used) return false
    const own = this.#view
    let i = start
    let j = at
    for (; i + 4 <= end; i += 4, j += 4) if (own.getInt32(j, true) !== view.getInt32(i, true)) return false
    for (; i < end; i++, j++) if (own.getUint8(j) !== view.getUint8(i)) return false
    return true
  }

  #add(view: DataView, start: number, end: number, hashed: number): number {
    if (4 * (this.#fields + 1) > this.#slots.length) this.#growSlots()
    const at = this.#used
    this.#used += end - start
    if (this.#used > this.#bytes.length) this.#grow()
    this.#bytes.set(new Uint8Array(view.buffer, view.byteOffset + start, end - start), at)
    this.#fields++
    this.#place(hashed, at + 1)
    return at
  }

  #place(hashed: number, entry: number): void {
    const mask = this.#slots.length - 2
    let slot = (2 * hashed) & mask
    while (this.#slots[slot + 1] !== 0) slot = (slot + 2) & mask
    this.#slots[slot] = hashed
    this.#slots[slot + 1] = entry
  }

  #growSlots(): void {
    const old = this.#slots
    this.#slots = new Int32Array(2 * old.length)
    for (let slot = 0; slot < old.length; slot += 2) if (old[slot + 1] !== 0) this.#place(old[slot]!, old[slot + 1]!)
  }

  #grow(): void {
    const bytes = new Uint8Array(Math.max(this.#used, 2 * this.#bytes.length))
    bytes.set(this.#bytes)
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer)
  }
}

/** Where the label field that begins at `start` ends, by its own length; `stop` where it is of another form or the last. */
export function fieldEnd(view: DataView, start: number, stop: number): number {
  if (stop - start < 2 || view.getUint8(start) !== LABEL_TAG) return stop
  let size = view.getUint8(start + 1)
  let at = start + 2
  if (size >= 0x80) {
    // Two bytes of length: 16 KiB, more than a label may have.
    if (at === stop || view.getUint8(at) >= 0x80) return stop
    size = (size & 0x7f) | (view.getUint8(at++) << 7)
  }
  return Math.min(stop, at + size)
}

// Field 1 with a length: a label in a remote-write series.
const LABEL_TAG = 0x0a
const FIRST_BYTES = 4_096
const FIRST_SLOTS = 512
