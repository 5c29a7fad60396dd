// The protobuf form of exposition: a stream of MetricFamily messages, each after its length.
//
// Source: prometheus/client_model 0.6 metrics.proto; Prometheus 3.14 model/textparse/protobufparse.go.

import type { Label, MetricMetadata, MetricType } from '@oriel/model'
import { COUNTER_RESET_HINTS, METRIC_NAME } from '@oriel/model'
import { WireError } from '../errors.ts'
import { compactBuckets } from '../histogram/buckets.ts'
import { ClassicHistogram } from '../histogram/custom-bounds.ts'
import type { HistogramDraft } from '../histogram/draft.ts'
import { printBound } from '../prom-text/go-float.ts'
import { decodeUtf8 } from '../prom-text/series.ts'
import { ProtoReader } from '../protobuf.ts'
import { LabelBytes, typeLabels, withTypes } from '../series.ts'
import { readExemplar, readLabel, readTimestamp } from './exemplar.ts'
import type { FamilyExemplar } from './exemplar.ts'
import { FamilyHistogram } from './histogram.ts'

/** What is read of one sample; `tMs` where the target gave a time. */
export interface FamilySample {
  readonly valueLow: number
  readonly valueHigh: number
  readonly tMs: number | undefined
  /** When its counter began, 0 for unknown. */
  readonly startMs: number
  readonly exemplar: FamilyExemplar | undefined
}

/** What is read of one native histogram beside itself. */
export interface FamilyHistogramSample {
  readonly tMs: number | undefined
  readonly startMs: number
  /** All have a time. */
  readonly exemplars: readonly FamilyExemplar[]
}

/** Where families go. */
export interface FamilySink {
  metadata(metadata: MetricMetadata): void
  /** One sample of the series with these label bytes, which are valid until this returns. */
  sample(series: LabelBytes, sample: FamilySample): void
  /** A native histogram, compact and not yet checked; the draft is valid until this returns. */
  histogram(series: LabelBytes, draft: HistogramDraft, sample: FamilyHistogramSample): void
}

/** Which forms of histograms are wanted, named after Prometheus's settings. */
export interface HistogramForms {
  /** `scrape_native_histograms`: without it native parts are passed over, and a histogram without buckets is its count and sum. */
  readonly scrapesNativeHistograms: boolean
  /** `always_scrape_classic_histograms`: buckets are taken beside the native form too. */
  readonly alwaysScrapesClassic: boolean
  /** `convert_classic_histograms_to_nhcb`: a histogram without native form becomes one with the bounds of its buckets. */
  readonly convertsToNhcb: boolean
}

/** Buckets alone, as a Prometheus that is told nothing. */
export const CLASSIC_ONLY: HistogramForms = {
  scrapesNativeHistograms: false,
  alwaysScrapesClassic: false,
  convertsToNhcb: false,
}

