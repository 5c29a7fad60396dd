import type { Labels, Matcher, SeriesDay } from '@oriel/model'
import { labelValue, METRIC_NAME } from '@oriel/model'
import type { DaySize } from '@oriel/store'
import type { DayRange } from '../selection.ts'
import type { KnownSeries } from '../series-cache.ts'
import { SeriesRefs } from '../window/series-refs.ts'
import type { PairCounts } from './counts.ts'
import { LabelPairs, SeriesLabels } from './label-pairs.ts'
import type { MatchedPairs } from './matching.ts'
import { MatcherCache } from './matching.ts'
import { makePostings, Postings } from './postings.ts'

/** The series of one tenant and the days they were written on, by their labels. */
export class TenantIndex {
  readonly #refs = new SeriesRefs()
  readonly #labels = new SeriesLabels()
  readonly pairs: LabelPairs = new LabelPairs()
  readonly #matchers = new MatcherCache(this.pairs)
  /** Bit i is set when the series was written on day `firstDay + i`. */
  #days: Uint8Array = new Uint8Array(1_024)
  #postings = new Postings(0, new Uint32Array(0), new Uint32Array(0))
  readonly #firstDay: number

  constructor(firstDay: number) {
    this.#firstDay = firstDay
  }

  get series(): number {
    return this.#labels.length
  }

  get byteLength(): number {
    const { byteLength } = this.pairs
    return byteLength + this.#refs.byteLength + this.#labels.byteLength + this.#postings.byteLength + this.#days.byteLength
  }

