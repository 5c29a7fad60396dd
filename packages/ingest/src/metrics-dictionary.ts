// From label bytes to dense series numbers. A hot path (bench/HOTPATHS.md): paid once per series and body, not once per sample.

import type { Clock, Labels } from '@oriel/model'
import { METRIC_NAME, labelValue } from '@oriel/model'
import { hash64, seriesId } from '@oriel/store'
import { decodeLabelBytes, WireError } from '@oriel/wire'
import type { HashedRange } from './guard/guard.ts'
import { TenantGuard } from './guard/guard.ts'
import { DEFAULT_SERIES_BUDGET } from './guard/policy.ts'
import { fieldEnd, LabelTable } from './label-table.ts'
import { hashBytes } from './metrics-hash.ts'
import { checkLabels, sortLabels } from './metrics-labels.ts'
import type { LabelLimits } from './metrics-labels.ts'

/** Bounds of one tenant's dictionary. There are two generations, so memory reaches twice these. */
export interface DictionaryLimits {
  readonly maxSeries: number
  readonly maxBytes: number
}

export const DEFAULT_DICTIONARY_LIMITS: DictionaryLimits = {
  // 2M series and 640 MiB of labels a generation. Fewer than are active, and all of them are met anew at every scrape: what bounds
  // memory is the tenant's budget of series (guard/policy.ts), at about 120 bytes a series.
  maxSeries: 2_000_000,
  maxBytes: 640 * 2 ** 20,
}

/**
 * The series that one generation knows, by number. Arrays have room for more than `length` series.
 *
 * The bytes of a series are compared on every hit, so equal hashes never mix; hashes are seeded per process.
 */
export class SeriesGeneration {
  length = 0
  /**
   * `FACT_WORDS` words a series, together because they are needed together and every series is a cache miss of its own: its id (four),
   * the id of its metric name (two), the days that the index holds it for, and where its label fields start.
   *
   * Two days, since times lie on both sides of midnight: the latest in the low 16 bits, the one before in the high, as days since 1970
   * plus one, 0 for none.
   */
  facts: Uint32Array = new Uint32Array(FACT_WORDS * (FIRST_SERIES + 1))
  /** The day, and the block, that the series was last brought into but that is not stored yet. */
  pendingDays: Uint16Array = new Uint16Array(FIRST_SERIES)
  pendingBlocks: Uint32Array = new Uint32Array(FIRST_SERIES)
  /** The number of a series' metric in the guard. */
  metrics: Int32Array = new Int32Array(FIRST_SERIES)
  /** For each series the length of its label bytes, and where in the table each of its fields is. */
  #fields = new Uint32Array(8 * FIRST_SERIES)
  readonly #table = new LabelTable()
  /** The series that came after a series when it was last met, plus one; 0 for none. */
  followers: Uint32Array = new Uint32Array(FIRST_SERIES)
  /** Pairs of a hash and a series number plus one, 0 for a free slot. */
  #slots = new Int32Array(2 * 4 * FIRST_SERIES)

  get byteLength(): number {
    return 4 * this.facts[FACT_WORDS * this.length + START]! + this.#table.byteLength
  }

