// What decoders of metrics write to, and the one form in which all of them name a series.
//
// A series is named by "label bytes": its labels as consecutive protobuf fields `1 { 1: name, 2: value }`, which is how remote write 1.0
// sends them, so that its bodies are looked up without touching a string. Every other decoder prints its labels to this form.

import type { Label, MetricMetadata, MetricType, NativeHistogram } from '@oriel/model'
import { WireError } from './errors.ts'
import { Interner } from './interner.ts'
import { ProtoReader } from './protobuf.ts'

/** One exemplar as decoded; the object is reused for the next one. */
export interface ExemplarRow {
  readonly tMs: number
  readonly valueLow: number
  readonly valueHigh: number
  readonly labels: readonly Label[]
}

/**
 * Where decoders of metrics put what they read: the series dictionary and the open block of one tenant.
 *
 * What is refused is counted by the target under a reason, with an example; the decoder goes on.
 */
export interface MetricTarget {
  /** Series refs and everything else got from here mean nothing once this number changes. It does not change while a body is decoded. */
  readonly epoch: number
  /**
   * The dense number of the series with these label bytes, or -1 where its labels are refused: `sample` then counts its samples under
   * the reason. Bytes are copied where they must be kept.
   */
  series(bytes: Uint8Array, start: number, end: number): number
  /** Appends a sample given by the words of its double; false where its time or its series (-1) is refused. */
  sample(ref: number, tMs: number, valueLow: number, valueHigh: number): boolean
  /** Appends a native histogram that was found good; false as for `sample`. The target keeps nothing of it. */
  histogram(ref: number, tMs: number, histogram: NativeHistogram): boolean
  /** Whether starts are kept: where they are not, `start` need not be called. */
  readonly wantsStarts: boolean
  /** Whether a metric's type and unit become labels of its series, see `typeLabels`. */
  readonly wantsTypes: boolean
  /** Says since when the counter counts whose sample of this time was taken just now; `histogram` where that is one. */
  start(ref: number, tMs: number, startMs: number, histogram?: NativeHistogram): void
  /** Appends an exemplar; false where its time is refused. */
  exemplar(ref: number, exemplar: ExemplarRow): boolean
  /** Takes what a source says of a metric. */
  metadata(metadata: MetricMetadata): void
  /** A series in words, for messages. */
  describe(ref: number): string
  /** Counts `count` samples that were refused for `reason` (a short stable phrase); `example` is asked for once a reason. */
  refuse(reason: string, count: number, example: () => string): void
}

/**
 * The labels that tell a metric's type and unit, as far as they are known; they win over labels of these names.
 *
 * Source: Prometheus 3.14 docs/feature_flags.md type-and-unit-labels, schema/labels.go.
 */
export function typeLabels(type: MetricType, unit: string): Label[] {
  const labels: Label[] = []
  if (type !== 'unknown') labels.push({ name: TYPE_LABEL, value: type })
  if (unit !== '') labels.push({ name: UNIT_LABEL, value: unit })
  return labels
}

/** The labels with those of `typed` instead of their own of the same names. */
export function withTypes(labels: readonly Label[], typed: readonly Label[]): readonly Label[] {
  if (typed.length === 0) return labels
  return [...typed, ...labels.filter(({ name }) => !typed.some((each) => each.name === name))]
}

const TYPE_LABEL = '__type__'
const UNIT_LABEL = '__unit__'

/** A target that knows which series came after which. */
export interface OrderedMetricTarget extends MetricTarget {
  /**
   * Senders repeat their order: the end of the label bytes that begin at `start` when they are those that came after the ones last asked
   * for, the time before; else -1. `takeNext` then is what `series` would be. Saves finding the end, and a look-up.
   */
  nextEnd(bytes: Uint8Array, start: number, limit: number): number
  takeNext(): number
}

/** Builds label bytes. One is reused for many series: `clear`, then `add...` in any order, then read `bytes` up to `length`. */
export class LabelBytes {
  bytes: Uint8Array = new Uint8Array(1_024)
  length = 0

  clear(): void {
    this.length = 0
  }