  /** Takes in a series of a day; nothing happens when it is known or the day is not held. */
  add({ id, labels, day }: SeriesDay): void {
    const place = day - this.#firstDay
    if (place < 0 || place >= HELD_DAYS) return
    const ref = this.#refs.findOrAdd(id, 0)
    if (ref === this.#labels.length) this.#push(labels)
    this.#days[ref]! |= 1 << place
  }

  /** Whether enough series are not in the postings yet to make them anew. */
  get needsPostings(): boolean {
    const waiting = this.#labels.length - this.#postings.series
    return waiting > Math.max(MOST_SCANNED, this.#postings.series / 8)
  }

  *makePostings(): Generator<undefined, void> {
    this.#postings = yield* makePostings(this.#labels, this.pairs.labels.length)
  }

  /** Values of a label, or names of labels, of the series that hold any of the matcher sets on one of the days. */
  *texts(
    matcherSets: readonly (readonly Matcher[])[],
    days: DayRange,
    label: string | undefined,
  ): Generator<undefined, Set<string>> {
    const met = new MetPairs(this.pairs, label)
    if (matcherSets.length === 0) this.#meetHeld(this.#maskOf(days), met)
    else
      yield* this.find(matcherSets, days, (ref) => {
        this.#meet(ref, met)
        return true
      })
    const texts = new Set<string>()
    for (const pair of met.found) texts.add(label === undefined ? this.pairs.labels[pair]!.name : this.pairs.labels[pair]!.value)
    return texts
  }

  /** Calls `take` with every series that holds any of the matcher sets on one of the days, once each, until it returns false. */
  *find(
    matcherSets: readonly (readonly Matcher[])[],
    days: DayRange,
    take: (ref: number) => boolean,
  ): Generator<undefined, void> {
    const mask = this.#maskOf(days)
    // What comes while this yields is no part of the answer.
    const postings = this.#postings
    const { length } = this.#labels
    const sets = (matcherSets.length === 0 ? [[]] : matcherSets).map((matchers) =>
      matchers.map((one) => this.#matchers.match(one)),
    )
    const seen = sets.length > 1 ? new Uint8Array(length) : undefined
    let step = 0
    for (const matched of sets) {
      for (const { refs, from, to, rest } of candidatesOf(matched, postings, length)) {
        for (let i = from; i < to; i++) {
          if (++step % YIELD_EVERY === 0) yield
          const ref = refs === undefined ? i : refs[i]!
          if ((this.#days[ref]! & mask) === 0 || seen?.[ref] === 1 || !this.#passes(ref, rest)) continue
          if (seen !== undefined) seen[ref] = 1
          if (!take(ref)) return
        }
      }
    }
  }

  /** How many of the series that were written on one of the days have each pair: of one metric's, or of all. */
  *count(days: DayRange, metric?: string): Generator<undefined, PairCounts> {
    const counts = new Uint32Array(this.pairs.labels.length)
    let series = 0
    yield* this.find(ofMetric(metric), days, (ref) => {
      series++
      const end = this.#labels.startOf(ref + 1)
      for (let at = this.#labels.startOf(ref); at < end; at++) counts[this.#labels.pairs[at]!]!++
      return true
    })
    return { series, counts }
  }

  /** A metric's series on each of the days that has any. */
  *countDays(metric: string, days: DayRange): Generator<undefined, DaySize[]> {
    const counts = Array.from({ length: HELD_DAYS }, () => 0)
    const mask = this.#maskOf(days)
    yield* this.find(ofMetric(metric), days, (ref) => {
      const held = this.#days[ref]! & mask
      for (let place = 0; place < HELD_DAYS; place++) counts[place]! += (held >> place) & 1
      return true
    })
    return counts.map((series, place) => ({ day: this.#firstDay + place, series })).filter(({ series }) => series > 0)
  }

  /** How many series a metric would have with nothing but the labels that are kept. */
  *countReduced(metric: string, isKept: (label: string) => boolean, days: DayRange): Generator<undefined, number> {
    const kept = new Set([...this.pairs.byName.keys()].filter(isKept))
    const found = new Set<number>()
    yield* this.find(ofMetric(metric), days, (ref) => {
      let [low, high] = [0, 0]
      const end = this.#labels.startOf(ref + 1)
      for (let at = this.#labels.startOf(ref); at < end; at++) {
        const pair = this.#labels.pairs[at]!
        if (!kept.has(this.pairs.labels[pair]!.name)) continue
        low = Math.imul(low ^ pair, 0x9e37_79b1) ^ (low >>> 15)
        high = Math.imul(high + pair, 0x85eb_ca77) ^ (high >>> 13)
      }
      // 53 bits tell half a million label sets apart but once in 70,000 times.
      found.add((low >>> 0) + (high & 0x1f_ffff) * 2 ** 32)
      return true
    })
    return found.size
  }

  known(ref: number): KnownSeries {
    const labels = this.#labels.labelsOf(ref, this.pairs)
    return { id: this.#refs.idOf(ref), metric: labelValue(labels, METRIC_NAME), labels }
  }

  /** Meets the pairs that some series has on a day of the mask: of names that are asked for, one at least. */
  #meetHeld(mask: number, met: MetPairs): void {
    for (const [name, { pairs }] of this.pairs.byName) {
      if (met.label !== undefined && met.label !== name) continue
      for (const pair of pairs) {
        if (!this.#isHeld(pair, mask)) continue
        met.add(pair)
        if (met.label === undefined) break
      }
    }
    for (let ref = this.#postings.series; ref < this.#labels.length; ref++) {
      if ((this.#days[ref]! & mask) !== 0) this.#meet(ref, met)
    }
  }

  #isHeld(pair: number, mask: number): boolean {
    for (const ref of this.#postings.of(pair)) if ((this.#days[ref]! & mask) !== 0) return true
    return false
  }

  #meet(ref: number, met: MetPairs): void {
    const { pairs } = this.#labels
    const end = this.#labels.startOf(ref + 1)
    for (let at = this.#labels.startOf(ref); at < end; at++) met.add(pairs[at]!)
  }

  #maskOf({ first, last }: DayRange): number {
    let mask = 0
    for (let place = 0; place < HELD_DAYS; place++) {
      const day = this.#firstDay + place
      if (day >= first && day <= last) mask |= 1 << place
    }
    return mask
  }

  #push(labels: Labels): void {
    const ref = this.#labels.length
    if (ref === this.#days.length) {
      const days = new Uint8Array(2 * ref)
      days.set(this.#days)
      this.#days = days
    }
    this.#labels.push(labels, this.pairs)
  }

  #passes(ref: number, matched: readonly MatchedPairs[]): boolean {
    return matched.every((one) => this.#passesOne(ref, one))
  }

  #passesOne(ref: number, matched: MatchedPairs): boolean {
    const all = this.#labels.pairs
    for (let at = this.#labels.startOf(ref); at < this.#labels.startOf(ref + 1); at++) {
      const pair = all[at]!
      if (this.pairs.labels[pair]!.name === matched.name) return matched.accepts(pair)
    }
    return matched.isEmptyIn
  }
}

/** The pairs of a label, or of all where none is named, that were met: a byte for each, for series come by the hundred thousand. */
class MetPairs {
  readonly label: string | undefined
  readonly found: number[] = []
  readonly #isWanted: Uint8Array

  constructor(pairs: LabelPairs, label: string | undefined) {
    this.label = label
    this.#isWanted = new Uint8Array(pairs.labels.length)
    if (label === undefined) this.#isWanted.fill(1)
    else for (const pair of pairs.byName.get(label)?.pairs ?? []) this.#isWanted[pair] = 1
  }

  add(pair: number): void {
    if (this.#isWanted[pair] !== 1) return
    this.#isWanted[pair] = 0
    this.found.push(pair)
  }
}

/** Series that could pass: `refs[from..to)`, or the numbers themselves. `rest` is what they must pass still. */
interface Candidates {
  readonly rest: readonly MatchedPairs[]
  readonly refs?: Uint32Array
  readonly from: number
  readonly to: number
}

/** Every series that could pass: of the matcher with the fewest series, and those not in the postings yet. */
function* candidatesOf(matched: readonly MatchedPairs[], postings: Postings, series: number): Generator<Candidates> {
  let least = postings.series
  let chosen: MatchedPairs | undefined
  // Known answers first: a regex over more values than there are candidates is asked for the candidates' values alone.
  for (const one of [...matched].sort((a, b) => a.cost - b.cost)) {
    if (one.isEmptyIn || one.cost > least) continue
    let size = 0
    for (const pair of one.all()) size += postings.of(pair).length
    if (size < least) [least, chosen] = [size, one]
  }
  const rest = matched.filter((one) => one !== chosen)
  // A series has one value of a label: no two lists share a series.
  for (const pair of chosen?.all() ?? []) {
    const refs = postings.of(pair)
    yield { refs, from: 0, to: refs.length, rest }
  }
  yield { from: chosen === undefined ? 0 : postings.series, to: series, rest: matched }
}

function ofMetric(metric: string | undefined): readonly (readonly Matcher[])[] {
  return metric === undefined ? [] : [[{ name: METRIC_NAME, op: '=', value: metric }]]
}

/** Days that an index holds, from its first on. */
export const HELD_DAYS = 8
// 4,096 series: looked at one by one until there are more.
const MOST_SCANNED = 4_096
// 16,384 series: about two milliseconds between two looks at the clock.
const YIELD_EVERY = 16_384
