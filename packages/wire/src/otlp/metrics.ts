// OTLP metrics as Prometheus series. A hot path (bench/HOTPATHS.md).
//
// Source: opentelemetry-proto 1.11 metrics.proto; Prometheus 3.14 storage/remote/otlptranslator, with its default options.

import type { MetricType } from '@oriel/model'
import { METRIC_NAME, STALE_HIGH, STALE_LOW } from '@oriel/model'
import { ProtoReader } from '../protobuf.ts'
import type { MetricTarget } from '../series.ts'
import { readKeyValue } from './any-value.ts'
import type { OtlpMetricKind } from './metrics-names.ts'
import { prometheusMetricName, prometheusUnit } from './metrics-names.ts'
import { OtlpPoint, readExemplar, readHistogramPoint, readNumberPoint, readSummaryPoint } from './metrics-point.ts'
import { attributeLabels, OtlpSeries } from './metrics-series.ts'
import type { ResourceLabels } from './metrics-series.ts'
import { walkOtlp } from './resource.ts'

/** What became of a body's data points. */
export interface OtlpMetricCounts {
  readonly points: number
  readonly rejectedPoints: number
}

/** Reasons for which whole metrics are refused. */
export const DELTA_TEMPORALITY =
  'delta temporality is not stored: send cumulative (OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=cumulative)'
export const EXPONENTIAL_HISTOGRAM =
  'exponential histograms are not stored: send explicit buckets (OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION)'

/** Decodes one tenant's OTLP metrics and remembers its series between bodies. Takes one body at a time. */
export class OtlpMetricsDecoder {
  readonly #series = new OtlpSeries()
  readonly #names = new Map<string, string>()
  readonly #point = new OtlpPoint()
  #target: MetricTarget | undefined
  #resource: ResourceLabels | undefined
  #metric: OpenMetric | undefined
  #points = 0
  #rejected = 0
  /** Times of the current resource's points, for its `target_info`. */
  #firstMs = Infinity
  #lastMs = -Infinity

  /**
   * Decodes an `ExportMetricsServiceRequest` into `target`. Sums and histograms must be cumulative.
   *
   * Throws `WireError` for bytes that are no such message; the caller then cuts its block back.
   */
  decode(body: Uint8Array, target: MetricTarget): OtlpMetricCounts {
    this.#target = target
    this.#series.begin(target)
    this.#points = 0
    this.#rejected = 0
    this.#resource = undefined
    walkOtlp(new ProtoReader(body), {
      resource: (source, start, end) => {
        this.#writeTargetInfo()
        this.#resource = this.#series.resource(source, start, end)
      },
      scopeGroup: (reader) => this.#readScope(reader),
    })
    this.#writeTargetInfo()
    return { points: this.#points, rejectedPoints: this.#rejected }
  }

  #readScope(reader: ProtoReader): void {
    while (reader.next() !== 0) {
      if (reader.field !== 2) {
        reader.skip()
        continue
      }
      const outer = reader.enter()
      this.#readMetric(reader)
      reader.leave(outer)
    }
  }