  /** Appends a label from byte ranges (UTF-8). */
  addBytes(
    names: Uint8Array,
    nameStart: number,
    nameEnd: number,
    values: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    const nameSize = nameEnd - nameStart
    const valueSize = valueEnd - valueStart
    this.#begin(nameSize, valueSize)
    this.#copy(0x0a, names, nameStart, nameSize)
    this.#copy(0x12, values, valueStart, valueSize)
  }

  /** Appends a label from strings. */
  add(name: string, value: string): void {
    const nameEnd = encodeAt(name, 0)
    const valueEnd = encodeAt(value, nameEnd)
    this.addBytes(scratch, 0, nameEnd, scratch, nameEnd, valueEnd)
  }

  /** Appends labels that are in this form already. */
  addEncoded(source: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start)
    this.bytes.set(source.subarray(start, end), this.length)
    this.length += end - start
  }

  #begin(nameSize: number, valueSize: number): void {
    this.#reserve(nameSize + valueSize + 18)
    this.bytes[this.length++] = 0x0a
    this.#varint(2 + varintBytes(nameSize) + nameSize + varintBytes(valueSize) + valueSize)
  }

  #copy(tag: number, source: Uint8Array, start: number, size: number): void {
    this.bytes[this.length++] = tag
    this.#varint(size)
    if (size <= SHORT_COPY) for (let i = 0; i < size; i++) this.bytes[this.length + i] = source[start + i]!
    else this.bytes.set(source.subarray(start, start + size), this.length)
    this.length += size
  }

  #varint(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.bytes[this.length++] = rest
  }

  #reserve(size: number): void {
    const needed = this.length + size
    if (needed <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(needed, 2 * this.bytes.length))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }
}

/**
 * The labels in label bytes, in their order, nothing dropped or checked but UTF-8.
 *
 * Throws `WireError` WIRE_NOT_UTF8, or WIRE_MALFORMED for other fields where labels should be.
 */
export function decodeLabelBytes(bytes: Uint8Array, start: number, end: number): Label[] {
  const labels: Label[] = []
  const reader = new ProtoReader(bytes, start, end)
  while (reader.next() !== 0) {
    if (reader.field !== 1) throw new WireError('WIRE_MALFORMED', `cannot read labels: field ${reader.field} among them`)
    const outer = reader.enter()
    let name = ''
    let value = ''
    while (reader.next() !== 0) {
      if (reader.field === 1) name = strictString(reader)
      else if (reader.field === 2) value = strictString(reader)
      else reader.skip()
    }
    reader.leave(outer)
    labels.push({ name, value })
  }
  return labels
}

/** A string that must be UTF-8: a label that changes on the way in would be another series. */
function strictString(reader: ProtoReader): string {
  reader.range()
  const { bytes, start, stop } = reader
  const text = strings.intern(bytes, start, stop)
  // What cannot be decoded reads as this character, which may also have been sent.
  if (!text.includes('\u{fffd}')) return text
  try {
    return strictDecoder.decode(bytes.subarray(start, stop))
  } catch (error) {
    throw new WireError('WIRE_NOT_UTF8', 'cannot read label: it is not UTF-8', { cause: error, offset: start })
  }
}

// Label names and most values repeat from series to series: new series cost a quarter less (bench/decode-metrics.ts "new series").
const strings = new Interner()

function varintBytes(value: number): number {
  let count = 1
  for (let rest = value; rest >= 0x80; rest >>>= 7) count++
  return count
}

// 24 bytes: below this a byte loop beats the call into TypedArray.set.
const SHORT_COPY = 24
const encoder = new TextEncoder()
let scratch = new Uint8Array(1_024)

/** Writes a string as UTF-8 into `scratch` at `at`; returns where it ends. */
function encodeAt(text: string, at: number): number {
  // Three bytes a UTF-16 unit at most.
  const needed = at + 3 * text.length
  if (needed > scratch.length) {
    const larger = new Uint8Array(2 * needed)
    larger.set(scratch.subarray(0, at))
    scratch = larger
  }
  let i = 0
  for (; i < text.length && i < SHORT_TEXT; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0x80) break
    scratch[at + i] = unit
  }
  return i === text.length ? at + i : at + encoder.encodeInto(text, scratch.subarray(at)).written
}

// 64 units: below this a loop beats the call into the encoder, which makes an object for its answer.
const SHORT_TEXT = 64
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
