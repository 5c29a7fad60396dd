// OTLP metrics as Prometheus series. A hot path (bench/HOTPATHS.md).
//
// Source: opentelemetry-proto 1.11 metrics.proto; Prometheus 3.14 storage/remote/otlptranslator.

import type { Clock, MetricType } from '@oriel/model'
import { ProtoReader } from '../protobuf.ts'
import type { MetricTarget } from '../series.ts'
import { typeLabels } from '../series.ts'
import { DeltaTotals } from './metrics-deltas.ts'
import { scaleFault } from './metrics-histogram.ts'
import type { OtlpMetricKind } from './metrics-names.ts'
import { prometheusMetricName, prometheusUnit } from './metrics-names.ts'
import type { OtlpPointKind } from './metrics-point.ts'
import { OtlpPoint, readPoint } from './metrics-point.ts'
import type { ResourceLabels, ScopeLabels } from './metrics-series.ts'
import type { OtlpMetricSettings } from './metrics-settings.ts'
import { DEFAULT_OTLP_SETTINGS } from './metrics-settings.ts'
import { OtlpWriter } from './metrics-writer.ts'
import { walkOtlp } from './resource.ts'

/** What became of a body's data points. */
export interface OtlpMetricCounts {
  readonly points: number
  readonly rejectedPoints: number
}

/** The reason for which whole metrics of delta temporality are refused. */
export const DELTA_TEMPORALITY =
  'delta temporality is not stored: send cumulative (OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=cumulative), or turn on the feature otlp-deltatocumulative or otlp-native-delta-ingestion'

/** What a decoder may go on with. */
export interface OtlpDecoderOptions {
  readonly totals?: DeltaTotals
  readonly now?: Clock
}

/** Decodes one tenant's OTLP metrics and remembers its series between bodies. Takes one body at a time. */
export class OtlpMetricsDecoder {
  readonly totals: DeltaTotals
  readonly #now: Clock
  readonly #settings: OtlpMetricSettings
  /** Whether the metric that is read is of deltas to be summed. */
  #isSummed = false
  readonly #writer: OtlpWriter
  readonly #names = new Map<string, string>()
  readonly #point = new OtlpPoint()
  #target: MetricTarget | undefined
  #resource: ResourceLabels | undefined
  #scope: ScopeLabels | undefined
  #points = 0
  #rejected = 0
  /** Times of the current resource's points, for its `target_info`. */
  #firstMs = Infinity
  #lastMs = -Infinity

  /** `totals` and `now` are for deltas that are summed. */
  constructor(
    settings: OtlpMetricSettings = DEFAULT_OTLP_SETTINGS,
    { totals = new DeltaTotals(), now = Date.now }: OtlpDecoderOptions = {},
  ) {
    this.#settings = settings
    this.totals = totals
    this.#now = now
    this.#writer = new OtlpWriter(settings)
  }

  /**
   * Decodes an `ExportMetricsServiceRequest` into `target`. Sums and histograms must be cumulative unless the settings say otherwise.
   *
   * Throws `WireError` for bytes that are no such message; the caller then cuts its block back.
   */
  decode(body: Uint8Array, target: MetricTarget): OtlpMetricCounts {
    this.#target = target
    this.#writer.begin(target)
    this.#points = 0
    this.#rejected = 0
    this.#resource = undefined
    walkOtlp(new ProtoReader(body), {
      resource: (source, start, end) => {
        this.#writeTargetInfo()
        this.#resource = this.#writer.series.resource(source, start, end)
      },
      scopeGroup: (reader) => this.#readScope(reader),
    })
    this.#writeTargetInfo()
    return { points: this.#points, rejectedPoints: this.#rejected }
  }

  #readScope(reader: ProtoReader): void {
    this.#scope = this.#settings.promotesScope ? this.#findScope(reader) : undefined
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

  /** Scope and schema, which stands after the metrics. The reader is left at the start. */
  #findScope(reader: ProtoReader): ScopeLabels | undefined {
    const start = reader.pos
    let scope = { start, stop: start }
    let schemaUrl = ''
    while (reader.next() !== 0) {
      if (reader.field === 1) {
        reader.range()
        scope = { start: reader.start, stop: reader.stop }
      } else if (reader.field === 3) schemaUrl = reader.string()
      else reader.skip()
    }
    reader.pos = start
    return this.#writer.series.scope(reader.bytes, scope.start, scope.stop, schemaUrl)
  }

