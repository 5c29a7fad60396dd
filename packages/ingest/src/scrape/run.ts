// One answer of a target into the open block. A hot path (bench/HOTPATHS.md).

import type { Label, Labels, MetricType } from '@oriel/model'
import { METRIC_NAME, STALE_HIGH, STALE_LOW } from '@oriel/model'
import type { FamilySample, MetricTarget } from '@oriel/wire'
import { decodeFamilies, decodeLabelBytes, decodeTextSeries, LabelBytes, parseBound, printBound, TextScanner } from '@oriel/wire'
import { IngestError } from '../errors.ts'
import type { ScrapeConfig } from '../prometheus-config.ts'
import type { ScrapeCache } from './cache.ts'
import { DROPPED, UNRESOLVED } from './cache.ts'
import { sampleLabels, writeLabels } from './sample-labels.ts'

/** What one scrape counted. */
export interface ScrapeCounts {
  /** Samples that the target exposed. */
  readonly scraped: number
  /** Samples left after metric relabeling. */
  readonly kept: number
  /** Series met for the first time. */
  readonly added: number
}

export interface RunOptions {
  readonly job: ScrapeConfig
  readonly targetLabels: Labels
  /** The scrape's time, for samples that bring none. */
  readonly tMs: number
}

/** Appends one scrape's samples and the staleness of what has gone. Used once. `isText` says how the cache's entries are named. */
export class ScrapeRun {
  readonly #cache: ScrapeCache
  readonly #target: MetricTarget
  readonly #options: RunOptions
  readonly #labels = new LabelBytes()
  #decode: (bytes: Uint8Array, start: number, end: number) => Label[] = decodeTextSeries
  #scraped = 0
  #kept = 0
  #added = 0

  constructor(cache: ScrapeCache, target: MetricTarget, options: RunOptions, isText = true) {
    if (!isText) this.#decode = decodeLabelBytes
    this.#cache = cache
    this.#target = target
    this.#options = options
    cache.beginScrape(target.epoch)
  }

  /** Text in either format. Throws `WireError` or `IngestError` INGEST_SCRAPE_FAILED: the block is then cut back by the queue. */
  readText(body: Uint8Array, isOpenMetrics: boolean): ScrapeCounts {
    const scanner = new TextScanner(body, { isOpenMetrics })
    const metadata = new MetadataLines(this.#target)
    for (let line = scanner.next(); line !== 'end'; line = scanner.next())
      if (line === 'sample') this.#readSample(scanner)
      else metadata.add(line, scanner)
    metadata.flush()
    return this.#finish()
  }

  /** Length-delimited protobuf families. Throws as `readText`. */
  readProtobuf(body: Uint8Array): ScrapeCounts {
    decodeFamilies(body, {
      metadata: (metadata) => this.#target.metadata(metadata),
      sample: (series, sample) => this.#readFamilySample(series, sample),
    })
    return this.#finish()
  }

  /** Ends the lives of all series of the target: its scrape failed, or it is gone. */
  endAll(): void {
    this.#cache.endLives(true, (entry) => this.#writeStale(entry))
  }

  #readSample(scanner: TextScanner): void {
    const cache = this.#cache
    let entry = cache.predicted
    if (entry === -1 || !scanner.acceptSeries(cache.bytes, cache.starts[entry]!, cache.starts[entry + 1]!)) {
      scanner.scanSeries()
      entry = cache.find(scanner.bytes, scanner.seriesStart, scanner.seriesEnd)
      if (entry === -1) {
        // Read at once: what cannot be read must fail the scrape before it is remembered.
        this.#decode(scanner.bytes, scanner.seriesStart, scanner.seriesEnd)
        entry = cache.add(scanner.bytes, scanner.seriesStart, scanner.seriesEnd, kindOf(scanner.metricType))
        this.#added++
      }
    }
    cache.visit(entry)
    scanner.scanValue()
    const tMs = scanner.hasTime && this.#options.job.honorTimestamps ? scanner.tMs : undefined
    const ref = this.#append(entry, tMs, scanner.valueLow, scanner.valueHigh)
    if (ref >= 0 && scanner.exemplarEnd > scanner.exemplarStart) {
      const exemplar = scanner.readExemplar()
      if (cache.isNewExemplar(entry, JSON.stringify(exemplar)))
        this.#target.exemplar(ref, { ...exemplar, tMs: exemplar.tMs ?? tMs ?? this.#options.tMs })
    }
  }

