// The protobuf form of exposition: a stream of MetricFamily messages, each after its length.
//
// Source: prometheus/client_model 0.6 metrics.proto; Prometheus 3.14 model/textparse/protobufparse.go, native histograms not asked for.

import type { Label, MetricMetadata, MetricType } from '@oriel/model'
import { METRIC_NAME } from '@oriel/model'
import { WireError } from '../errors.ts'
import { printBound } from '../prom-text/go-float.ts'
import { ProtoReader } from '../protobuf.ts'
import { LabelBytes } from '../series.ts'

/** What is read of one sample; `tMs` where the target gave a time. */
export interface FamilySample {
  readonly valueLow: number
  readonly valueHigh: number
  readonly tMs: number | undefined
  readonly exemplar: FamilyExemplar | undefined
}

export interface FamilyExemplar {
  readonly labels: readonly Label[]
  readonly valueLow: number
  readonly valueHigh: number
  readonly tMs: number | undefined
}

/** Where families go. */
export interface FamilySink {
  metadata(metadata: MetricMetadata): void
  /** One sample of the series with these label bytes, which are valid until this returns. */
  sample(series: LabelBytes, sample: FamilySample): void
}

/**
 * Decodes a body of length-delimited families.
 *
 * Histograms become classic buckets; one that has only native buckets becomes its count, sum and `+Inf` bucket, as a Prometheus that
 * does not scrape native histograms stores it. Throws `WireError`.
 */
export function decodeFamilies(body: Uint8Array, sink: FamilySink): void {
  const reader = new ProtoReader(body)
  const families = new Families(reader, sink)
  while (reader.pos < body.length) {
    reader.end = body.length
    reader.varintRaw()
    const size = reader.high * 2 ** 32 + reader.low
    if (size > body.length - reader.pos)
      throw new WireError('WIRE_TRUNCATED', `cannot read families: ${size} bytes wanted, ${body.length - reader.pos} left`, {
        offset: reader.pos,
      })
    reader.end = reader.pos + size
    families.read()
  }
}

class Families {
  readonly #reader: ProtoReader
  readonly #sink: FamilySink
  readonly #series = new LabelBytes()
  #name = ''
  /** The current metric's own labels. */
  #labels: Label[] = []
  #tMs: number | undefined

  constructor(reader: ProtoReader, sink: FamilySink) {
    this.#reader = reader
    this.#sink = sink
  }

  /** Reads the family from `pos` to `end`. */
  read(): void {
    const reader = this.#reader
    const metrics: { start: number; end: number }[] = []
    this.#name = ''
    let help = ''
    let unit = ''
    let type = 0
    while (reader.next() !== 0) {
      if (reader.field === 1) this.#name = reader.string()
      else if (reader.field === 2) help = reader.string()
      else if (reader.field === 3) type = reader.uint()
      else if (reader.field === 4) {
        reader.range()
        metrics.push({ start: reader.start, end: reader.stop })
      } else if (reader.field === 5) unit = reader.string()
      else reader.skip()
    }
    if (this.#name === '') throw new WireError('WIRE_MALFORMED', 'cannot read families: one has no name', { offset: reader.pos })
    this.#sink.metadata({ metric: this.#name, type: TYPES[type] ?? 'unknown', help, unit })
    const { pos, end } = reader
    for (const metric of metrics) {
      reader.pos = metric.start
      reader.end = metric.end
      this.#readMetric(metric)
    }
    reader.pos = pos
    reader.end = end
  }

  #readMetric({ start, end }: { readonly start: number; readonly end: number }): void {
    const reader = this.#reader
    this.#labels = []
    this.#tMs = undefined
    while (reader.next() !== 0) {
      if (reader.field === 1) this.#labels.push(readLabel(reader))
      else if (reader.field === 6) this.#tMs = reader.int()
      else reader.skip()
    }
    reader.pos = start
    reader.end = end
    while (reader.next() !== 0) {
      const { field } = reader
      if (field === 1 || field === 6 || reader.wire !== 2) {
        reader.skip()
        continue
      }
      const outer = reader.enter()
      if (field === 2 || field === 3 || field === 5) this.#readSimple()
      else if (field === 4) this.#readSummary()
      else if (field === 7) this.#readHistogram()
      reader.leave(outer)
    }
  }