  #readMetric(reader: ProtoReader): void {
    let name = ''
    let help = ''
    let unit = ''
    let field = 0
    let data = 0
    while (reader.next() !== 0) {
      const { field: found } = reader
      if (found === 1) name = reader.string()
      else if (found === 2) help = reader.string()
      else if (found === 3) unit = reader.string()
      else if (found in READERS) {
        reader.range()
        field = found
        data = reader.start
      } else reader.skip()
    }
    // Data is read when name and unit are known, wherever they stood.
    if (field === 0) return
    const inner = new ProtoReader(reader.bytes, data, reader.stop)
    if (field === EXPONENTIAL) this.#refuseAll(inner, EXPONENTIAL_HISTOGRAM, name)
    else this.#readData(inner, field, { name, help, unit })
  }

  #readData(reader: ProtoReader, field: number, { name, help, unit }: MetricHead): void {
    const { temporality, isMonotonic } = readForm(reader)
    const hasTemporality = field === SUM || field === HISTOGRAM
    if (hasTemporality && temporality !== CUMULATIVE) {
      this.#refuseAll(reader, temporality === DELTA ? DELTA_TEMPORALITY : 'a metric has no temporality', name)
      return
    }
    const kind = kindOf(field, isMonotonic)
    const metric = this.#nameOf(name, unit, kind)
    if (metric === '') {
      this.#refuseAll(reader, 'a metric has no name that Prometheus could use', name)
      return
    }
    this.#metric = { name: metric, key: encoder.encode(metric), kind }
    this.#target!.metadata({ metric, type: TYPES[kind], help, unit: prometheusUnit(unit) })
    forEachPoint(reader, () => this.#readPoint(reader, field))
  }

  #readPoint(reader: ProtoReader, field: number): void {
    const point = this.#point
    if (field === HISTOGRAM) readHistogramPoint(reader, point)
    else if (field === SUMMARY) readSummaryPoint(reader, point)
    else readNumberPoint(reader, point)
    const { name } = this.#metric!
    if (point.tMs === 0) {
      this.#refuse('a data point has no time', name)
      return
    }
    const series = this.#series
    series.startKey(this.#resource!, this.#metric!.key)
    series.addKey(reader.bytes, point.attributesStart, point.attributesEnd)
    for (const { start, end } of point.moreAttributes) series.addKey(reader.bytes, start, end)
    let isTaken = false
    if (field === HISTOGRAM) isTaken = this.#writeHistogram(reader.bytes)
    else if (field === SUMMARY) isTaken = this.#writeSummary(reader.bytes)
    else if (point.hasValue || point.isStale) isTaken = this.#writeNumber(reader.bytes)
    else {
      this.#refuse('a data point has no value', name)
      return
    }
    if (!isTaken) this.#rejected++
    else {
      this.#points++
      this.#firstMs = Math.min(this.#firstMs, point.tMs)
      this.#lastMs = Math.max(this.#lastMs, point.tMs)
    }
  }

  #writeNumber(bytes: Uint8Array): boolean {
    const point = this.#point
    const { name, kind } = this.#metric!
    const ref = (this.#series.find() ?? this.#series.learn(1, () => this.#labels(bytes, name)))[0]!
    const isTaken = this.#sample(ref, point.valueLow, point.valueHigh)
    if (isTaken && kind === 'counter') for (const { start, end } of point.exemplars) this.#writeExemplar(ref, bytes, start, end)
    return isTaken
  }

  /** Classic buckets: cumulative counts, `+Inf` equal to the count, the sum where there is one. */
  #writeHistogram(bytes: Uint8Array): boolean {
    const point = this.#point
    const { name } = this.#metric!
    const bounds = Math.min(point.bounds.length, point.bucketCounts.length)
    for (let i = 0; i < bounds; i++) this.#series.addKeyDouble(point.bounds[i]!)
    const labelsOf = (i: number): Map<string, string> => {
      if (i === 0) return this.#labels(bytes, `${name}_sum`)
      if (i === 1) return this.#labels(bytes, `${name}_count`)
      return this.#labels(bytes, `${name}_bucket`, 'le', i === 2 ? '+Inf' : printDecimal(point.bounds[i - 3]!))
    }
    const refs = this.#series.find() ?? this.#series.learn(3 + bounds, labelsOf)
    let isTaken = this.#number(refs[1]!, point.count)
    if (point.hasValue) isTaken = this.#sample(refs[0]!, point.valueLow, point.valueHigh) && isTaken
    let below = 0
    for (let i = 0; i < bounds; i++) {
      below += point.bucketCounts[i]!
      isTaken = this.#number(refs[3 + i]!, below) && isTaken
    }
    isTaken = this.#number(refs[2]!, point.count) && isTaken
    if (isTaken) this.#writeBucketExemplars(bytes, refs, bounds)
    return isTaken
  }

  #writeBucketExemplars(bytes: Uint8Array, refs: readonly number[], bounds: number): void {
    for (const { start, end } of this.#point.exemplars) {
      const exemplar = readExemplar(bytes, start, end)
      if (exemplar === undefined) continue
      let bucket = 0
      while (bucket < bounds && exemplar.value > this.#point.bounds[bucket]!) bucket++
      this.#target!.exemplar(bucket === bounds ? refs[2]! : refs[3 + bucket]!, this.#timed(exemplar))
    }
  }

  #writeSummary(bytes: Uint8Array): boolean {
    const point = this.#point
    const { name } = this.#metric!
    for (const { quantile } of point.quantiles) this.#series.addKeyDouble(quantile)
    const labelsOf = (i: number): Map<string, string> => {
      if (i === 0) return this.#labels(bytes, `${name}_sum`)
      if (i === 1) return this.#labels(bytes, `${name}_count`)
      return this.#labels(bytes, name, 'quantile', printDecimal(point.quantiles[i - 2]!.quantile))
    }
    const refs = this.#series.find() ?? this.#series.learn(2 + point.quantiles.length, labelsOf)
    // An absent sum of a summary is 0, as everywhere in proto3.
    const [low, high] = point.hasValue ? [point.valueLow, point.valueHigh] : [0, 0]
    let isTaken = this.#sample(refs[0]!, low, high)
    isTaken = this.#number(refs[1]!, point.count) && isTaken
    for (const [i, quantile] of point.quantiles.entries())
      isTaken = this.#sample(refs[2 + i]!, quantile.low, quantile.high) && isTaken
    return isTaken
  }

  #writeExemplar(ref: number, bytes: Uint8Array, start: number, end: number): void {
    const exemplar = readExemplar(bytes, start, end)
    if (exemplar !== undefined) this.#target!.exemplar(ref, this.#timed(exemplar))
  }

  /** An exemplar without a time has its point's. */
  #timed<Exemplar extends { readonly tMs: number }>(exemplar: Exemplar): Exemplar {
    return exemplar.tMs === 0 ? { ...exemplar, tMs: this.#point.tMs } : exemplar
  }

  #number(ref: number, value: number): boolean {
    double[0] = value
    return this.#sample(ref, words[0]!, words[1]!)
  }

  #sample(ref: number, low: number, high: number): boolean {
    const { tMs, isStale } = this.#point
    return this.#target!.sample(ref, tMs, isStale ? STALE_LOW : low, isStale ? STALE_HIGH : high)
  }

  /** The labels of a series of the current point: attributes, then the resource's, then ours, later ones winning. */
  #labels(bytes: Uint8Array, metric: string, extra?: string, value = ''): Map<string, string> {
    const attributes: Record<string, string> = {}
    const { attributesStart, attributesEnd, moreAttributes } = this.#point
    for (const { start, end } of [{ start: attributesStart, end: attributesEnd }, ...moreAttributes]) {
      const reader = new ProtoReader(bytes, start, end)
      while (reader.next() !== 0) readKeyValue(reader, attributes)
    }
    const labels = new Map<string, string>()
    attributeLabels(attributes, labels)
    for (const [name, own] of this.#resource!.labels) labels.set(name, own)
    if (extra !== undefined) labels.set(extra, value)
    labels.set(METRIC_NAME, metric)
    return labels
  }

  /** `target_info` at the resource's newest time, and often enough before it that no lookback misses it. */
  #writeTargetInfo(): void {
    const info = this.#resource?.info
    if (info !== undefined && this.#lastMs >= 0) {
      const ref = this.#target!.series(info, 0, info.length)
      const firstMs = Math.max(this.#firstMs, this.#lastMs - MAX_INFO_SAMPLES * INFO_INTERVAL_MS)
      for (let tMs = firstMs; tMs < this.#lastMs; tMs += INFO_INTERVAL_MS) this.#target!.sample(ref, tMs, 0, ONE_HIGH)
      this.#target!.sample(ref, this.#lastMs, 0, ONE_HIGH)
      this.#target!.metadata(TARGET_INFO)
    }
    this.#firstMs = Infinity
    this.#lastMs = -Infinity
  }

  #nameOf(name: string, unit: string, kind: OtlpMetricKind): string {
    const key = `${kind}\n${unit}\n${name}`
    let metric = this.#names.get(key)
    if (metric === undefined) {
      metric = prometheusMetricName(name, unit, kind)
      if (this.#names.size >= MAX_NAMES) this.#names.clear()
      this.#names.set(key, metric)
    }
    return metric
  }

  #refuseAll(reader: ProtoReader, reason: string, name: string): void {
    forEachPoint(reader, () => this.#refuse(reason, name))
  }

  #refuse(reason: string, name: string): void {
    this.#rejected++
    this.#target!.refuse(reason, 1, () => name)
  }
}