  #readFamilySample({ bytes, length }: LabelBytes, { tMs, valueLow, valueHigh, exemplar }: FamilySample): void {
    const cache = this.#cache
    let entry = cache.find(bytes, 0, length)
    if (entry === -1) {
      this.#decode(bytes, 0, length)
      // Bounds are written as they should be already.
      entry = cache.add(bytes, 0, length, 0)
      this.#added++
    }
    cache.visit(entry)
    const own = this.#options.job.honorTimestamps ? tMs : undefined
    const ref = this.#append(entry, own, valueLow, valueHigh)
    if (ref >= 0 && exemplar !== undefined && cache.isNewExemplar(entry, JSON.stringify(exemplar)))
      this.#target.exemplar(ref, { ...exemplar, tMs: exemplar.tMs ?? own ?? this.#options.tMs })
  }

  /** Appends a sample of an entry; returns its series, negative where it is not stored. */
  #append(entry: number, tMs: number | undefined, valueLow: number, valueHigh: number): number {
    const cache = this.#cache
    const { job } = this.#options
    this.#scraped++
    let ref = cache.refs[entry]!
    if (ref === UNRESOLVED) ref = this.#resolve(entry)
    if (ref === DROPPED) return ref
    this.#kept++
    if (job.sampleLimit > 0 && this.#kept > job.sampleLimit)
      throw new IngestError('INGEST_SCRAPE_FAILED', `cannot take scrape: more than ${job.sampleLimit} samples, its sample_limit`)
    if (tMs === undefined) {
      // The first of two samples of one time is kept, as in Prometheus.
      if (cache.seen[entry] === cache.scrape) {
        this.#target.refuse('a target exposes a series twice', 1, () => this.#target.describe(ref))
        return ref
      }
      cache.seen[entry] = cache.scrape
      this.#target.sample(ref, this.#options.tMs, valueLow, valueHigh)
    } else {
      if (job.trackTimestampsStaleness) cache.seen[entry] = cache.scrape
      this.#target.sample(ref, tMs, valueLow, valueHigh)
    }
    return ref
  }

  #resolve(entry: number): number {
    const cache = this.#cache
    const decoded = this.#decode(cache.bytes, cache.starts[entry]!, cache.starts[entry + 1]!)
    const scraped = normalizeBounds(decoded, cache.kinds[entry]!)
    const labels = sampleLabels(scraped, this.#options.targetLabels, this.#options.job)
    let ref = DROPPED
    if (labels !== undefined) {
      writeLabels(labels, this.#labels)
      ref = this.#target.series(this.#labels.bytes, 0, this.#labels.length)
      // A refused series is asked for each time, so that its samples are counted.
      if (ref === -1) return ref
    }
    cache.refs[entry] = ref
    return ref
  }

  #finish(): ScrapeCounts {
    const cache = this.#cache
    cache.endLives(false, (entry) => this.#writeStale(entry))
    cache.endScrape()
    for (let entry = 0; entry < cache.length; entry++) if (cache.seen[entry] === cache.scrape) cache.live[entry] = 1
    return { scraped: this.#scraped, kept: this.#kept, added: this.#added }
  }

  #writeStale(entry: number): void {
    let ref = this.#cache.refs[entry]!
    if (ref === UNRESOLVED) ref = this.#resolve(entry)
    if (ref >= 0) this.#target.sample(ref, this.#options.tMs, STALE_LOW, STALE_HIGH)
  }
}

const HISTOGRAM = 1
const SUMMARY = 2

function kindOf(type: MetricType): number {
  if (type === 'histogram') return HISTOGRAM
  return type === 'summary' ? SUMMARY : 0
}

/** Bounds as Prometheus 3 stores them, so that targets in different formats give the same series. */
function normalizeBounds(labels: Label[], kind: number): Label[] {
  if (kind === 0) return labels
  const bound = kind === HISTOGRAM ? 'le' : 'quantile'
  return labels.map((label) => {
    if (label.name !== bound) return label
    const value = parseBound(label.value)
    return value === undefined ? label : { name: bound, value: printBound(value) }
  })
}

/** Collects the lines that speak of one metric. */
class MetadataLines {
  readonly #target: MetricTarget
  #metric = ''
  #type: TextScanner['metricType'] = 'unknown'
  #help = ''
  #unit = ''

  constructor(target: MetricTarget) {
    this.#target = target
  }

  add(line: 'type' | 'help' | 'unit', scanner: TextScanner): void {
    if (scanner.metric !== this.#metric) {
      this.flush()
      this.#metric = scanner.metric
    }
    if (line === 'type') this.#type = scanner.metricType
    else if (line === 'help') this.#help = scanner.text
    else this.#unit = scanner.text
  }

  flush(): void {
    if (this.#metric !== '') this.#target.metadata({ metric: this.#metric, type: this.#type, help: this.#help, unit: this.#unit })
    this.#metric = ''
    this.#type = 'unknown'
    this.#help = ''
    this.#unit = ''
  }
}

/** Samples that a scrape reports on itself, with the target's labels. */
export class ReportSeries {
  readonly #labels: Labels
  readonly #bytes = new LabelBytes()
  readonly #refs = new Map<string, number>()
  #epoch = 0

  constructor(targetLabels: Labels) {
    this.#labels = targetLabels
  }

  /** Appends one sample; `value` absent for a staleness marker. */
  write(target: MetricTarget, metric: string, tMs: number, value?: number): void {
    if (target.epoch !== this.#epoch) this.#refs.clear()
    this.#epoch = target.epoch
    let ref = this.#refs.get(metric)
    if (ref === undefined) {
      const labels = new Map(this.#labels.map((label) => [label.name, label.value]))
      labels.set(METRIC_NAME, metric)
      writeLabels(labels, this.#bytes)
      ref = target.series(this.#bytes.bytes, 0, this.#bytes.length)
      this.#refs.set(metric, ref)
    }
    if (value === undefined) target.sample(ref, tMs, STALE_LOW, STALE_HIGH)
    else {
      scratch[0] = value
      target.sample(ref, tMs, scratchWords[0]!, scratchWords[1]!)
    }
  }
}

const scratch = new Float64Array(1)
const scratchWords = new Uint32Array(scratch.buffer)
