// One OTLP data point of any kind, read from its message.

import type { Label } from '@oriel/model'
import { ProtoReader } from '../protobuf.ts'
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

/** The fields of NumberDataPoint, HistogramDataPoint and SummaryDataPoint that we use. Reused; ranges are in the reader's bytes. */
export class OtlpPoint {
  tMs = 0
  isStale = false
  /** A number's value, or the sum of a histogram or summary. */
  valueLow = 0
  valueHigh = 0
  hasValue = false
  count = 0
  /** Attribute messages, one after the other, tags included, and those that other fields separate from the first ones. */
  attributesStart = 0
  attributesEnd = 0
  readonly moreAttributes: { start: number; end: number }[] = []
  readonly bucketCounts: number[] = []
  readonly bounds: number[] = []
  readonly quantiles: { quantile: number; low: number; high: number }[] = []
  /** Ranges of exemplar messages. */
  readonly exemplars: { start: number; end: number }[] = []
  readonly #lists: unknown[][] = [this.moreAttributes, this.bucketCounts, this.bounds, this.quantiles, this.exemplars]

  clear(): void {
    this.tMs = 0
    this.isStale = false
    this.hasValue = false
    this.count = 0
    this.attributesStart = 0
    this.attributesEnd = 0
    // Most points have none of these, and setting a length is not free.
    for (const list of this.#lists) if (list.length > 0) list.length = 0
  }
}

/** Reads the NumberDataPoint that `reader` has entered. */
export function readNumberPoint(reader: ProtoReader, point: OtlpPoint): void {
  point.clear()
  for (let from = reader.pos; reader.next() !== 0; from = reader.pos)
    switch (reader.field) {
      case 3:
        reader.fixed64()
        point.tMs = millisecondsOf(reader.low, reader.high)
        break
      case 4:
        reader.fixed64()
        setWords(point, reader.low, reader.high)
        break
      case 6:
        reader.fixed64()
        setInteger(point, reader.low, reader.high)
        break
      case 5:
        addRange(reader, point.exemplars)
        break
      case 7:
        reader.skip()
        addAttribute(point, from, reader.pos)
        break
      case 8:
        point.isStale = (reader.uint() & NO_RECORDED_VALUE) !== 0
        break
      default:
        reader.skip()
    }
}

/** Reads the HistogramDataPoint that `reader` has entered. */
export function readHistogramPoint(reader: ProtoReader, point: OtlpPoint): void {
  point.clear()
  for (let from = reader.pos; reader.next() !== 0; from = reader.pos)
    switch (reader.field) {
      case 6:
        readPacked(reader, point.bucketCounts, false)
        break
      case 7:
        readPacked(reader, point.bounds, true)
        break
      case 8:
        addRange(reader, point.exemplars)
        break
      case 9:
        reader.skip()
        addAttribute(point, from, reader.pos)
        break
      case 10:
        point.isStale = (reader.uint() & NO_RECORDED_VALUE) !== 0
        break
      default:
        readCommon(reader, point)
    }
}

/** Reads the SummaryDataPoint that `reader` has entered. */
export function readSummaryPoint(reader: ProtoReader, point: OtlpPoint): void {
  point.clear()
  for (let from = reader.pos; reader.next() !== 0; from = reader.pos)
    switch (reader.field) {
      case 6:
        readQuantile(reader, point)
        break
      case 7:
        reader.skip()
        addAttribute(point, from, reader.pos)
        break
      case 8:
        point.isStale = (reader.uint() & NO_RECORDED_VALUE) !== 0
        break
      default:
        readCommon(reader, point)
    }
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

/** Fields that histograms and summaries share. */
function readCommon(reader: ProtoReader, point: OtlpPoint): void {
  switch (reader.field) {
    case 3:
      reader.fixed64()
      point.tMs = millisecondsOf(reader.low, reader.high)
      break
    case 4:
      reader.fixed64()
      point.count = reader.high * 2 ** 32 + reader.low
      break
    case 5:
      reader.fixed64()
      setWords(point, reader.low, reader.high)
      break
    default:
      reader.skip()
  }
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

function readPacked(reader: ProtoReader, into: number[], isDouble: boolean): void {
  const push = (): void => {
    if (isDouble) {
      words[0] = reader.low
      words[1] = reader.high
      into.push(double[0]!)
    } else into.push(reader.high * 2 ** 32 + reader.low)
  }
  if (reader.wire === FIXED64) {
    reader.fixed64()
    push()
    return
  }
  const outer = reader.enter()
  while (reader.pos < reader.end) {
    reader.fixed64Raw()
    push()
  }
  reader.leave(outer)
}

const FIXED64 = 1
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