/** Decodes a body of length-delimited families; with `hasTypes` their types and units are labels. Throws `WireError`. */
export function decodeFamilies(
  body: Uint8Array,
  sink: FamilySink,
  forms: HistogramForms = CLASSIC_ONLY,
  { hasTypes = false }: { readonly hasTypes?: boolean } = {},
): void {
  const reader = new ProtoReader(body)
  const families = new Families(reader, sink, { ...forms, hasTypes })
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
  readonly #forms: HistogramForms & { readonly hasTypes: boolean }
  /** Of the current family. */
  #typed: readonly Label[] = []
  readonly #series = new LabelBytes()
  readonly #histogram = new FamilyHistogram()
  readonly #classic = new ClassicHistogram()
  #name = ''
  #type = 0
  /** The current metric's own labels. */
  #labels: Label[] = []
  #tMs: number | undefined
  #startMs = 0

  constructor(reader: ProtoReader, sink: FamilySink, forms: HistogramForms & { readonly hasTypes: boolean }) {
    this.#reader = reader
    this.#sink = sink
    this.#forms = forms
  }

  /** Reads the family from `pos` to `end`. One without metrics says nothing. */
  read(): void {
    const reader = this.#reader
    const metrics: { start: number; end: number }[] = []
    this.#name = ''
    this.#type = 0
    let help = ''
    let unit = ''
    while (reader.next() !== 0) {
      if (reader.field === 1) this.#name = readText(reader)
      else if (reader.field === 2) help = readText(reader)
      else if (reader.field === 3) this.#type = reader.uint()
      else if (reader.field === 4) {
        reader.range()
        metrics.push({ start: reader.start, end: reader.stop })
      } else if (reader.field === 5) unit = reader.string()
      else reader.skip()
    }
    if (metrics.length === 0) return
    if (this.#name === '') throw malformed('one has no name', reader.pos)
    const type = TYPES[this.#type]
    if (type === undefined) throw malformed(`unknown metric type for metric "${this.#name}": ${this.#type}`, reader.pos)
    this.#sink.metadata({ metric: this.#name, type, help, unit })
    this.#typed = this.#forms.hasTypes ? typeLabels(type, unit) : []
    const { pos, end } = reader
    for (const metric of metrics) {
      reader.pos = metric.start
      reader.end = metric.end
      this.#readMetric()
    }
    reader.pos = pos
    reader.end = end
  }

  #readMetric(): void {
    const reader = this.#reader
    const wanted = FIELDS[this.#type]!
    this.#labels = []
    this.#tMs = undefined
    this.#startMs = 0
    let data = { start: reader.end, stop: reader.end }
    while (reader.next() !== 0) {
      if (reader.field === 1) this.#labels.push(readLabel(reader))
      else if (reader.field === 6) this.#tMs = reader.int() || undefined
      else if (reader.field === wanted) {
        reader.range()
        data = { start: reader.start, stop: reader.stop }
      } else reader.skip()
    }
    reader.pos = data.start
    reader.end = data.stop
    if (wanted === HISTOGRAM_FIELD) this.#readHistogram()
    else if (wanted === SUMMARY_FIELD) this.#readSummary()
    else this.#readSimple()
  }

  /** Gauge, Counter and Untyped have their value in field 1; a counter may have an exemplar in field 2 and a start in 3. */
  #readSimple(): void {
    const reader = this.#reader
    let value = ZERO
    let exemplar: FamilyExemplar | undefined
    while (reader.next() !== 0) {
      if (reader.field === 1) value = readWords(reader)
      else if (reader.field === 2 && reader.wire === 2) exemplar = readExemplar(reader)
      else if (reader.field === 3 && reader.wire === 2) this.#startMs = readTimestamp(reader)
      else reader.skip()
    }
    this.#emit(this.#name, undefined, { ...value, exemplar })
  }

  #readSummary(): void {
    const reader = this.#reader
    const quantiles: { quantile: number; value: Words }[] = []
    let count = 0
    let sum = ZERO
    while (reader.next() !== 0) {
      if (reader.field === 1) count = reader.uint()
      else if (reader.field === 2) sum = readWords(reader)
      else if (reader.field === 3) quantiles.push(readQuantile(reader))
      else if (reader.field === 4) this.#startMs = readTimestamp(reader)
      else reader.skip()
    }
    this.#emit(`${this.#name}_count`, undefined, wordsOf(count))
    this.#emit(`${this.#name}_sum`, undefined, sum)
    for (const { quantile, value } of quantiles) this.#emit(this.#name, { name: 'quantile', value: printBound(quantile) }, value)
  }

  #readHistogram(): void {
    const histogram = this.#histogram
    const { scrapesNativeHistograms, alwaysScrapesClassic, convertsToNhcb } = this.#forms
    histogram.read(this.#reader)
    this.#startMs = histogram.startMs
    if (scrapesNativeHistograms && histogram.isNative) {
      if (histogram.spanFault !== '') throw malformed(`histogram "${this.#name}": ${histogram.spanFault}`, this.#reader.pos)
      compactBuckets(histogram.draft)
      this.#emitNative(histogram.draft)
      if (alwaysScrapesClassic && histogram.buckets.length > 0) this.#emitClassic(histogram)
      return
    }
    if (!convertsToNhcb || alwaysScrapesClassic) this.#emitClassic(histogram)
    if (convertsToNhcb) this.#emitConverted(histogram)
  }

  #emitConverted({ buckets, count, draft }: FamilyHistogram): void {
    const classic = this.#classic
    classic.clear()
    classic.setCount(count)
    classic.setSum(draft.sumLow, draft.sumHigh)
    for (const bucket of buckets) classic.setBucket(bucket.bound, bucket.count)
    const fault = classic.fillDraft(draft)
    if (fault !== '') throw malformed(`histogram "${this.#name}": ${fault}`, this.#reader.pos)
    this.#emitNative(draft)
  }

  #emitNative(draft: HistogramDraft): void {
    if (this.#type === GAUGE_HISTOGRAM) draft.resetHint = COUNTER_RESET_HINTS.indexOf('gauge')
    const exemplars = this.#histogram.nativeExemplars
    this.#sink.histogram(this.#named(this.#name), draft, { tMs: this.#tMs, startMs: this.#startMs, exemplars })
  }

  #emitClassic({ buckets, count, draft }: FamilyHistogram): void {
    this.#emit(`${this.#name}_count`, undefined, wordsOf(count))
    this.#emit(`${this.#name}_sum`, undefined, { valueLow: draft.sumLow, valueHigh: draft.sumHigh })
    const name = `${this.#name}_bucket`
    for (const bucket of buckets) {
      this.#emit(name, { name: 'le', value: printBound(bucket.bound) }, { ...wordsOf(bucket.count), exemplar: bucket.exemplar })
      if (bucket.bound === Infinity) return
    }
    this.#emit(name, { name: 'le', value: '+Inf' }, wordsOf(count))
  }

  #emit(
    name: string,
    extra: Label | undefined,
    { valueLow, valueHigh, exemplar }: Words & { readonly exemplar?: FamilyExemplar | undefined },
  ): void {
    const series = this.#named(name)
    if (extra !== undefined) series.add(extra.name, extra.value)
    this.#sink.sample(series, { valueLow, valueHigh, tMs: this.#tMs, startMs: this.#startMs, exemplar })
  }

  /** The current metric's labels under a name. */
  #named(name: string): LabelBytes {
    const series = this.#series
    series.clear()
    series.add(METRIC_NAME, name)
    for (const label of withTypes(this.#labels, this.#typed)) series.add(label.name, label.value)
    return series
  }
}

