// Where decoders of metrics meet the open block of a tenant. A hot path (bench/HOTPATHS.md): `sample` runs once a sample.

import type { Clock, Labels, MetricMetadata, NativeHistogram } from '@oriel/model'
import {
  FIRST_SAMPLE_MS,
  HISTOGRAM_HIGH,
  HISTOGRAM_LOW,
  labelValue,
  METRIC_NAME,
  MS_PER_DAY,
  sampleDay,
  STALE_HIGH,
  STALE_LOW,
} from '@oriel/model'
import type { ExemplarRow, OrderedMetricTarget } from '@oriel/wire'
import type { OpenMetricBlock } from './metrics-block.ts'
import { PendingMetadata, PendingSeriesDay } from './metrics-block.ts'
import { DROPPED_REF, MEMBER_REFS } from './guard/guard.ts'
import type { SummedSeries } from './guard/overflow.ts'
import type { SeriesDictionary, SeriesGeneration } from './metrics-dictionary.ts'
import { DAYS, FACT_WORDS, METRIC } from './metrics-dictionary.ts'

/** One reason for which parts of a request were not taken. */
export interface Rejected {
  readonly reason: string
  /** Samples, or exemplars or histograms where the reason says so. */
  readonly count: number
  /** One that was refused, in words. */
  readonly example: string
}

/** 10 minutes: a clock further ahead is wrong, and its samples would hide the right ones. Source: Prometheus 3.14 maxAheadTime. */
export const MAX_AHEAD_MS: number = 10 * 60_000

// An hour: a counter that began before has counted on unseen, and a zero so far back would be read as its growth since. Source:
// Prometheus 3.14 tsdb/head_append.go appendableMinValidTime.
const ZERO_REACH_MS = 3_600_000

/** What becomes of the starts that sources tell. */
export type StartMode = 'ignored' | 'zeros' | 'stored'

/** One tenant's target. `begin` binds it to the open block; decoders may use it until their function returns. */
export class TenantMetrics implements OrderedMetricTarget {
  readonly dictionary: SeriesDictionary
  /** Reads and clears what was refused since `begin`. */
  readonly #refused = new Map<string, { count: number; example: string }>()
  readonly #now: Clock
  #block: OpenMetricBlock | undefined
  #generation: SeriesGeneration
  #latestMs = 0
  /** The day of the last sample, and its bounds. */
  #day = 0
  #dayStartMs = 0
  #dayEndMs = 0
  #samples = 0
  /** Differs for every body, so that rows of summed series are known to be of this one. */
  #body = 0
  readonly #metadata = new Map<string, string>()
  readonly #remember = (metadata: MetricMetadata): void => {
    if (this.#metadata.size >= MAX_METADATA) this.#metadata.clear()
    this.#metadata.set(metadata.metric, metadataKey(metadata))
  }

  readonly #starts: StartMode
  /** With `zeros`, the time of each series' latest sample. */
  readonly #latest = new Map<number, number>()
  #latestEpoch = 0

  readonly wantsTypes: boolean

  constructor(
    dictionary: SeriesDictionary,
    now: Clock,
    { starts = 'ignored', hasTypeLabels = false }: { readonly starts?: StartMode; readonly hasTypeLabels?: boolean } = {},
  ) {
    this.#starts = starts
    this.wantsTypes = hasTypeLabels
    this.dictionary = dictionary
    this.#generation = dictionary.young
    this.#now = now
  }

  get epoch(): number {
    return this.dictionary.epoch
  }

