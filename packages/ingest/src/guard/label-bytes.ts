// Label bytes (`wire`'s series.ts) read and rewritten without a string: what a limited metric pays for every unknown series.

import type { LabelBytes } from '@oriel/wire'

/** Where a label's parts lie in label bytes. */
export interface LabelPlace {
  /** Of the whole field. */
  start: number
  end: number
  nameStart: number
  nameEnd: number
  valueStart: number
  valueEnd: number
}

/** Walks label bytes in the form that every sender writes: name, then value, nothing else. */
export class LabelWalk implements LabelPlace {
  start = 0
  end = 0
  nameStart = 0
  nameEnd = 0
  valueStart = 0
  valueEnd = 0
  /** False once the bytes turned out to be of another form: nothing read from them counts. */
  isPlain = true
  #bytes: Uint8Array = new Uint8Array(0)
  #pos = 0
  #stop = 0

  /** Begins at `bytes[start, stop)`. */
  begin(bytes: Uint8Array, start: number, stop: number): void {
    this.#bytes = bytes
    this.#pos = start
    this.#stop = stop
    this.isPlain = true
  }

  /** Moves to the next label; false at the end, and where the form is another. */
  next(): boolean {
    if (this.#pos >= this.#stop) return false
    this.start = this.#pos
    if (this.#bytes[this.#pos++] !== LABEL_TAG) return this.#fail()
    const size = this.#varint()
    this.end = this.#pos + size
    if (size < 0 || this.end > this.#stop) return this.#fail()
    if (this.#pos >= this.end || this.#bytes[this.#pos++] !== NAME_TAG) return this.#fail()
    const nameSize = this.#varint()
    this.nameStart = this.#pos
    this.nameEnd = this.#pos += nameSize
    if (nameSize < 0 || this.#pos >= this.end || this.#bytes[this.#pos++] !== VALUE_TAG) return this.#fail()
    const valueSize = this.#varint()
    this.valueStart = this.#pos
    this.valueEnd = this.#pos += valueSize
    return valueSize < 0 || this.#pos !== this.end ? this.#fail() : true
  }

  #fail(): false {
    this.isPlain = false
    this.#pos = this.#stop
    return false
  }

  /** At most four bytes: more than 256 MiB is no label. */
  #varint(): number {
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#bytes[this.#pos++]
      if (byte === undefined) return -1
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    return -1
  }
}

/** What becomes of a label. */
export type LabelFate = 'keep' | 'drop' | 'overflow'

/** The value of a label that was summed over because a budget was passed. */
export const OVERFLOW_VALUE = '__overflow__'
const OVERFLOW_BYTES = new TextEncoder().encode(OVERFLOW_VALUE)

/** Writes the labels of `bytes[start, end)` to `into` by their fate; false when that changes nothing, or the form is another. */
export function rewriteLabels(
  walk: LabelWalk,
  { bytes, start, end }: { readonly bytes: Uint8Array; readonly start: number; readonly end: number },
  fateOf: (bytes: Uint8Array, start: number, end: number) => LabelFate,
  into: LabelBytes,
): boolean {
  into.clear()
  let isChanged = false
  walk.begin(bytes, start, end)
  while (walk.next()) {
    const { nameStart, nameEnd, valueStart, valueEnd } = walk
    const fate = fateOf(bytes, nameStart, nameEnd)
    if (fate === 'keep') into.addEncoded(bytes, walk.start, walk.end)
    else if (fate === 'drop') isChanged = true
    else {
      into.addBytes(bytes, nameStart, nameEnd, OVERFLOW_BYTES, 0, OVERFLOW_BYTES.length)
      if (!equalBytes(bytes, valueStart, valueEnd, OVERFLOW_BYTES)) isChanged = true
    }
  }
  return isChanged && walk.isPlain
}

/** Whether `bytes[start, end)` are those of `other`. */
export function equalBytes(bytes: Uint8Array, start: number, end: number, other: Uint8Array): boolean {
  if (end - start !== other.length) return false
  for (let i = 0; i < other.length; i++) if (bytes[start + i] !== other[i]) return false
  return true
}

const LABEL_TAG = 0x0a
const NAME_TAG = 0x0a
const VALUE_TAG = 0x12
