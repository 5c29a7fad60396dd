import type { Label, Labels } from '@oriel/model'
import { labelsKey } from '@oriel/model'
import { QueryError } from '@oriel/syntax'
import type { Grouping } from '../ast.ts'
import type { LineLabels } from '../line-labels.ts'
import { rememberedKey } from '../line-labels.ts'

/** Gives every line the index of its series, and keeps the labels of each. A hot path. */
export class SeriesIndex {
  readonly labels: Labels[] = []
  readonly #byKey = new Map<string, number>()
  readonly #grouping: Grouping | undefined
  readonly #sorted: readonly string[]
  readonly #dropped: ReadonlySet<string>
  readonly #limit: number

  /** No grouping: one series a label set. More than `limit` series are refused with QUERY_LIMIT. */
  constructor(grouping: Grouping | undefined, limit: number) {
    this.#grouping = grouping
    this.#sorted = [...new Set(grouping?.labels)].sort()
    this.#dropped = new Set(grouping?.labels)
    this.#limit = limit
  }

  indexOf(labels: LineLabels): number {
    if (this.#grouping?.kind === 'by') {
      const key = labels.keyOf(this.#sorted)
      return this.#byKey.get(key) ?? this.#add(key, this.#picked(labels))
    }
    const isPlain = labels.isPlain
    const all = labels.joined()
    const kept = this.#grouping === undefined ? all : all.filter(({ name }) => !this.#dropped.has(name))
    const key = isPlain && kept === all ? rememberedKey(all) : labelsKey(kept)
    return this.#byKey.get(key) ?? this.#add(key, kept)
  }

  #picked(labels: LineLabels): Labels {
    const picked: Label[] = []
    for (const name of this.#sorted) {
      const value = labels.get(name)
      if (value !== '') picked.push({ name, value })
    }
    return picked
  }

  #add(key: string, labels: Labels): number {
    if (this.labels.length >= this.#limit) {
      throw new QueryError('QUERY_LIMIT', `cannot evaluate: more than ${this.#limit} series (maxSeries); group by fewer labels`)
    }
    this.#byKey.set(key, this.labels.length)
    return this.labels.push(labels) - 1
  }
}