  /** The series whose label bytes are those that `view` shows in `[start, end)`, or -1. */
  find(view: DataView, start: number, end: number, hashed: number): number {
    const slots = this.#slots
    const mask = slots.length - 2
    for (let slot = (2 * hashed) & mask; ; slot = (slot + 2) & mask) {
      const ref = slots[slot + 1]! - 1
      if (ref === -1) return -1
      if (slots[slot] === hashed && this.#equals(ref, view, start, end)) return ref
    }
  }

  /** Where the label bytes of a series end when they stand at `start`; -1 when they do not. */
  endAt(ref: number, view: DataView, start: number, limit: number): number {
    const end = start + this.#fields[this.facts[FACT_WORDS * ref + START]!]!
    return end <= limit && this.#equals(ref, view, start, end) ? end : -1
  }

  /** Adds a series that `find` did not find; the caller fills its facts. */
  add(view: DataView, start: number, end: number, hashed: number): number {
    const ref = this.length
    if (4 * (ref + 1) > this.#slots.length) this.#growSlots()
    if (ref >= this.pendingDays.length) this.#growSeries()
    let to = this.facts[FACT_WORDS * ref + START]!
    this.#push(to++, end - start)
    for (let at = start; at < end;) {
      const next = fieldEnd(view, at, end)
      this.#push(to++, this.#table.intern(view, at, next))
      at = next
    }
    this.facts[FACT_WORDS * (ref + 1) + START] = to
    this.#place(hashed, ref)
    this.length++
    return ref
  }

  /** The labels of a series, sorted, decoded from its bytes. */
  labelsOf(ref: number): Labels {
    const { bytes: held } = this.#table
    const heldView = new DataView(held.buffer)
    const first = this.facts[FACT_WORDS * ref + START]!
    const bytes = new Uint8Array(this.#fields[first]!)
    let to = 0
    for (let field = first + 1; to < bytes.length; field++) {
      const from = this.#fields[field]!
      const size = fieldEnd(heldView, from, from + bytes.length - to) - from
      bytes.set(held.subarray(from, from + size), to)
      to += size
    }
    return sortLabels(decodeLabelBytes(bytes, 0, bytes.length))
  }

  /** Remembers that the index holds the series for `day`. */
  setStored(ref: number, day: number): void {
    const at = FACT_WORDS * ref + DAYS
    const days = this.facts[at]!
    if ((days & 0xffff) !== day + 1) this.facts[at] = (days << 16) | (day + 1)
  }

  /** Takes over what `other` knows of its series `from`. */
  copyFrom(other: SeriesGeneration, from: number, ref: number): void {
    this.facts.set(other.facts.subarray(FACT_WORDS * from, FACT_WORDS * from + START), FACT_WORDS * ref)
  }

  /** As long as the lengths are the same, fields of the same bytes begin and end at the same places. */
  #equals(ref: number, view: DataView, start: number, end: number): boolean {
    const fields = this.#fields
    let field = this.facts[FACT_WORDS * ref + START]!
    if (fields[field] !== end - start) return false
    for (let at = start; at < end;) {
      const next = fieldEnd(view, at, end)
      if (!this.#table.equals(fields[++field]!, view, at, next)) return false
      at = next
    }
    return true
  }

  #push(at: number, value: number): void {
    if (at === this.#fields.length) this.#fields = grown(this.#fields, new Uint32Array(2 * at))
    this.#fields[at] = value
  }

  #place(hashed: number, ref: number): void {
    const slots = this.#slots
    const mask = slots.length - 2
    let slot = (2 * hashed) & mask
    while (slots[slot + 1] !== 0) slot = (slot + 2) & mask
    slots[slot] = hashed
    slots[slot + 1] = ref + 1
  }

  #growSlots(): void {
    const old = this.#slots
    this.#slots = new Int32Array(2 * old.length)
    for (let slot = 0; slot < old.length; slot += 2) if (old[slot + 1] !== 0) this.#place(old[slot]!, old[slot + 1]! - 1)
  }

  #growSeries(): void {
    const room = 2 * this.pendingDays.length
    this.facts = grown(this.facts, new Uint32Array(FACT_WORDS * (room + 1)))
    this.pendingDays = grown(this.pendingDays, new Uint16Array(room))
    this.pendingBlocks = grown(this.pendingBlocks, new Uint32Array(room))
    this.metrics = grown(this.metrics, new Int32Array(room))
    this.followers = grown(this.followers, new Uint32Array(room))
  }
}

// An hour is what "active" means; then the generation before is kept for as long as the slowest usual scrapes need to be met again.
const TURN_MS = 3_600_000
const OLD_KEPT_MS = 20 * 60_000

/** Words of a series in `SeriesGeneration.facts`, and where in them its metric's id, its days and its bytes are. */
export const FACT_WORDS = 8
export const METRIC = 4
export const DAYS = 6
const START = 7

/** How a dictionary is bounded, and what time it is. */
export interface DictionaryOptions {
  readonly limits?: DictionaryLimits
  /** Guards what is new; one with the default budget if not given. */
  readonly guard?: TenantGuard
  readonly now?: Clock
}

/**
 * One tenant's series. What is refused is not remembered: it is checked, and refused, each time.
 *
 * When the young generation is full it becomes the old one and the old one is forgotten; series in use move over as they are met.
 * Numbers are of the young generation and mean nothing once `epoch` changes.
 */
