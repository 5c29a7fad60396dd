import type { Matcher } from '@oriel/model'
import type { QueryContext } from '@oriel/store'
import { isWholeMetric } from './selection.ts'
import type { KnownSeries } from './series-cache.ts'
import { SeriesTable } from './series-table.ts'

/** Series to read, and matchers that they hold. */
export interface ChosenSeries {
  readonly series: readonly KnownSeries[]
  readonly matchers: readonly Matcher[]
}

/** What was read, and where in it are the series that were asked for: series `i` is number `places[i]` of those read. */
export interface SharedRead<T> {
  readonly read: T
  readonly places: Uint32Array
}

/**
 * Reads that parts of one query have in common. The two sides of a ratio of errors differ in matchers only: what they need is read
 * once, for the series of both.
 */
export class SharedReads<T> {
  readonly #open = new WeakMap<QueryContext, Map<string, OpenRead<T>>>()

  /** Joins whoever asks for `key` in the same turn; what `read` of the first does with the series of all is everybody's. */
  async join(
    context: QueryContext,
    key: string,
    asked: Promise<ChosenSeries>,
    read: (chosen: ChosenSeries) => Promise<T>,
  ): Promise<SharedRead<T>> {
    // Heard of below, where all are waited for: until then it must not end the process.
    asked.catch(() => {})
    const open = this.#open.get(context) ?? new Map<string, OpenRead<T>>()
    this.#open.set(context, open)
    const joined = open.get(key) ?? begin(read, () => open.delete(key))
    open.set(key, joined)
    const member = joined.members.push(asked) - 1
    const { result, places } = await joined.done
    return { read: result, places: places[member]! }
  }
}

interface OpenRead<T> {
  readonly members: Promise<ChosenSeries>[]
  readonly done: Promise<{ readonly result: T; readonly places: readonly Uint32Array[] }>
}

function begin<T>(read: (chosen: ChosenSeries) => Promise<T>, close: () => void): OpenRead<T> {
  const members: Promise<ChosenSeries>[] = []
  const run = async (): Promise<Awaited<OpenRead<T>['done']>> => {
    await new Promise((resolve) => setImmediate(resolve))
    close()
    const { chosen, places } = unionOf(await Promise.all(members))
    return { result: await read(chosen), places }
  }
  return { members, done: run() }
}

/** All series of the members, each once. Of two members one mostly has all that the other has. */
function unionOf(members: readonly ChosenSeries[]): { readonly chosen: ChosenSeries; readonly places: readonly Uint32Array[] } {
  const widest = members.reduce((a, b) => (isWider(b, a) ? b : a))
  const series = [...widest.series]
  let table = new SeriesTable(series)
  for (const member of members) {
    const missing = member === widest ? [] : member.series.filter(({ id }) => table.find(id[0]!, id[1]!) < 0)
    if (missing.length === 0) continue
    series.push(...missing)
    table = new SeriesTable(series)
  }
  const places = members.map((member) => Uint32Array.from(member.series, ({ id }) => table.find(id[0]!, id[1]!)))
  return { chosen: { series, matchers: widest.matchers }, places }
}

function isWider(a: ChosenSeries, b: ChosenSeries): boolean {
  const [aWhole, bWhole] = [isWholeMetric(a.matchers), isWholeMetric(b.matchers)]
  return aWhole === bWhole ? a.series.length > b.series.length : aWhole
}
