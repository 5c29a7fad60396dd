// One answer of a target into the open block. A hot path (bench/HOTPATHS.md).

import type { Labels } from '@oriel/model'
import { STALE_HIGH, STALE_LOW } from '@oriel/model'
import type {
  FamilyExemplar,
  FamilyHistogramSample,
  FamilySample,
  FamilySink,
  HistogramDraft,
  HistogramForms,
  MetricTarget,
  TextLine,
} from '@oriel/wire'
import {
  CLASSIC_ONLY,
  decodeFamilies,
  decodeLabelBytes,
  decodeTextSeries,
  LabelBytes,
  limitBuckets,
  prepareHistogram,
  TextScanner,
  withTypes,
  writeHistogram,
} from '@oriel/wire'
import { IngestError } from '../errors.ts'
import type { ScrapeConfig } from '../prometheus-scrape-config.ts'
import type { ScrapeCache } from './cache.ts'
import { DROPPED, UNRESOLVED } from './cache.ts'
import { ClassicCollector } from './classic.ts'
import { CreatedTimes } from './created.ts'
import type { ClassicSample } from './classic.ts'
import type { TargetFamilies } from './families.ts'
import { noteMetadata } from './metadata.ts'
import { isShort } from './short-exemplar.ts'
import { sampleLabels, writeLabels } from './sample-labels.ts'
import { ENCODED, kindOf, METADATA, normalizeBounds, TextTypes, TYPE_LINE } from './text-types.ts'

/** What one scrape counted. */
export interface ScrapeCounts {
  /** Samples that the target exposed. */
  readonly scraped: number
  /** Samples left after metric relabeling. */
  readonly kept: number
  /** Series met for the first time. */
  readonly added: number
  /** Samples that were refused because their series had one in this scrape already. */
  readonly duplicates: number
  /** Samples that were refused because of their time. */
  readonly outOfBounds: number
}

/** What a job says of native histograms. */
export interface HistogramScraping extends HistogramForms {
  /** Most buckets; finer histograms are made coarser. 0 for no limit. */
  readonly nativeBucketLimit: number
  /** Least growth from one bucket to the next; finer histograms are made coarser. 0 for none. */
  readonly nativeMinBucketFactor: number
}

export interface RunOptions {
  readonly job: ScrapeConfig & Partial<HistogramScraping>
  readonly targetLabels: Labels
  /** The scrape's time, for samples that bring none. */
  readonly tMs: number
  /** What the target says of its metrics, from scrape to scrape. */
  readonly families: TargetFamilies
}

/** Appends one scrape's samples and the staleness of what has gone. Used once. */
export class ScrapeRun {
  readonly #cache: ScrapeCache
  readonly #target: MetricTarget
  readonly #options: RunOptions
  readonly #classic: ClassicCollector | undefined
  #created: CreatedTimes | undefined
  /** Of the samples that follow the last TYPE line. */
  #kind = 0
  readonly #types = new TextTypes()
  /** Whether lines of metadata that are as they were need not be read. */
  #skipsMetadata = false
  #isMetadataNew = false
  #metadataLines = 0
  #scraped = 0
  #kept = 0
  #added = 0
  /** Entries from here on are met for the first time. */
  readonly #firstNew: number
  #duplicates = 0
  #outOfBounds = 0

  constructor(cache: ScrapeCache, target: MetricTarget, options: RunOptions) {
    this.#cache = cache
    this.#target = target
    this.#options = options
    if (options.job.convertsToNhcb === true)
      this.#classic = new ClassicCollector(cache.classicParts, (series, sample) => this.#readConverted(series, sample))
    cache.beginScrape(target.epoch)
    this.#firstNew = cache.length
  }

