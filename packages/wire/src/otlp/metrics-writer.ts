// A data point as samples of its series. A hot path (bench/HOTPATHS.md).
//
// Source: Prometheus 3.14 storage/remote/otlptranslator/prometheusremotewrite helper.go and histograms.go.

import type { Label } from '@oriel/model'
import { METRIC_NAME, STALE_HIGH, STALE_LOW } from '@oriel/model'
import { HistogramDraft } from '../histogram/draft.ts'
import { emitHistogram } from '../histogram/emit.ts'
import { ProtoReader } from '../protobuf.ts'
import type { MetricTarget } from '../series.ts'
import { readKeyValue } from './any-value.ts'
import { fillExplicit, fillExponential } from './metrics-histogram.ts'
import type { OtlpMetricKind } from './metrics-names.ts'
import type { OtlpPoint } from './metrics-point.ts'
import { readExemplar } from './metrics-point.ts'
import { attributeLabels, OtlpSeries } from './metrics-series.ts'
import type { ResourceLabels, ScopeLabels } from './metrics-series.ts'
import type { OtlpMetricSettings } from './metrics-settings.ts'

/** The metric whose points are being written, and what it is in. */
export interface OpenMetric {
  readonly resource: ResourceLabels
  readonly scope: ScopeLabels | undefined
  readonly name: string
  /** Labels of type and unit. */
  readonly typed: readonly Label[]
  /** The name's bytes, for keys; with type and unit where these are labels. */
  readonly key: Uint8Array
  readonly kind: OtlpMetricKind
  readonly isDelta: boolean
}

/** Writes points of one tenant; remembers their series between bodies. */
export class OtlpWriter {
  readonly series: OtlpSeries
  readonly #settings: OtlpMetricSettings
  readonly #draft = new HistogramDraft()
  #target: MetricTarget | undefined
  #metric: OpenMetric | undefined
  #point: OtlpPoint | undefined
  /** What the point's ranges are in. */
  #bytes: Uint8Array = new Uint8Array(0)

  constructor(settings: OtlpMetricSettings) {
    this.#settings = settings
    this.series = new OtlpSeries(settings)
  }

  begin(target: MetricTarget): void {
    this.#target = target
    this.series.begin(target)
  }

  /** Names the metric of the points that follow. */
  open(metric: OpenMetric): void {
    this.#metric = metric
  }

  /** Turns to a point, whose ranges are in `bytes`; one of the writing methods follows. */
  point(point: OtlpPoint, bytes: Uint8Array): void {
    const { resource, scope, key } = this.#metric!
    const { series } = this
    this.#point = point
    this.#bytes = bytes
    series.startKey(resource, scope, key)
    series.addKey(bytes, point.attributesStart, point.attributesEnd)
    for (const { start, end } of point.moreAttributes) series.addKey(bytes, start, end)
  }

