import type { Matcher, MetricBlock, TimeRange } from '@oriel/model'
import { compareLabels } from '@oriel/model'
import type { QueryContext } from '@oriel/store'
import { StoreError } from '@oriel/store'
import { allOf, Bindings, tenantCondition } from '../conditions.ts'
import type { EngineClient } from '../engine/client.ts'
import type { KnownSeries } from './series-cache.ts'
import { SeriesCache } from './series-cache.ts'
import { seriesOfBlock } from './series-rows.ts'
import { daysOf, seriesConditions } from './selection.ts'

/** Finds series by their labels. */
export interface SeriesIndex {
  /**
   * Series that hold any of the matcher sets (none: every series) and were written on a day that the range touches, sorted by
   * labels. At most `limit` (0: the query's limit, reaching it rejects with STORE_LIMIT).
   */
  find(
    request: { readonly matcherSets: readonly (readonly Matcher[])[]; readonly range: TimeRange; readonly limit: number },
    context: QueryContext,
  ): Promise<readonly KnownSeries[]>
  /** To be called when new series were written, after they became visible. */
  noteWritten(blocks: readonly MetricBlock[]): void
}

/** How the index may save work. */
export interface SeriesIndexOptions {
  /** Whether all writes pass `noteWritten`: then answers are kept until a series is added that could belong to them. */
  readonly isOnlyWriter: boolean
}

/** Opens the index. */
export function openSeriesIndex(client: EngineClient, { isOnlyWriter }: SeriesIndexOptions): SeriesIndex {
  const cache = new SeriesCache()
  const answers = new AnswerCache()
  return {
    async find(request, context) {
      const key = JSON.stringify([context.tenants, daysOf(request.range), request.matcherSets, request.limit])
      const generation = answers.generation
      const known = isOnlyWriter ? answers.get(key) : undefined
      const series = known ?? (await readSeries(client, cache, request, context))
      if (request.limit === 0 && series.length > context.limits.maxSeries) throw tooMany(context)
      if (isOnlyWriter && known === undefined) answers.add(key, series, generation)
      return series
    },
    noteWritten(blocks) {
      if (blocks.some(({ series }) => series.length > 0)) answers.clear()
    },
  }
}

async function readSeries(
  client: EngineClient,
  cache: SeriesCache,
  { matcherSets, range, limit }: Parameters<SeriesIndex['find']>[0],
  context: QueryContext,
): Promise<readonly KnownSeries[]> {
  const bindings = new Bindings()
  const days = daysOf(range)
  const conditions = [tenantCondition(context.tenants, bindings), ...seriesConditions(days, matcherSets, bindings)]
  const most = limit > 0 ? limit : context.limits.maxSeries + 1
  const sql = `SELECT id, metric, labels FROM series
WHERE ${allOf(conditions)}
LIMIT 1 BY id
LIMIT ${most}`
  const series: KnownSeries[] = []
  for await (const block of client.stream(sql, { params: bindings.params, context })) series.push(...seriesOfBlock(block, cache))
  return series.sort((a, b) => compareLabels(a.labels, b.labels))
}

function tooMany({ limits }: QueryContext): StoreError {
  return new StoreError(
    'STORE_LIMIT',
    `cannot select series: more than ${limits.maxSeries}, limit maxSeries is ${limits.maxSeries}`,
  )
}

/** Answers of the index, until a series is added. Bounded by the series they hold. */
class AnswerCache {
  readonly #answers = new Map<string, readonly KnownSeries[]>()
  #series = 0
  /** Rises with each clearing: an answer read before must not be kept after. */
  generation = 0

  get(key: string): readonly KnownSeries[] | undefined {
    return this.#answers.get(key)
  }

  add(key: string, series: readonly KnownSeries[], generation: number): void {
    if (generation !== this.generation) return
    if (this.#series + series.length + 1 > CACHED_ANSWER_SERIES) this.#empty()
    this.#answers.set(key, series)
    this.#series += series.length + 1
  }

  clear(): void {
    this.generation++
    this.#empty()
  }

  #empty(): void {
    this.#answers.clear()
    this.#series = 0
  }
}

// 1,000,000 references are 8 MB: the answers of a hundred panels over ten thousand series each.
const CACHED_ANSWER_SERIES = 1_000_000
