// One OTLP data point of any kind, read from its message.

import type { Label } from '@oriel/model'
import { FIXED64, ProtoReader, readDoubles, VARINT } from '../protobuf.ts'
import { readKeyValue } from './any-value.ts'
import { isZero, writeHex } from './hex.ts'

/** An exemplar as sent. */
export interface PointExemplar {
  readonly tMs: number
  readonly valueLow: number
  readonly valueHigh: number
  readonly value: number
  readonly labels: readonly Label[]
}

/** The fields of data points of all kinds that we use. Reused; ranges are in the reader's bytes. */
export class OtlpPoint {
  tMs = 0
  /** When its counter began, 0 for unknown. */
  startMs = 0
  isStale = false
  /** A number's value, or the sum of a histogram or summary. */
  valueLow = 0
  valueHigh = 0
  hasValue = false
  count = 0
  /** Attribute messages, one after the other, tags included, and those that other fields separate from the first ones. */
  attributesStart = 0
  attributesEnd = 0
  /** Of exponential histograms. */
  scale = 0
  zeroCount = 0
  positive: ExponentialBuckets = NO_BUCKETS
  negative: ExponentialBuckets = NO_BUCKETS
  readonly moreAttributes: { start: number; end: number }[] = []
  readonly bucketCounts: number[] = []
  readonly bounds: number[] = []
  readonly quantiles: { quantile: number; low: number; high: number }[] = []
  /** Ranges of exemplar messages. */
  readonly exemplars: { start: number; end: number }[] = []
  readonly #lists: unknown[][] = [this.moreAttributes, this.bucketCounts, this.bounds, this.quantiles, this.exemplars]