export class SeriesDictionary {
  /** Never the same for two dictionaries: a tenant's may be dropped and made again. */
  epoch: number = nextEpoch++
  young: SeriesGeneration = new SeriesGeneration()
  /** Why the last `resolve` gave -1. */
  refusal = ''
  #refusedBytes: Uint8Array | undefined
  /** Guards what is new; see guard/guard.ts. */
  readonly guard: TenantGuard
  #old: SeriesGeneration | undefined
  /** Series of `#old` that were not met since. */
  #oldSeries = 0
  #turnedMs: number
  /** The series of the young generation that was met last in this body, or -1. */
  #last = -1
  #source: Uint8Array | undefined
  #view: DataView = new DataView(new ArrayBuffer(0))
  readonly #limits: DictionaryLimits
  readonly #labelLimits: LabelLimits
  readonly #now: Clock
  readonly #metricIds = new Map<string, bigint>()

  constructor(labelLimits: LabelLimits, { limits = DEFAULT_DICTIONARY_LIMITS, guard, now = Date.now }: DictionaryOptions = {}) {
    this.#labelLimits = labelLimits
    this.guard = guard ?? new TenantGuard(DEFAULT_SERIES_BUDGET, { limited() {}, lifted() {} }, now())
    this.#limits = limits
    this.#now = now
    this.#turnedMs = now()
  }

