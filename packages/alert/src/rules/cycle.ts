// What one evaluation of a group may write. Source: Prometheus 3.14 rules/group.go Eval and tsdb's appender.

import type { Labels, UnixMs } from '@oriel/model'
import { labelsKey } from '@oriel/model'
import { printSeries } from '@oriel/syntax'
import type { StoredSample } from '../sample.ts'

/** Series of a rule by their labels' key. */
export type SeriesByKey = ReadonlyMap<string, Labels>

/** What to store of one rule's results. */
export interface Admitted {
  readonly samples: readonly StoredSample[]
  /** The series that the rule shows now. */
  readonly series: SeriesByKey
  /** Why one of the results is left out; '' where none is. */
  readonly problem: string
}

/**
 * Keeps two rules of one group from writing one series at one time: the first one written stands, as in Prometheus, where the store
 * refuses the second. Ours would take it and replace the first.
 */
export class Cycle {
  /** What was written at the cycle's time: the value, or 'stale'. */
  readonly #written = new Map<string, number | 'stale' | 'histogram'>()

  /** What of a rule's results goes to the store, with staleness markers for those of `before` that are gone. */
  admit(results: readonly StoredSample[], before: SeriesByKey, tMs: UnixMs): Admitted {
    const samples: StoredSample[] = []
    const series = new Map<string, Labels>()
    let problem = ''
    for (const sample of results) {
      const key = labelsKey(sample.labels)
      const value = sample.histogram === undefined ? sample.value : 'histogram'
      const there = this.#written.get(key)
      if (there !== undefined && !Object.is(there, value)) {
        problem = `duplicate sample for timestamp ${sample.tMs}: ${printSeries(sample.labels)} is ${String(there)} already, new value ${String(value)}`
        continue
      }
      this.#written.set(key, value)
      series.set(key, sample.labels)
      samples.push(sample)
    }
    for (const [key, labels] of before) if (!series.has(key)) this.#addStale(samples, key, labels, tMs)
    return { samples, series, problem }
  }

  /** Staleness markers for series that nothing shows any more. */
  markers(gone: SeriesByKey, tMs: UnixMs): StoredSample[] {
    const samples: StoredSample[] = []
    for (const [key, labels] of gone) this.#addStale(samples, key, labels, tMs)
    return samples
  }

  #addStale(samples: StoredSample[], key: string, labels: Labels, tMs: UnixMs): void {
    if (this.#written.has(key)) return
    this.#written.set(key, 'stale')
    samples.push({ labels, value: NaN, tMs, isStale: true })
  }
}