  /** Text in either format. Throws `WireError` or `IngestError` INGEST_SCRAPE_FAILED: the block is then cut back by the queue. */
  readText(body: Uint8Array, isOpenMetrics: boolean): void {
    const cache = this.#cache
    const { families } = this.#options
    const scanner = new TextScanner(body, { isOpenMetrics })
    const { wantsStarts } = this.#target
    if (isOpenMetrics && (wantsStarts || this.#classic !== undefined))
      this.#created = new CreatedTimes(wantsStarts ? body : undefined, cache.startKeys)
    // The two formats read the same line in different ways.
    const isAsBefore = cache.isOpenMetrics === isOpenMetrics
    cache.isOpenMetrics = isOpenMetrics
    this.#isMetadataNew = !isAsBefore || !cache.isMetadataTold
    this.#skipsMetadata = isAsBefore && !this.#needsMetadata
    try {
      for (let line = this.#nextLine(scanner); line !== 'end'; line = this.#nextLine(scanner))
        if (line === 'sample') this.#readSample(scanner)
        else this.#readMetadata(line, scanner)
    } catch (error) {
      // What was said up to here holds, as in Prometheus.
      noteMetadata(body.subarray(0, scanner.offset), isOpenMetrics, families)
      throw error
    }
    this.#classic?.flush()
    // One that is gone takes what it said with it.
    if (this.#isMetadataNew || this.#metadataLines !== cache.metadataLines)
      for (const metadata of noteMetadata(body, isOpenMetrics, families)) this.#target.metadata(metadata)
    cache.isMetadataTold = true
    cache.metadataLines = this.#metadataLines
    this.#finish()
  }

  /** Length-delimited protobuf families. Throws as `readText`. */
  readProtobuf(body: Uint8Array): void {
    const sink: FamilySink = {
      metadata: ({ metric, ...said }) => this.#target.metadata(this.#options.families.note(metric, said)),
      sample: (series, sample) => this.#readFamilySample(series, sample),
      histogram: (series, draft, sample) => this.#readFamilyHistogram(series, draft, sample),
    }
    this.#options.families.begin()
    decodeFamilies(body, sink, { ...CLASSIC_ONLY, ...this.#options.job }, { hasTypes: this.#target.wantsTypes })
    this.#finish()
  }

  /** What was counted so far, also where reading failed. */
  get counts(): ScrapeCounts {
    return {
      scraped: this.#scraped,
      kept: this.#kept,
      added: this.#added,
      duplicates: this.#duplicates,
      outOfBounds: this.#outOfBounds,
    }
  }

  /** Ends the series of an earlier configuration that this scrape did not write under its own. */
  endEarlier(earlier: ScrapeCache): void {
    // Numbers of another epoch mean nothing now: those series end by themselves, five minutes on.
    if (earlier.epoch !== this.#cache.epoch) return
    const written = new Set(this.#cache.refs.subarray(0, this.#cache.length))
    earlier.endLives(true, (entry) => {
      const ref = earlier.refs[entry]!
      if (ref >= 0 && !written.has(ref)) this.#target.sample(ref, this.#options.tMs, STALE_LOW, STALE_HIGH)
    })
  }

  /** Ends the lives of all series of the target: its scrape failed, or it is gone. */
  endAll(): void {
    this.#cache.endLives(true, (entry) => this.#writeStale(entry))
  }

  /** Whether each line of metadata says something about the samples that follow it. */
  get #needsMetadata(): boolean {
    return this.#classic !== undefined || this.#created !== undefined || this.#target.wantsTypes
  }

  /** As `next` of the scanner, past lines of metadata that are as they were. */
  #nextLine(scanner: TextScanner): TextLine {
    const cache = this.#cache
    while (this.#skipsMetadata) {
      const entry = cache.predicted
      if (entry === -1 || cache.kinds[entry]! < METADATA) break
      if (!scanner.acceptMetadata(cache.view, cache.starts[entry]!, cache.starts[entry + 1]!)) break
      this.#visitMetadata(entry)
    }
    return scanner.next()
  }

  #readMetadata(line: 'type' | 'help' | 'unit', scanner: TextScanner): void {
    this.#classic?.seeLine(line, scanner)
    this.#created?.seeLine(line, scanner)
    this.#types.seeLine(line, scanner)
    const cache = this.#cache
    const { bytes, lineStart, lineEnd } = scanner
    let entry = cache.find(bytes, lineStart, lineEnd)
    if (entry === -1)
      entry = cache.add(bytes, lineStart, lineEnd, line === 'type' ? TYPE_LINE + kindOf(scanner.metricType) : METADATA)
    if (entry !== cache.predicted) this.#isMetadataNew = true
    this.#visitMetadata(entry)
  }

  #visitMetadata(entry: number): void {
    this.#cache.visit(entry)
    this.#metadataLines++
    const kind = this.#cache.kinds[entry]!
    if (kind >= TYPE_LINE) this.#kind = kind - TYPE_LINE
  }

  #readSample(scanner: TextScanner): void {
    const cache = this.#cache
    const entry = this.#textEntryOf(scanner)
    cache.visit(entry)
    scanner.scanValue()
    const { job, tMs: scrapeMs } = this.#options
    const tMs = scanner.hasTime && job.honorTimestamps ? scanner.tMs : undefined
    const startMs = this.#created === undefined ? 0 : this.#startOf(this.#created, entry, scanner)
    if (startMs === undefined) return
    const isConverted = this.#classic?.collect(entry, scanner, { tMs, startMs }) === true
    if (isConverted && job.alwaysScrapesClassic !== true) return
    const ref = this.#append(entry, tMs, scanner)
    if (ref < 0) return
    if (startMs !== 0) this.#target.start(ref, tMs ?? scrapeMs, startMs)
    // Those of a converted histogram go with it alone, as in Prometheus.
    if (scanner.exemplarEnd > scanner.exemplarStart && !isConverted) this.#readExemplar(entry, ref, scanner, tMs ?? scrapeMs)
  }

  /** When the counter of this sample began, 0 for unknown; `undefined` for a line that says so and is no sample itself. */
  #startOf(created: CreatedTimes, entry: number, scanner: TextScanner): number | undefined {
    const startMs = created.startOf(entry, scanner)
    // From the first histogram that is converted on it is none in any case, as in Prometheus.
    return startMs === undefined && !this.#target.wantsStarts && this.#classic?.hasMetAny !== true ? 0 : startMs
  }

  #readExemplar(entry: number, ref: number, scanner: TextScanner, sampleMs: number): void {
    this.#takeExemplar(entry, ref, { tMs: undefined, ...scanner.readExemplar() }, sampleMs)
  }

  #takeExemplar(entry: number, ref: number, exemplar: FamilyExemplar, sampleMs: number): void {
    if (isShort(exemplar) && this.#cache.isNewExemplar(entry, JSON.stringify(exemplar)))
      this.#target.exemplar(ref, { ...exemplar, tMs: exemplar.tMs ?? sampleMs })
  }

  /** The entry of the series that `scanner` is at: most often the one that followed last time. */
  #textEntryOf(scanner: TextScanner): number {
    const cache = this.#cache
    const predicted = cache.predicted
    if (predicted !== -1 && scanner.acceptSeries(cache.view, cache.starts[predicted]!, cache.starts[predicted + 1]!))
      return predicted
    scanner.scanSeries()
    const found = cache.find(scanner.bytes, scanner.seriesStart, scanner.seriesEnd)
    if (found !== -1) return found
    // Read at once: what cannot be read must fail the scrape before it is remembered.
    scanner.readSeries()
    return this.#typed(cache.add(scanner.bytes, scanner.seriesStart, scanner.seriesEnd, this.#kind))
  }

