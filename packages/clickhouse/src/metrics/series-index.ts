import type { Matcher, MetricBlock, TimeRange } from '@oriel/model'
import { compareLabels, labelValue, METRIC_NAME } from '@oriel/model'
import type { QueryContext } from '@oriel/store'
import { StoreError } from '@oriel/store'
import { allOf, Bindings, tenantCondition } from '../conditions.ts'
import type { EngineClient } from '../engine/client.ts'
import type { MemoryIndex } from './postings/memory-index.ts'
import type { KnownSeries } from './series-cache.ts'
import { SeriesCache } from './series-cache.ts'
import { seriesOfBlock } from './series-rows.ts'
import { daysOf, seriesConditions } from './selection.ts'

/** What `SeriesIndex.find` is asked: see there. */
interface FindRequest {
  readonly matcherSets: readonly (readonly Matcher[])[]
  readonly range: TimeRange
  readonly limit: number
}

/** Finds series by their labels. */
export interface SeriesIndex {
  /**
   * Series that hold any of the matcher sets (none: every series) and were written on a day that the range touches, sorted by
   * labels. At most `limit` (0: the query's limit, reaching it rejects with STORE_LIMIT).
   */
  find(request: FindRequest, context: QueryContext): Promise<readonly KnownSeries[]>
  /** To be called when new series were written, after they became visible. */
  noteWritten(blocks: readonly MetricBlock[]): void
  /** To be called when series were taken out: no answer is kept. */
  noteRemoved(): void
}

/** How the index may save work. */
export interface SeriesIndexOptions {
  /** Whether all writes pass `noteWritten`: then answers are kept until a series is added that could belong to them. */
  readonly isOnlyWriter: boolean
  /** The series of the last days in memory, where there are. */
  readonly memory?: MemoryIndex
}

/** Opens the index. */
export function openSeriesIndex(client: EngineClient, { isOnlyWriter, memory }: SeriesIndexOptions): SeriesIndex {
  const cache = new SeriesCache()
  const answers = new AnswerCache()
  return {
    async find(request, context) {
      const key = JSON.stringify([context.tenants, daysOf(request.range), request.matcherSets, request.limit])
      const generation = answers.generation
      const known = isOnlyWriter ? answers.get(key) : undefined
      const series = known ?? (await findSeries({ client, cache, memory }, request, context))
      if (request.limit === 0 && series.length > context.limits.maxSeries) throw tooMany(context)
      if (isOnlyWriter && known === undefined) answers.add(key, { series, metrics: metricsOf(request, context) }, generation)
      return series
    },
    noteRemoved: () => answers.clear(),
    noteWritten(blocks) {
      const written = new Set<string>()
      for (const { tenant, series } of blocks) {
        for (const { labels } of series) written.add(metricKey(tenant, labelValue(labels, METRIC_NAME)))
      }
      if (written.size > 0) answers.dropAbout(written)
    },
  }
}

interface SeriesPlaces {
  readonly client: EngineClient
  readonly cache: SeriesCache
  readonly memory: MemoryIndex | undefined
}

async function findSeries(places: SeriesPlaces, request: FindRequest, context: QueryContext): Promise<readonly KnownSeries[]> {
  const { limit } = request
  const most = limit > 0 ? limit : context.limits.maxSeries + 1
  const days = places.memory?.covers(request, context)
  const series =
    places.memory === undefined || days === undefined
      ? await readSeries(places, request, context, most)
      : await places.memory.find(request, days, context, most)
  return series.sort((a, b) => compareLabels(a.labels, b.labels))
}

async function readSeries(
  { client, cache }: SeriesPlaces,
  { matcherSets, range }: FindRequest,
  context: QueryContext,
  most: number,
): Promise<KnownSeries[]> {
  const bindings = new Bindings()
  const days = daysOf(range)
  const conditions = [tenantCondition(context.tenants, bindings), ...seriesConditions(days, matcherSets, bindings)]
  const sql = `SELECT id, metric, labels FROM series
WHERE ${allOf(conditions)}
LIMIT 1 BY id
LIMIT ${most}`
  const series: KnownSeries[] = []
  for await (const block of client.stream(sql, { params: bindings.params, context })) series.push(...seriesOfBlock(block, cache))
  return series
}

function tooMany({ limits }: QueryContext): StoreError {
  return new StoreError(
    'STORE_LIMIT',
    `cannot select series: more than ${limits.maxSeries}, limit maxSeries is ${limits.maxSeries}`,
  )
}

/** The metrics that an answer is about, by tenant; undefined where new series of any metric could belong to it. */
function metricsOf({ matcherSets }: FindRequest, { tenants }: QueryContext): readonly string[] | undefined {
  if (matcherSets.length === 0) return undefined
  const keys: string[] = []
  for (const matchers of matcherSets) {
    const named = matchers.find(({ name, op }) => name === METRIC_NAME && op === '=')
    if (named === undefined) return undefined
    for (const tenant of tenants) keys.push(metricKey(tenant, named.value))
  }
  return keys
}

function metricKey(tenant: string, metric: string): string {
  return `${tenant}\u{1}${metric}`
}

interface Answer {
  readonly series: readonly KnownSeries[]
  readonly metrics: readonly string[] | undefined
}

/** Answers of the index, until a series is added that could belong to them. Bounded by the series they hold. */
class AnswerCache {
  readonly #answers = new Map<string, Answer>()
  #series = 0
  /** Rises when series were added: an answer read before must not be kept after. */
  generation = 0

  get(key: string): readonly KnownSeries[] | undefined {
    return this.#answers.get(key)?.series
  }

  add(key: string, answer: Answer, generation: number): void {
    if (generation !== this.generation) return
    if (this.#series + costOf(answer) > CACHED_ANSWER_SERIES) this.clear()
    this.#drop(key)
    this.#answers.set(key, answer)
    this.#series += costOf(answer)
  }

  dropAbout(written: ReadonlySet<string>): void {
    this.generation++
    for (const [key, { metrics }] of this.#answers) {
      if (metrics === undefined || metrics.some((metric) => written.has(metric))) this.#drop(key)
    }
  }

  #drop(key: string): void {
    const answer = this.#answers.get(key)
    if (answer === undefined) return
    this.#answers.delete(key)
    this.#series -= costOf(answer)
  }

  /** Forgets all answers, those that are being read too. */
  clear(): void {
    this.generation++
    this.#answers.clear()
    this.#series = 0
  }
}

/** An empty answer is kept too, and costs its key. */
function costOf({ series }: Answer): number {
  return series.length + 10
}

// 1,000,000 references are 8 MB: the answers of a hundred panels over ten thousand series each.
const CACHED_ANSWER_SERIES = 1_000_000