interface MetricHead {
  readonly name: string
  readonly help: string
  readonly unit: string
}

interface OpenMetric {
  readonly name: string
  /** The name's bytes, for keys. */
  readonly key: Uint8Array
  readonly kind: OtlpMetricKind
}

// Fields of Metric that hold data.
const GAUGE = 5
const SUM = 7
const HISTOGRAM = 9
const EXPONENTIAL = 10
const SUMMARY = 11
const READERS: Readonly<Record<number, true>> = {
  [GAUGE]: true,
  [SUM]: true,
  [HISTOGRAM]: true,
  [EXPONENTIAL]: true,
  [SUMMARY]: true,
}

const DELTA = 1
const CUMULATIVE = 2

const TYPES: Readonly<Record<OtlpMetricKind, MetricType>> = {
  gauge: 'gauge',
  updown: 'gauge',
  counter: 'counter',
  histogram: 'histogram',
  summary: 'summary',
}

function kindOf(field: number, isMonotonic: boolean): OtlpMetricKind {
  if (field === HISTOGRAM) return 'histogram'
  if (field === SUMMARY) return 'summary'
  if (field === GAUGE) return 'gauge'
  return isMonotonic ? 'counter' : 'updown'
}

/** Temporality and monotonicity, which stand after the points. The reader is left at the start. */
function readForm(reader: ProtoReader): { readonly temporality: number; readonly isMonotonic: boolean } {
  const start = reader.pos
  let temporality = 0
  let isMonotonic = false
  while (reader.next() !== 0) {
    if (reader.field === 2 && reader.wire === 0) temporality = reader.uint()
    else if (reader.field === 3 && reader.wire === 0) isMonotonic = reader.bool()
    else reader.skip()
  }
  reader.pos = start
  return { temporality, isMonotonic }
}