  /** Gauge, Counter and Untyped have their value in field 1; a counter may have an exemplar in field 2. */
  #readSimple(): void {
    const reader = this.#reader
    let valueLow = 0
    let valueHigh = 0
    let exemplar: FamilyExemplar | undefined
    while (reader.next() !== 0) {
      if (reader.field === 1) {
        reader.fixed64()
        valueLow = reader.low
        valueHigh = reader.high
      } else if (reader.field === 2 && reader.wire === 2) exemplar = readExemplar(reader)
      else reader.skip()
    }
    this.#emit(this.#name, undefined, { valueLow, valueHigh, exemplar })
  }

  #readSummary(): void {
    const reader = this.#reader
    let count = 0
    let sum: Words = ZERO
    while (reader.next() !== 0) {
      if (reader.field === 1) count = reader.uint()
      else if (reader.field === 2) sum = readWords(reader)
      else if (reader.field === 3) this.#readQuantile()
      else reader.skip()
    }
    this.#emit(`${this.#name}_count`, undefined, wordsOf(count))
    this.#emit(`${this.#name}_sum`, undefined, sum)
  }

  #readQuantile(): void {
    const reader = this.#reader
    const outer = reader.enter()
    let quantile = 0
    let value: Words = ZERO
    while (reader.next() !== 0) {
      if (reader.field === 1) quantile = reader.double()
      else if (reader.field === 2) value = readWords(reader)
      else reader.skip()
    }
    reader.leave(outer)
    this.#emit(this.#name, { name: 'quantile', value: printBound(quantile) }, value)
  }

  #readHistogram(): void {
    const reader = this.#reader
    let count = 0
    let sum: Words = ZERO
    let hasInfinite = false
    while (reader.next() !== 0) {
      if (reader.field === 1) count = reader.uint()
      else if (reader.field === 4 && reader.wire === 1) count = reader.double() || count
      else if (reader.field === 2) sum = readWords(reader)
      else if (reader.field === 3) hasInfinite = this.#readBucket() === Infinity || hasInfinite
      else reader.skip()
    }
    if (!hasInfinite) this.#emit(`${this.#name}_bucket`, { name: 'le', value: '+Inf' }, wordsOf(count))
    this.#emit(`${this.#name}_count`, undefined, wordsOf(count))
    this.#emit(`${this.#name}_sum`, undefined, sum)
  }

  /** Reads one classic bucket; returns its bound. */
  #readBucket(): number {
    const reader = this.#reader
    const outer = reader.enter()
    let count = 0
    let bound = 0
    let exemplar: FamilyExemplar | undefined
    while (reader.next() !== 0) {
      if (reader.field === 1) count = reader.uint()
      else if (reader.field === 4 && reader.wire === 1) count = reader.double() || count
      else if (reader.field === 2) bound = reader.double()
      else if (reader.field === 3) exemplar = readExemplar(reader)
      else reader.skip()
    }
    reader.leave(outer)
    this.#emit(`${this.#name}_bucket`, { name: 'le', value: printBound(bound) }, { ...wordsOf(count), exemplar })
    return bound
  }

  #emit(
    name: string,
    extra: Label | undefined,
    { valueLow, valueHigh, exemplar }: Words & { readonly exemplar?: FamilyExemplar | undefined },
  ): void {
    const series = this.#series
    series.clear()
    series.add(METRIC_NAME, name)
    for (const label of this.#labels) series.add(label.name, label.value)
    if (extra !== undefined) series.add(extra.name, extra.value)
    this.#sink.sample(series, { valueLow, valueHigh, tMs: this.#tMs, exemplar })
  }
}

interface Words {
  readonly valueLow: number
  readonly valueHigh: number
}

const ZERO: Words = { valueLow: 0, valueHigh: 0 }

function readWords(reader: ProtoReader): Words {
  reader.fixed64()
  return { valueLow: reader.low, valueHigh: reader.high }
}

function wordsOf(value: number): Words {
  double[0] = value
  return { valueLow: words[0]!, valueHigh: words[1]! }
}

function readLabel(reader: ProtoReader): Label {
  const outer = reader.enter()
  let name = ''
  let value = ''
  while (reader.next() !== 0) {
    if (reader.field === 1) name = reader.string()
    else if (reader.field === 2) value = reader.string()
    else reader.skip()
  }
  reader.leave(outer)
  return { name, value }
}

function readExemplar(reader: ProtoReader): FamilyExemplar {
  const outer = reader.enter()
  const labels: Label[] = []
  let value: Words = ZERO
  let tMs: number | undefined
  while (reader.next() !== 0) {
    if (reader.field === 1) labels.push(readLabel(reader))
    else if (reader.field === 2) value = readWords(reader)
    else if (reader.field === 3) tMs = readTimestamp(reader)
    else reader.skip()
  }
  reader.leave(outer)
  return { labels, ...value, tMs }
}

/** A google.protobuf.Timestamp in milliseconds. */
function readTimestamp(reader: ProtoReader): number {
  const outer = reader.enter()
  let tMs = 0
  while (reader.next() !== 0) {
    if (reader.field === 1) tMs += reader.int() * 1_000
    else if (reader.field === 2) tMs += Math.floor(reader.int() / 1e6)
    else reader.skip()
  }
  reader.leave(outer)
  return tMs
}

const TYPES: readonly MetricType[] = ['counter', 'gauge', 'summary', 'unknown', 'histogram', 'gaugehistogram']
const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)