  get series(): number {
    return this.young.length + (this.#old?.length ?? 0)
  }

  /** Series that brought a sample since the last turn, an hour ago at most, or not long before it. */
  get activeSeries(): number {
    return this.young.length + this.#oldSeries
  }

  /** Bytes of memory held, about. */
  get byteLength(): number {
    return this.young.byteLength + (this.#old?.byteLength ?? 0) + SERIES_BYTES * this.series + this.guard.byteLength
  }

  /**
   * The number of the series named by label bytes, or -1 and `refusal`; from `DROPPED_REF` on, a series that is not stored as it comes
   * (guard/guard.ts). Never changes `epoch`: see `makeRoom`.
   */
  resolve(bytes: Uint8Array, start: number, end: number): number {
    this.#look(bytes)
    const hashed = hashBytes(this.#view, start, end)
    const known = this.young.find(this.#view, start, end, hashed)
    const ref = known === -1 ? this.#meet(bytes, { start, end, hashed }) : known
    if (this.#last !== -1 && ref < this.young.length) this.young.followers[this.#last] = ref + 1
    this.#last = ref < this.young.length ? ref : -1
    return ref
  }

  /** See `OrderedMetricTarget.nextEnd`. */
  nextEnd(bytes: Uint8Array, start: number, limit: number): number {
    if (this.#last === -1) return -1
    const next = this.young.followers[this.#last]! - 1
    if (next === -1) return -1
    this.#look(bytes)
    return this.young.endAt(next, this.#view, start, limit)
  }

  /** The series that `nextEnd` has just found. */
  takeNext(): number {
    this.#last = this.young.followers[this.#last]! - 1
    return this.#last
  }

  #look(bytes: Uint8Array): void {
    if (bytes === this.#source) return
    this.#source = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /** The labels that the last `resolve` refused, as far as they could be read. To be asked for before the body is gone. */
  refused(): Labels {
    return this.#refusedBytes === undefined ? [] : sortLabels(decodeLabelBytes(this.#refusedBytes, 0, this.#refusedBytes.length))
  }

  /** Turns the generations when the young one is full, an hour old, or the guard asks for it. Called between bodies. */
  makeRoom(): void {
    this.#source = undefined
    this.#last = -1
    const nowMs = this.#now()
    const isHour = nowMs - this.#turnedMs >= TURN_MS
    const isFull = this.young.length >= this.#limits.maxSeries || this.young.byteLength >= this.#limits.maxBytes
    if (isHour || isFull || this.guard.isTurnDue) this.#turn(isHour, nowMs)
    else if (this.#old !== undefined && nowMs - this.#turnedMs >= OLD_KEPT_MS) this.#forgetOld()
    if (this.guard.makeRoom()) this.epoch = nextEpoch++
  }

  /** Forgets all series, so that each comes to the index again with its next sample. */
  forget(): void {
    this.#turn(false, this.#now())
    this.#forgetOld()
  }

  #turn(isHour: boolean, nowMs: number): void {
    this.#forgetOld()
    this.#old = this.young
    this.#oldSeries = this.young.length - this.guard.turn(isHour)
    this.young = new SeriesGeneration()
    this.#turnedMs = nowMs
    this.epoch = nextEpoch++
  }

  #forgetOld(): void {
    if (this.#old === undefined) return
    this.#old = undefined
    this.#oldSeries = 0
    this.guard.forgetOld()
  }

  #meet(bytes: Uint8Array, range: HashedRange): number {
    const { start, end, hashed } = range
    const { guard } = this
    const old = this.#old
    const inOld = old === undefined ? -1 : old.find(this.#view, start, end, hashed)
    if (old !== undefined && inOld !== -1 && !guard.isChanged(old.metrics[inOld]!)) {
      const ref = this.young.add(this.#view, start, end, hashed)
      this.young.copyFrom(old, inOld, ref)
      const metric = old.metrics[inOld]!
      this.young.metrics[ref] = metric
      guard.moved(metric)
      this.#oldSeries--
      return ref
    }
    const routed = guard.isIdle ? undefined : guard.route(bytes, this.#view, range)
    return routed ?? this.#admit(bytes, range)
  }

  #admit(bytes: Uint8Array, range: HashedRange): number {
    const { guard } = this
    const { start, end, hashed } = range
    if (guard.maxSeries > 0 && this.activeSeries >= guard.maxSeries) {
      this.refusal = `the tenant has ${guard.maxSeries} active series, its limit max_series`
      this.#refusedBytes = bytes.subarray(start, end)
      guard.refused++
      return -1
    }
    const labels = this.#readLabels(bytes, start, end)
    if (labels === undefined) return -1
    const name = labelValue(labels, METRIC_NAME)
    const state = guard.stateOf(name)
    // A metric that is routed from this series on: `route` could not know it before.
    const isRouted = state.isFresh || !guard.admit(state, labels)
    state.isFresh = false
    if (isRouted) {
      const routed = guard.route(bytes, this.#view, range)
      if (routed !== undefined) return routed
    }
    const id = seriesId(labels)
    const metric = this.#metricId(name)
    const ref = this.young.add(this.#view, start, end, hashed)
    const { facts } = this.young
    facts.set(id, FACT_WORDS * ref)
    facts[FACT_WORDS * ref + METRIC] = Number(metric & 0xffff_ffffn)
    facts[FACT_WORDS * ref + METRIC + 1] = Number(metric >> 32n)
    this.young.metrics[ref] = state.number
    state.young++
    return ref
  }

  /** The labels, sorted and checked, or `undefined` and why in `refusal`. */
  #readLabels(bytes: Uint8Array, start: number, end: number): Labels | undefined {
    try {
      const labels = sortLabels(decodeLabelBytes(bytes, start, end))
      const refusal = checkLabels(labels, this.#labelLimits)
      if (refusal === undefined) return labels
      this.#refusedBytes = bytes.subarray(start, end)
      this.refusal = refusal
    } catch (error) {
      if (!(error instanceof WireError) || error.code !== 'WIRE_NOT_UTF8') throw error
      this.#refusedBytes = undefined
      this.refusal = 'a label is not UTF-8'
    }
    return undefined
  }

  #metricId(name: string): bigint {
    let id = this.#metricIds.get(name)
    if (id === undefined) {
      id = hash64(name)
      if (this.#metricIds.size >= MAX_METRIC_NAMES) this.#metricIds.clear()
      this.#metricIds.set(name, id)
    }
    return id
  }
}

let nextEpoch = 1

// 1,024 series: a small tenant's dictionary is 200 KB.
const FIRST_SERIES = 1_024
// Facts, two slots on average, and marks, beside the label bytes.
const SERIES_BYTES = 60
// 100,000 names, about 10 MB.
const MAX_METRIC_NAMES = 100_000

function grown<Values extends { set(from: Values): void }>(from: Values, to: Values): Values {
  to.set(from)
  return to
}
