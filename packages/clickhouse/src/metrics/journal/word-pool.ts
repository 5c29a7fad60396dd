import { freeArray } from '@oriel/model'

/**
 * Large arrays of words, used again and again.
 *
 * They lie outside the collector's heap, and each 40 MB that come there make it mark all of what is alive: at a million series, scraped
 * every 15 s, a third of our CPU (bench/scrape.ts, 2026-11).
 */
export class WordPool {
  /** Longest unused first. */
  #spare: ArrayBuffer[] = []

  /** An array of so many words, with anything in it. */
  take(words: number): Uint32Array<ArrayBuffer> {
    const bytes = 4 * words
    let best = -1
    for (const [i, { byteLength }] of this.#spare.entries()) {
      const fits = byteLength >= bytes && byteLength <= MOST_WASTE * bytes
      if (fits && (best === -1 || byteLength < this.#spare[best]!.byteLength)) best = i
    }
    if (best !== -1) return new Uint32Array(this.#spare.splice(best, 1)[0]!, 0, words)
    // Sizes have changed: what fits nothing makes room.
    const [unused] = this.#spare.splice(0, 1)
    if (unused !== undefined) freeArray(new Uint8Array(unused))
    return new Uint32Array(new ArrayBuffer(STEP_BYTES * Math.ceil(bytes / STEP_BYTES)), 0, words)
  }

  /** Takes an array back, and every view of its memory: only its last owner may call this. */
  give({ buffer }: Uint32Array): void {
    if (buffer instanceof ArrayBuffer && buffer.byteLength > 0) this.#spare.push(buffer)
  }

  /** Frees what is not in use. */
  clear(): void {
    for (const buffer of this.#spare.splice(0)) freeArray(new Uint8Array(buffer))
  }
}

// Twice what is needed, at most: commits are of about one size.
const MOST_WASTE = 2
// 64 KiB: sizes that are nearly the same are the same.
const STEP_BYTES = 65_536