  /** The labels of the point's metric as a key: the same for the same series, in whatever order attributes come. */
  streamKey(): string {
    return JSON.stringify([...this.#labels(this.#metric!.name)].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** A value; false, as from all of these, where something of it was refused. */
  number(): boolean {
    const { valueLow, valueHigh } = this.#point!
    const { name, kind } = this.#metric!
    const ref = (this.series.find() ?? this.series.learn(1, () => this.#labels(name)))[0]!
    const isTaken = this.#sample(ref, valueLow, valueHigh)
    if (isTaken && kind === 'counter') this.#exemplars(ref)
    return isTaken
  }

  /** Classic buckets: cumulative counts, `+Inf` equal to the count, the sum where there is one. */
  histogram(): boolean {
    const point = this.#point!
    const { name } = this.#metric!
    const bounds = Math.min(point.bounds.length, point.bucketCounts.length)
    for (let i = 0; i < bounds; i++) this.series.addKeyDouble(point.bounds[i]!)
    const labelsOf = (i: number): Map<string, string> => {
      if (i === 0) return this.#labels(`${name}_sum`)
      if (i === 1) return this.#labels(`${name}_count`)
      return this.#labels(`${name}_bucket`, 'le', i === 2 ? '+Inf' : printDecimal(point.bounds[i - 3]!))
    }
    const refs = this.series.find() ?? this.series.learn(3 + bounds, labelsOf)
    let isTaken = this.#number(refs[1]!, point.count)
    if (point.hasValue) isTaken = this.#sample(refs[0]!, point.valueLow, point.valueHigh) && isTaken
    let below = 0
    for (let i = 0; i < bounds; i++) {
      below += point.bucketCounts[i]!
      isTaken = this.#number(refs[3 + i]!, below) && isTaken
    }
    isTaken = this.#number(refs[2]!, point.count) && isTaken
    if (isTaken) this.#bucketExemplars(refs, bounds)
    return isTaken
  }

  /** An explicit histogram as a native one with its bounds. */
  converted(): boolean {
    fillExplicit(this.#draft, this.#point!, this.#metric!.isDelta)
    return this.#native()
  }

  /** An exponential histogram, whose scale was found good. */
  exponential(): boolean {
    fillExponential(this.#draft, this.#point!, this.#metric!.isDelta)
    return this.#native()
  }

  summary(): boolean {
    const point = this.#point!
    const { name } = this.#metric!
    for (const { quantile } of point.quantiles) this.series.addKeyDouble(quantile)
    const labelsOf = (i: number): Map<string, string> => {
      if (i === 0) return this.#labels(`${name}_sum`)
      if (i === 1) return this.#labels(`${name}_count`)
      return this.#labels(name, 'quantile', printDecimal(point.quantiles[i - 2]!.quantile))
    }
    const refs = this.series.find() ?? this.series.learn(2 + point.quantiles.length, labelsOf)
    // An absent sum of a summary is 0, as everywhere in proto3.
    const [low, high] = point.hasValue ? [point.valueLow, point.valueHigh] : [0, 0]
    let isTaken = this.#sample(refs[0]!, low, high)
    isTaken = this.#number(refs[1]!, point.count) && isTaken
    for (const [i, quantile] of point.quantiles.entries())
      isTaken = this.#sample(refs[2 + i]!, quantile.low, quantile.high) && isTaken
    return isTaken
  }

  #native(): boolean {
    const { name } = this.#metric!
    // Not the key of `histogram`, which a change of the settings may have learnt for the same point.
    this.series.addKeyNumber(NATIVE)
    const ref = (this.series.find() ?? this.series.learn(1, () => this.#labels(name)))[0]!
    const isTaken = this.#point!.isStale ? this.#sample(ref, 0, 0) : emitHistogram(this.#target!, ref, this.#draft)
    if (isTaken) this.#exemplars(ref)
    return isTaken
  }

  #bucketExemplars(refs: readonly number[], bounds: number): void {
    const { exemplars, bounds: upTo } = this.#point!
    for (const { start, end } of exemplars) {
      const exemplar = readExemplar(this.#bytes, start, end)
      if (exemplar === undefined) continue
      let bucket = 0
      while (bucket < bounds && exemplar.value > upTo[bucket]!) bucket++
      this.#target!.exemplar(bucket === bounds ? refs[2]! : refs[3 + bucket]!, this.#timed(exemplar))
    }
  }

  #exemplars(ref: number): void {
    for (const { start, end } of this.#point!.exemplars) {
      const exemplar = readExemplar(this.#bytes, start, end)
      if (exemplar !== undefined) this.#target!.exemplar(ref, this.#timed(exemplar))
    }
  }

  /** An exemplar without a time has its point's. */
  #timed<Exemplar extends { readonly tMs: number }>(exemplar: Exemplar): Exemplar {
    return exemplar.tMs === 0 ? { ...exemplar, tMs: this.#point!.tMs } : exemplar
  }

  #number(ref: number, value: number): boolean {
    double[0] = value
    return this.#sample(ref, words[0]!, words[1]!)
  }

  #sample(ref: number, low: number, high: number): boolean {
    const target = this.#target!
    const { tMs, startMs, isStale } = this.#point!
    if (isStale) return target.sample(ref, tMs, STALE_LOW, STALE_HIGH)
    if (!target.sample(ref, tMs, low, high)) return false
    if (startMs !== 0 && target.wantsStarts) target.start(ref, tMs, startMs)
    return true
  }

  /** The labels of a series of the current point: attributes, then the resource's, the scope's, type and unit, then ours, later ones winning. */
  #labels(name: string, extra?: string, value = ''): Map<string, string> {
    const { resource, scope, typed } = this.#metric!
    const labels = new Map<string, string>()
    attributeLabels(this.#attributes(), labels, this.#settings)
    for (const [promoted, own] of resource.promoted) if (!labels.has(promoted)) labels.set(promoted, own)
    for (const [each, own] of resource.labels) labels.set(each, own)
    if (scope !== undefined) for (const [each, own] of scope.labels) labels.set(each, own)
    for (const label of typed) labels.set(label.name, label.value)
    if (extra !== undefined) labels.set(extra, value)
    labels.set(METRIC_NAME, name)
    return labels
  }

  #attributes(): Record<string, string> {
    const attributes: Record<string, string> = {}
    const { attributesStart, attributesEnd, moreAttributes } = this.#point!
    for (const { start, end } of [{ start: attributesStart, end: attributesEnd }, ...moreAttributes]) {
      const reader = new ProtoReader(this.#bytes, start, end)
      while (reader.next() !== 0) readKeyValue(reader, attributes)
    }
    return attributes
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

// Any number: it follows attributes in a key where a double would.
const NATIVE = 1
const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)