  clear(): void {
    this.tMs = 0
    this.startMs = 0
    this.isStale = false
    this.hasValue = false
    this.count = 0
    this.attributesStart = 0
    this.attributesEnd = 0
    this.scale = 0
    this.zeroCount = 0
    this.positive = NO_BUCKETS
    this.negative = NO_BUCKETS
    // Most points have none of these, and setting a length is not free.
    for (const list of this.#lists) if (list.length > 0) list.length = 0
  }
}

/** Dense buckets of an exponential histogram: bucket i is that of index `offset + i`. */
export interface ExponentialBuckets {
  readonly offset: number
  readonly counts: readonly number[]
}

const NO_BUCKETS: ExponentialBuckets = { offset: 0, counts: [] }

/** Where a kind of data point has what all have, and how the rest of it is read. */
interface PointFields {
  readonly attributes: number
  readonly flags: number
  readonly exemplars: number
  readonly readOwn: (reader: ProtoReader, point: OtlpPoint) => void
}

/** Messages of data points. */
export type OtlpPointKind = 'number' | 'histogram' | 'exponential' | 'summary'

// Source: opentelemetry-proto 1.11 metrics.proto.
const POINTS: Readonly<Record<OtlpPointKind, PointFields>> = {
  number: { attributes: 7, flags: 8, exemplars: 5, readOwn: readNumber },
  histogram: { attributes: 9, flags: 10, exemplars: 8, readOwn: readHistogram },
  exponential: { attributes: 1, flags: 10, exemplars: 11, readOwn: readExponential },
  summary: { attributes: 7, flags: 8, exemplars: -1, readOwn: readSummary },
}

/** Reads the data point that `reader` has entered. */
export function readPoint(reader: ProtoReader, point: OtlpPoint, kind: OtlpPointKind): void {
  const { attributes, flags, exemplars, readOwn } = POINTS[kind]
  point.clear()
  for (let from = reader.pos; reader.next() !== 0; from = reader.pos) {
    const { field } = reader
    if (field === attributes) {
      reader.skip()
      addAttribute(point, from, reader.pos)
    } else if (field === 3) {
      reader.fixed64()
      point.tMs = millisecondsOf(reader.low, reader.high)
    } else if (field === 2) {
      reader.fixed64()
      point.startMs = millisecondsOf(reader.low, reader.high)
    } else if (field === flags) point.isStale = (reader.uint() & NO_RECORDED_VALUE) !== 0
    else if (field === exemplars) addRange(reader, point.exemplars)
    else readOwn(reader, point)
  }
}

function readNumber(reader: ProtoReader, point: OtlpPoint): void {
  if (reader.field === 4) {
    reader.fixed64()
    setWords(point, reader.low, reader.high)
  } else if (reader.field === 6) {
    reader.fixed64()
    setInteger(point, reader.low, reader.high)
  } else reader.skip()
}

/** Fields that histograms and summaries share. */
function readCountAndSum(reader: ProtoReader, point: OtlpPoint): void {
  if (reader.field === 4) {
    reader.fixed64()
    point.count = reader.high * 2 ** 32 + reader.low
  } else if (reader.field === 5) {
    reader.fixed64()
    setWords(point, reader.low, reader.high)
  } else reader.skip()
}

function readHistogram(reader: ProtoReader, point: OtlpPoint): void {
  if (reader.field === 6) readFixedCounts(reader, point.bucketCounts)
  else if (reader.field === 7) readDoubles(reader, point.bounds)
  else readCountAndSum(reader, point)
}

function readExponential(reader: ProtoReader, point: OtlpPoint): void {
  if (reader.field === 6) point.scale = reader.sint()
  else if (reader.field === 7) {
    reader.fixed64()
    point.zeroCount = reader.high * 2 ** 32 + reader.low
  } else if (reader.field === 8) point.positive = readBuckets(reader)
  else if (reader.field === 9) point.negative = readBuckets(reader)
  else readCountAndSum(reader, point)
}

function readSummary(reader: ProtoReader, point: OtlpPoint): void {
  if (reader.field === 6) readQuantile(reader, point)
  else readCountAndSum(reader, point)
}

function readBuckets(reader: ProtoReader): ExponentialBuckets {
  const outer = reader.enter()
  const counts: number[] = []
  let offset = 0
  while (reader.next() !== 0) {
    if (reader.field === 1) offset = reader.sint()
    else if (reader.field !== 2) reader.skip()
    else if (reader.wire === VARINT) counts.push(reader.uint())
    else {
      const list = reader.enter()
      while (reader.pos < reader.end) {
        reader.varintRaw()
        counts.push(reader.high * 2 ** 32 + reader.low)
      }
      reader.leave(list)
    }
  }
  reader.leave(outer)
  return { offset, counts }
}

/** The exemplar message in `[start, end)`; `undefined` without a value. */
export function readExemplar(bytes: Uint8Array, start: number, end: number): PointExemplar | undefined {
  const reader = new ProtoReader(bytes, start, end)
  const holder = new OtlpPoint()
  const attributes: Record<string, string> = {}
  const ids: Label[] = []
  while (reader.next() !== 0)
    switch (reader.field) {
      case 2:
        reader.fixed64()
        holder.tMs = millisecondsOf(reader.low, reader.high)
        break
      case 3:
        reader.fixed64()
        setWords(holder, reader.low, reader.high)
        break
      case 6:
        reader.fixed64()
        setInteger(holder, reader.low, reader.high)
        break
      case 4:
        addId(reader, 'span_id', ids)
        break
      case 5:
        addId(reader, 'trace_id', ids)
        break
      case 7:
        readKeyValue(reader, attributes)
        break
      default:
        reader.skip()
    }
  if (!holder.hasValue) return undefined
  const { tMs, valueLow, valueHigh } = holder
  return { tMs, valueLow, valueHigh, value: doubleOfPoint(holder), labels: exemplarLabels(ids, attributes) }
}

/** The value's words as a double. */
export function doubleOfPoint({ valueLow, valueHigh }: { readonly valueLow: number; readonly valueHigh: number }): number {
  words[0] = valueLow
  words[1] = valueHigh
  return double[0]!
}

function readQuantile(reader: ProtoReader, point: OtlpPoint): void {
  const outer = reader.enter()
  let quantile = 0
  let low = 0
  let high = 0
  while (reader.next() !== 0) {
    if (reader.field === 1) quantile = reader.double()
    else if (reader.field === 2) {
      reader.fixed64()
      low = reader.low
      high = reader.high
    } else reader.skip()
  }
  reader.leave(outer)
  point.quantiles.push({ quantile, low, high })
}

/** Appends counts (fixed64, packed or not). */
function readFixedCounts(reader: ProtoReader, into: number[]): void {
  if (reader.wire === FIXED64) {
    reader.fixed64()
    into.push(reader.high * 2 ** 32 + reader.low)
    return
  }
  const outer = reader.enter()
  while (reader.pos < reader.end) {
    reader.fixed64Raw()
    into.push(reader.high * 2 ** 32 + reader.low)
  }
  reader.leave(outer)
}

const NO_RECORDED_VALUE = 1

function addRange(reader: ProtoReader, into: { start: number; end: number }[]): void {
  reader.range()
  into.push({ start: reader.start, end: reader.stop })
}

function addAttribute(point: OtlpPoint, start: number, end: number): void {
  if (point.attributesEnd === start && point.moreAttributes.length === 0) point.attributesEnd = end
  else if (point.attributesEnd === 0) {
    point.attributesStart = start
    point.attributesEnd = end
  } else point.moreAttributes.push({ start, end })
}

/** Nanoseconds to milliseconds, exactly: 2^32 ns are 4,294 ms and 967,296 ns. */
function millisecondsOf(low: number, high: number): number {
  return high * 4_294 + Math.floor((high * 967_296 + low) / 1_000_000)
}

function setWords(point: OtlpPoint, low: number, high: number): void {
  point.valueLow = low
  point.valueHigh = high
  point.hasValue = true
}

/** Makes a double the point's value. */
export function setDouble(point: OtlpPoint, value: number): void {
  double[0] = value
  setWords(point, words[0]!, words[1]!)
}

function setInteger(point: OtlpPoint, low: number, high: number): void {
  double[0] = (high | 0) * 2 ** 32 + low
  setWords(point, words[0]!, words[1]!)
}

function addId(reader: ProtoReader, name: string, ids: Label[]): void {
  reader.range()
  const { bytes, start, stop } = reader
  if (start === stop || isZero(bytes, start, stop)) return
  const hex = new Uint8Array(2 * (stop - start))
  writeHex(bytes, start, stop, hex, 0)
  ids.push({ name, value: Buffer.from(hex).toString('latin1') })
}

/** Attributes are left out where with them the labels would pass 128 characters. Source: OpenMetrics 1.0, Exemplars. */
function exemplarLabels(ids: readonly Label[], attributes: Readonly<Record<string, string>>): Label[] {
  const extra = Object.entries(attributes).map(([name, value]) => ({ name, value }))
  const all = [...ids, ...extra]
  const length = all.reduce((sum, { name, value }) => sum + name.length + value.length, 0)
  const kept = length <= MAX_EXEMPLAR_LENGTH ? all : [...ids]
  return kept.sort((a, b) => (a.name < b.name ? -1 : 1))
}

const MAX_EXEMPLAR_LENGTH = 128
const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)