  /** Everything from here on goes to `block`. `sender` says who sends it, in words. */
  begin(block: OpenMetricBlock, sender = ''): void {
    this.dictionary.makeRoom()
    this.dictionary.guard.begin(this.#now(), sender)
    this.#body++
    this.#generation = this.dictionary.young
    this.#block = block
    this.#latestMs = this.#now() + MAX_AHEAD_MS
    this.#samples = 0
    this.#refused.clear()
  }

  /** Samples taken since `begin`. */
  get accepted(): number {
    return this.#samples
  }

  /** What was refused since `begin`. */
  rejected(): Rejected[] {
    return [...this.#refused].map(([reason, { count, example }]) => ({ reason, count, example }))
  }

  series(bytes: Uint8Array, start: number, end: number): number {
    return this.dictionary.resolve(bytes, start, end)
  }

  nextEnd(bytes: Uint8Array, start: number, limit: number): number {
    return this.dictionary.nextEnd(bytes, start, limit)
  }

  takeNext(): number {
    return this.dictionary.takeNext()
  }

  sample(ref: number, tMs: number, valueLow: number, valueHigh: number): boolean {
    // Nobody but `histogram` may say that there is one.
    if (valueHigh === HISTOGRAM_HIGH && valueLow === HISTOGRAM_LOW) return this.#append(ref, tMs, 1, NAN_HIGH)
    return this.#append(ref, tMs, valueLow, valueHigh)
  }

  histogram(ref: number, tMs: number, histogram: NativeHistogram): boolean {
    if (ref === DROPPED_REF) return this.#append(ref, tMs, 0, 0)
    if (ref > DROPPED_REF) {
      this.refuse('a native histogram of a metric past its budget can not be summed', 1, () => this.describe(ref))
      return false
    }
    if (!this.#append(ref, tMs, HISTOGRAM_LOW, HISTOGRAM_HIGH)) return false
    const { samples, histograms } = this.#block!
    histograms.push(samples, samples.rows - 1, histogram)
    return true
  }

  /**
   * What becomes of starts. `zeros`: a sample of 0 is written at the start, unless that is over an hour ago or the series is known to have later ones; `stored`: the
   * start is kept with its sample. Source: Prometheus 3.14 docs/feature_flags.md created-timestamp-zero-ingestion, st-storage.
   */
  get wantsStarts(): boolean {
    return this.#starts !== 'ignored'
  }

  start(ref: number, tMs: number, startMs: number, histogram?: NativeHistogram): void {
    if (ref >= DROPPED_REF) return
    if (this.#starts === 'zeros') this.#injectZero(ref, { tMs, startMs, histogram })
    else if (this.#starts === 'stored' && startMs >= FIRST_SAMPLE_MS) this.#storeStart(ref, tMs, startMs)
  }

  /** A series met for the first time since this process began gets its zero again: it lies where it lay before. */
  #injectZero(
    ref: number,
    { tMs, startMs, histogram }: { tMs: number; startMs: number; histogram: NativeHistogram | undefined },
  ): void {
    if (this.#latestEpoch !== this.epoch) this.#latest.clear()
    this.#latestEpoch = this.epoch
    const latestMs = this.#latest.get(ref) ?? -Infinity
    this.#latest.set(ref, Math.max(latestMs, tMs))
    if (startMs <= latestMs || startMs >= tMs || startMs < this.#latestMs - MAX_AHEAD_MS - ZERO_REACH_MS) return
    const isTaken = histogram === undefined ? this.#append(ref, startMs, 0, 0) : this.histogram(ref, startMs, zeroOf(histogram))
    if (isTaken) this.#samples--
  }

  #storeStart(ref: number, tMs: number, startMs: number): void {
    const { samples, starts } = this.#block!
    const row = samples.rows - 1
    // The sample may have been refused: then the last row is another.
    const isLast = row >= 0 && samples.tMs.numberAt(row) === tMs
    if (isLast && samples.seriesId.words[4 * row] === this.#generation.facts[FACT_WORDS * ref]) starts.push(samples, row, startMs)
  }

  #append(ref: number, tMs: number, valueLow: number, valueHigh: number): boolean {
    if (tMs < this.#dayStartMs || tMs >= this.#dayEndMs) this.#enterDay(tMs)
    // -1 is above every ref as an unsigned number.
    if (ref >>> 0 >= DROPPED_REF || tMs < FIRST_SAMPLE_MS || tMs > this.#latestMs)
      return this.#takeOther(ref, { tMs, valueLow, valueHigh })
    const generation = this.#generation
    const block = this.#block!
    const day = this.#day + 1
    const { facts } = generation
    const at = FACT_WORDS * ref
    if ((facts[at + DAYS]! & 0xffff) !== day) this.#index(ref, day)
    const { samples } = block
    samples.metricId.push(facts[at + METRIC]!, facts[at + METRIC + 1]!)
    samples.seriesId.pushFrom(facts, ID_ROWS * ref)
    samples.tMs.pushNumber(tMs)
    samples.values.push(valueLow, valueHigh)
    this.#samples++
    return true
  }

  exemplar(given: number, { tMs, valueLow, valueHigh, labels }: ExemplarRow): boolean {
    if (given === -1) return false
    if (tMs < FIRST_SAMPLE_MS || tMs > this.#latestMs) {
      this.refuse('an exemplar has a time before 1900 or far in the future', 1, () => `${this.describe(given)} at ${tMs}`)
      return false
    }
    if (given === DROPPED_REF) return true
    const ref = given > DROPPED_REF ? this.#storedRef(this.dictionary.guard.members.ownerOf(given - MEMBER_REFS)) : given
    if (ref === -1) return false
    const { exemplars } = this.#block!
    const { facts } = this.#generation
    exemplars.metricId.push(facts[FACT_WORDS * ref + METRIC]!, facts[FACT_WORDS * ref + METRIC + 1]!)
    exemplars.seriesId.pushFrom(facts, ID_ROWS * ref)
    exemplars.tMs.pushNumber(tMs)
    exemplars.values.push(valueLow, valueHigh)
    let traceId = ''
    for (const { name, value } of labels) {
      if (name === 'trace_id' || name === 'traceID') traceId = value
      exemplars.labels.keys.push(name)
      exemplars.labels.values.pushString(value)
    }
    exemplars.labels.closeRow()
    exemplars.traceId.push(traceId)
    return true
  }

  metadata(metadata: MetricMetadata): void {
    this.dictionary.guard.noteType(metadata.metric, metadata.type)
    if (this.#metadata.get(metadata.metric) === metadataKey(metadata)) return
    const { metadata: entries } = this.#block!
    // A sender repeats itself within one body; the store keeps the last.
    const last = entries.at(-1)
    if (last !== undefined && last.metric === metadata.metric && metadataKey(last) === metadataKey(metadata)) return
    entries.push(new PendingMetadata(metadata, this.#remember))
  }

  describe(ref: number): string {
    if (ref === DROPPED_REF) return 'a series that a rule drops'
    const stored = ref > DROPPED_REF ? this.#storedRef(this.dictionary.guard.members.ownerOf(ref - MEMBER_REFS)) : ref
    return stored === -1 ? 'a series that is summed' : printSeries(this.#generation.labelsOf(stored))
  }

  refuse(reason: string, count: number, example: () => string): void {
    const known = this.#refused.get(reason)
    if (known === undefined) this.#refused.set(reason, { count, example: example().slice(0, MAX_EXAMPLE) })
    else known.count += count
  }

  #enterDay(tMs: number): void {
    if (!(tMs >= FIRST_SAMPLE_MS && tMs <= this.#latestMs)) return
    this.#day = sampleDay(tMs)
    this.#dayStartMs = this.#day === 0 ? FIRST_SAMPLE_MS : this.#day * MS_PER_DAY
    this.#dayEndMs = (this.#day + 1) * MS_PER_DAY
  }

  /** Brings (series, day) into the block unless the index has it or the block brings it already. */
  #index(ref: number, day: number): void {
    const generation = this.#generation
    if (generation.facts[FACT_WORDS * ref + DAYS]! >>> 16 === day) return
    const block = this.#block!
    if (generation.pendingBlocks[ref] === block.token && generation.pendingDays[ref] === day) return
    block.series.push(new PendingSeriesDay(generation, ref, day - 1))
    generation.pendingBlocks[ref] = block.token
    generation.pendingDays[ref] = day
  }

  /** What `sample` has no short way for: refused times and series, and series that are not stored as they come. */
  #takeOther(ref: number, sample: SampleWords): boolean {
    const { tMs } = sample
    if (ref === -1 || tMs < FIRST_SAMPLE_MS || tMs > this.#latestMs) return this.#refuseSample(ref, tMs)
    this.#samples++
    if (ref === DROPPED_REF) return true
    const value = doubleOf(sample)
    const isStale = sample.valueLow === STALE_LOW && sample.valueHigh === STALE_HIGH
    const summed = this.dictionary.guard.members.take(ref - MEMBER_REFS, { tMs, value, isStale })
    this.#writeTotal(summed)
    return true
  }

  /** Writes a total at its time: over the row of this body that has this time, if there is one. */
  #writeTotal(summed: SummedSeries): void {
    const { samples } = this.#block!
    const [low, high] = wordsOf(summed.total)
    if (summed.body === this.#body && summed.rowMs === summed.tMs) {
      samples.values.set(summed.row, low, high)
      return
    }
    const ref = this.#storedRef(summed)
    if (ref === -1) return
    summed.body = this.#body
    summed.row = samples.rows
    summed.rowMs = summed.tMs
    if (this.sample(ref, summed.tMs, low, high)) this.#samples--
  }

  /** The number of a summed series in the dictionary, -1 where it is refused. */
  #storedRef(summed: SummedSeries): number {
    if (summed.epoch === this.epoch) return summed.ref
    const ref = this.dictionary.resolve(summed.bytes, 0, summed.bytes.length)
    // A refused one is asked for again.
    if (ref === -1 || ref >= DROPPED_REF) return -1
    summed.ref = ref
    summed.epoch = this.epoch
    return ref
  }

  #refuseSample(ref: number, tMs: number): boolean {
    if (ref === -1) this.refuse(this.dictionary.refusal, 1, () => printSeries(this.dictionary.refused()))
    else if (tMs < FIRST_SAMPLE_MS) this.refuse('a sample has a time before 1900', 1, () => `${this.describe(ref)} at ${tMs} ms`)
    else this.refuse('a sample lies more than 10 minutes ahead', 1, () => `${this.describe(ref)} at ${tMs} ms`)
    return false
  }
}

interface SampleWords {
  readonly tMs: number
  readonly valueLow: number
  readonly valueHigh: number
}

const scratch = new Float64Array(1)
const scratchWords = new Uint32Array(scratch.buffer)

function doubleOf({ valueLow, valueHigh }: SampleWords): number {
  scratchWords[0] = valueLow
  scratchWords[1] = valueHigh
  return scratch[0]!
}

function wordsOf(value: number): [low: number, high: number] {
  scratch[0] = value
  return [scratchWords[0]!, scratchWords[1]!]
}

function zeroOf(histogram: NativeHistogram): NativeHistogram {
  const empty = { positiveSpans: [], positiveBuckets: NO_BUCKETS, negativeSpans: [], negativeBuckets: NO_BUCKETS }
  return { ...histogram, ...empty, zeroCount: 0, count: 0, sum: 0, resetHint: 'unknown' }
}

const NO_BUCKETS = new Float64Array(0)
// With 1 as the low word, Prometheus's ordinary NaN.
const NAN_HIGH = 0x7ff8_0000
// An id is four words, and a series' facts begin with one.
const ID_ROWS = FACT_WORDS / 4
// 100,000 metrics, about 20 MB: past it metadata is written again, which costs rows and nothing else.
const MAX_METADATA = 100_000
// 300 characters: a readable line of an error body.
const MAX_EXAMPLE = 300

/** A series as PromQL writes it. */
function printSeries(labels: Labels): string {
  const rest = labels.filter(({ name }) => name !== METRIC_NAME).map(({ name, value }) => `${name}=${JSON.stringify(value)}`)
  return `${labelValue(labels, METRIC_NAME)}{${rest.join(', ')}}`
}

function metadataKey({ type, help, unit }: MetricMetadata): string {
  return `${type}\u{1}${unit}\u{1}${help}`
}