/** Enters each point of the data message that `reader` is at the start of. */
function forEachPoint(reader: ProtoReader, read: () => void): void {
  while (reader.next() !== 0) {
    if (reader.field !== 1) {
      reader.skip()
      continue
    }
    const outer = reader.enter()
    read()
    reader.leave(outer)
  }
}

/** A bound without an exponent, as Go's FormatFloat(f, 'f', -1, 64). */
export function printDecimal(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : `${value > 0 ? '+' : '-'}Inf`
  const [mantissa = '', exponent] = value.toString().split('e')
  if (exponent === undefined) return mantissa
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.')
  const power = Number(exponent)
  const digits = whole + fraction
  const sign = value < 0 ? '-' : ''
  if (power < 0) return `${sign}0.${'0'.repeat(-power - 1)}${digits}`
  return sign + digits.padEnd(power + 1, '0')
}

// Half of the default lookback: no instant query misses it. Source: Prometheus 3.14 addResourceTargetInfo.
const INFO_INTERVAL_MS = 150_000
// A body that spans more than this long (200 intervals, 8 hours) is an import: its target_info covers the end.
const MAX_INFO_SAMPLES = 200
// The high word of the double 1.
const ONE_HIGH = 0x3ff0_0000
const TARGET_INFO = { metric: 'target_info', type: 'gauge', help: 'Target metadata', unit: '' } as const
// 100,000 names, about 20 MB.
const MAX_NAMES = 100_000
const encoder = new TextEncoder()
const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)