interface Words {
  readonly valueLow: number
  readonly valueHigh: number
}

const ZERO: Words = { valueLow: 0, valueHigh: 0 }

function readQuantile(reader: ProtoReader): { readonly quantile: number; readonly value: Words } {
  const outer = reader.enter()
  let quantile = 0
  let value = ZERO
  while (reader.next() !== 0) {
    if (reader.field === 1) quantile = reader.double()
    else if (reader.field === 2) value = readWords(reader)
    else reader.skip()
  }
  reader.leave(outer)
  return { quantile, value }
}

function readWords(reader: ProtoReader): Words {
  reader.fixed64()
  return { valueLow: reader.low, valueHigh: reader.high }
}

/** Text that must be UTF-8. */
function readText(reader: ProtoReader): string {
  reader.range()
  return decodeUtf8(reader.bytes, reader.start, reader.stop)
}

function wordsOf(value: number): Words {
  double[0] = value
  return { valueLow: words[0]!, valueHigh: words[1]! }
}

function malformed(what: string, offset: number): WireError {
  return new WireError('WIRE_MALFORMED', `cannot read families: ${what}`, { offset })
}

const TYPES: readonly MetricType[] = ['counter', 'gauge', 'summary', 'unknown', 'histogram', 'gaugehistogram']
const GAUGE_HISTOGRAM = 5
/** The field of a Metric that holds the data of each type. */
const FIELDS: readonly number[] = [3, 2, 4, 5, 7, 7]
const SUMMARY_FIELD = 4
const HISTOGRAM_FIELD = 7
const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)