  #readMetric(reader: ProtoReader): void {
    let name = ''
    let help = ''
    let unit = ''
    let field = 0
    let data = 0
    let dataEnd = 0
    while (reader.next() !== 0) {
      const { field: found } = reader
      if (found === 1) name = reader.string()
      else if (found === 2) help = reader.string()
      else if (found === 3) unit = reader.string()
      else if (found in POINT_KINDS) {
        reader.range()
        field = found
        data = reader.start
        dataEnd = reader.stop
      } else reader.skip()
    }
    // Data is read when name and unit are known, wherever they stood.
    if (field !== 0) this.#readData(new ProtoReader(reader.bytes, data, dataEnd), field, { name, help, unit })
  }

  #readData(reader: ProtoReader, field: number, { name, help, unit }: MetricHead): void {
    const { temporality, isMonotonic } = readForm(reader)
    const isDelta = hasTemporality(field) && temporality === DELTA
    if (hasTemporality(field) && temporality !== CUMULATIVE && !(isDelta && this.#settings.deltas !== 'refused')) {
      this.#refuseAll(reader, isDelta ? DELTA_TEMPORALITY : 'a metric has no temporality', name)
      return
    }
    const kind = kindOf(field, isMonotonic)
    this.#isSummed = isDelta && this.#settings.deltas === 'summed'
    const isStoredDelta = isDelta && !this.#isSummed
    const metric = this.#nameOf(name, unit, kind)
    if (metric === '') {
      this.#refuseAll(reader, 'a metric has no name that Prometheus could use', name)
      return
    }
    const type = isStoredDelta ? 'unknown' : TYPES[kind]
    const typed = this.#target!.wantsTypes ? typeLabels(type, prometheusUnit(unit)) : []
    this.#writer.open({
      resource: this.#resource!,
      scope: this.#scope,
      name: metric,
      key: encoder.encode(typed.length === 0 ? metric : JSON.stringify([metric, typed])),
      typed,
      kind,
      isDelta: isStoredDelta,
    })
    this.#target!.metadata({ metric, type, help, unit: prometheusUnit(unit) })
    forEachPoint(reader, () => this.#readPoint(reader, POINT_KINDS[field]!, name))
  }

  #readPoint(reader: ProtoReader, kind: OtlpPointKind, metric: string): void {
    const point = this.#point
    readPoint(reader, point, kind)
    const fault = faultOf(point, kind)
    if (fault !== '') {
      this.#refuse(fault, metric)
      return
    }
    this.#writer.point(point, reader.bytes)
    const late = this.#isSummed && !point.isStale ? this.#sum(kind) : ''
    if (late !== '') this.#refuse(late, metric)
    else if (!this.#write(kind)) this.#rejected++
    else {
      this.#points++
      this.#firstMs = Math.min(this.#firstMs, point.tMs)
      this.#lastMs = Math.max(this.#lastMs, point.tMs)
    }
  }

  /** Makes the point a total; why that cannot be, '' where it is one. */
  #sum(kind: OtlpPointKind): string {
    const outcome = this.totals.add(`${kind} ${this.#writer.streamKey()}`, this.#point, kind, this.#now())
    if (outcome === 'summed') return kind === 'exponential' ? scaleFault(this.#point) : ''
    return outcome === 'late' ? 'a delta is no newer than those summed before it' : 'there are too many streams of deltas'
  }

  #write(kind: OtlpPointKind): boolean {
    if (kind === 'number') return this.#writer.number()
    if (kind === 'summary') return this.#writer.summary()
    if (kind === 'exponential') return this.#writer.exponential()
    return this.#settings.convertsToNhcb ? this.#writer.converted() : this.#writer.histogram()
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
      metric = prometheusMetricName(name, unit, kind, this.#settings.strategy)
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

// Fields of Metric that hold data.
const GAUGE = 5
const SUM = 7
const HISTOGRAM = 9
const EXPONENTIAL = 10
const SUMMARY = 11
const POINT_KINDS: Readonly<Record<number, OtlpPointKind>> = {
  [GAUGE]: 'number',
  [SUM]: 'number',
  [HISTOGRAM]: 'histogram',
  [EXPONENTIAL]: 'exponential',
  [SUMMARY]: 'summary',
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

function hasTemporality(field: number): boolean {
  return field === SUM || field === HISTOGRAM || field === EXPONENTIAL
}

function kindOf(field: number, isMonotonic: boolean): OtlpMetricKind {
  if (field === HISTOGRAM || field === EXPONENTIAL) return 'histogram'
  if (field === SUMMARY) return 'summary'
  if (field === GAUGE) return 'gauge'
  return isMonotonic ? 'counter' : 'updown'
}

/** Why a point can not be stored, '' for a good one. */
function faultOf(point: OtlpPoint, kind: OtlpPointKind): string {
  if (point.tMs === 0) return 'a data point has no time'
  if (kind === 'number' && !point.hasValue && !point.isStale) return 'a data point has no value'
  return kind === 'exponential' ? scaleFault(point) : ''
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