  /** Remembers what a series of a text was met as, where that is to be seen in its labels. */
  #typed(entry: number): number {
    if (this.#target.wantsTypes && !this.#cache.typed.has(entry)) this.#cache.typed.set(entry, this.#types.labels())
    return entry
  }

  #readFamilySample(series: LabelBytes, sample: FamilySample): void {
    const { exemplar, startMs } = sample
    const entry = this.#entryOf(series)
    const own = this.#options.job.honorTimestamps ? sample.tMs : undefined
    const ref = this.#append(entry, own, sample)
    if (ref < 0) return
    const tMs = own ?? this.#options.tMs
    if (startMs !== 0 && this.#target.wantsStarts) this.#target.start(ref, tMs, startMs)
    if (exemplar !== undefined) this.#takeExemplar(entry, ref, exemplar, tMs)
  }

  #readFamilyHistogram(series: LabelBytes, draft: HistogramDraft, { tMs, startMs, exemplars }: FamilyHistogramSample): void {
    draft.startMs = startMs
    this.#writeHistogram(this.#entryOf(series), this.#options.job.honorTimestamps ? tMs : undefined, draft, exemplars)
  }

  /** A classic histogram of a text, as a native one with its bounds. What can not be converted is passed over, as in Prometheus. */
  #readConverted(series: LabelBytes, { draft, tMs, exemplars }: ClassicSample): void {
    if (prepareHistogram(draft) === undefined) this.#writeHistogram(this.#typed(this.#entryOf(series)), tMs, draft, exemplars)
  }

  /** The entry of a series given by its label bytes, made where there is none. */
  #entryOf({ bytes, length }: LabelBytes): number {
    const cache = this.#cache
    let entry = cache.find(bytes, 0, length)
    if (entry === -1) {
      decodeLabelBytes(bytes, 0, length)
      entry = cache.add(bytes, 0, length, ENCODED)
    }
    cache.visit(entry)
    return entry
  }

  #writeHistogram(entry: number, tMs: number | undefined, draft: HistogramDraft, given: readonly FamilyExemplar[]): void {
    const exemplars = given.filter(isShort)
    const { nativeBucketLimit, nativeMinBucketFactor } = this.#options.job
    draft.tMs = tMs ?? this.#options.tMs
    const fault = prepareHistogram(draft)?.detail
    const isSmall = limitBuckets(draft, { bucketLimit: nativeBucketLimit, minBucketFactor: nativeMinBucketFactor })
    if (fault !== undefined || !isSmall) {
      // It was exposed all the same.
      this.#scraped++
      throw new IngestError('INGEST_SCRAPE_FAILED', `cannot take scrape: ${fault ?? 'histogram bucket limit exceeded'}`)
    }
    const ref = this.#append(entry, tMs, draft)
    if (ref < 0 || exemplars.length === 0) return
    // Targets repeat exemplars until they have others.
    const known = this.#cache.exemplars.get(entry) ?? ''
    const printed = exemplars.map((exemplar) => JSON.stringify(exemplar))
    this.#cache.exemplars.set(entry, printed.join('\n'))
    for (const [i, { tMs: at, ...exemplar }] of exemplars.entries())
      if (at !== undefined && !known.includes(printed[i]!)) this.#target.exemplar(ref, { ...exemplar, tMs: at })
  }

  /** Appends a sample of an entry; returns its series, negative where it is not stored. */
  #append(entry: number, tMs: number | undefined, value: SampleValue | HistogramDraft): number {
    const cache = this.#cache
    const { job } = this.#options
    this.#scraped++
    let ref = cache.refs[entry]!
    if (ref === UNRESOLVED) ref = this.#resolve(entry)
    if (ref === DROPPED) return ref
    this.#kept++
    // Counted on to its end, so that the report says how many there are.
    if (job.sampleLimit > 0 && this.#kept > job.sampleLimit) return -1
    if (entry >= this.#firstNew && !cache.isMet(entry)) this.#added++
    // The first of two samples of one time is kept, as in Prometheus.
    if (tMs === undefined ? cache.isMet(entry) : cache.isTimedTwice(entry, tMs)) {
      this.#duplicates++
      this.#target.refuse('a target exposes a series twice', 1, () => this.#target.describe(ref))
      return ref
    }
    if (tMs === undefined || job.trackTimestampsStaleness) cache.seen[entry] = cache.scrape
    const isTaken =
      'valueLow' in value
        ? this.#target.sample(ref, tMs ?? this.#options.tMs, value.valueLow, value.valueHigh)
        : writeHistogram(this.#target, ref, value)
    if (!isTaken && ref !== -1) this.#outOfBounds++
    return ref
  }

  #resolve(entry: number): number {
    const cache = this.#cache
    const isEncoded = cache.kinds[entry] === ENCODED
    const decode = isEncoded ? decodeLabelBytes : decodeTextSeries
    const decoded = decode(cache.bytes, cache.starts[entry]!, cache.starts[entry + 1]!)
    const scraped = withTypes(normalizeBounds(decoded, cache.kinds[entry]!), cache.typed.get(entry) ?? [])
    const labels = sampleLabels(scraped, this.#options.targetLabels, this.#options.job)
    let ref = DROPPED
    if (labels !== undefined) {
      writeLabels(labels, labelBytes)
      ref = this.#target.series(labelBytes.bytes, 0, labelBytes.length)
      // A refused series is asked for each time, so that its samples are counted.
      if (ref === -1) return ref
    }
    cache.refs[entry] = ref
    return ref
  }

  #finish(): void {
    const cache = this.#cache
    const { sampleLimit } = this.#options.job
    if (sampleLimit > 0 && this.#kept > sampleLimit)
      throw new IngestError(
        'INGEST_SCRAPE_SAMPLE_LIMIT',
        `cannot take scrape: more than ${sampleLimit} samples, its sample_limit: ${this.#kept}`,
      )
    cache.endLives(false, (entry) => this.#writeStale(entry))
    cache.endScrape()
    this.#options.families.endScrape()
    for (let entry = 0; entry < cache.length; entry++) if (cache.seen[entry] === cache.scrape) cache.live[entry] = 1
  }

  #writeStale(entry: number): void {
    let ref = this.#cache.refs[entry]!
    if (ref === UNRESOLVED) ref = this.#resolve(entry)
    if (ref >= 0) this.#target.sample(ref, this.#options.tMs, STALE_LOW, STALE_HIGH)
  }
}

interface SampleValue {
  readonly valueLow: number
  readonly valueHigh: number
}

const labelBytes = new LabelBytes()
