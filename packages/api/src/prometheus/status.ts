import { availableParallelism, hostname } from 'node:os'
import type { Answer, Exchange } from '../http/exchange.ts'
import { callerOf } from '../http/exchange.ts'
import type { ApiServices } from '../services.ts'
import { goTime } from './go-values.ts'
import { parseGoInteger, plainFail } from './params.ts'
import { success } from './success.ts'

/** The flat `buildinfo` of Loki and Tempo, and `data` of Prometheus's. No `features`: Grafana would take us for Mimir. */
export function buildInfo({ build }: ApiServices): Readonly<Record<string, string>> {
  const { version, revision } = build
  return { version, revision, branch: '', buildUser: '', buildDate: '', goVersion: '' }
}

/** GET /api/v1/status/runtimeinfo. The Go fields keep their names and tell of this process what matches best. */
export function runtimeInfo(services: ApiServices): Answer {
  const config = services.prometheusConfig()
  return success({
    startTime: goTime(services.startedMs),
    CWD: process.cwd(),
    hostname: hostname(),
    serverTime: goTime(services.now()),
    reloadConfigSuccess: config.isGood,
    lastConfigTime: goTime(config.loadedMs),
    corruptionCount: 0,
    goroutineCount: 0,
    GOMAXPROCS: availableParallelism(),
    GOMEMLIMIT: 0,
    GOGC: '',
    GODEBUG: '',
    storageRetention: '',
  })
}

// As Prometheus: ten of each list, and never more than this.
const DEFAULT_ENTRIES = 10
const MAX_ENTRIES = 10_000
// Two hours: what the head of a Prometheus holds at least. Series are known by day, so the days that these hours touch count.
const HEAD_MS = 7_200_000

/**
 * GET /api/v1/status/tsdb: what the series of today are made of.
 *
 * There is no head and there are no chunks here: `chunkCount` is 0, and the times are those that the counts are of.
 */
export async function tsdbStatus(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const limit = entriesParameter(exchange)
  const endMs = services.now()
  const range = { startMs: endMs - HEAD_MS, endMs }
  const { data } = await services.runner.lookup('tsdb status', callerOf(exchange, 'prometheus'), (source, context) =>
    source.metrics.cardinality({ matcherSets: [], range, limit }, context),
  )
  const stats = (counts: readonly { readonly name: string; readonly count: number }[]) =>
    counts.map(({ name, count }) => ({ name, value: count }))
  return success({
    headStats: { numSeries: data.series, numLabelPairs: data.pairs, chunkCount: 0, minTime: range.startMs, maxTime: endMs },
    seriesCountByMetricName: stats(data.seriesByMetric),
    labelValueCountByLabelName: stats(data.valuesByLabel),
    memoryInBytesByLabelName: stats(data.bytesByLabel),
    seriesCountByLabelValuePair: stats(data.seriesByPair.map(({ name, value, count }) => ({ name: `${name}=${value}`, count }))),
  })
}

/** GET /api/v1/status/tsdb/blocks: none, the engine keeps no blocks of Prometheus's. */
export function tsdbBlocks(): Answer {
  return success({ blocks: [] })
}

/** GET /api/v1/status/walreplay: there is no log to replay. */
export function walReplay(): Answer {
  return success({ min: 0, max: 0, current: 0 })
}

function entriesParameter({ query }: Exchange): number {
  const text = query.get('limit') ?? ''
  if (text === '') return DEFAULT_ENTRIES
  const parsed = parseGoInteger(text)
  if (!parsed.ok || parsed.value < 1) return plainFail('limit must be a positive number')
  return parsed.value <= MAX_ENTRIES ? parsed.value : plainFail(`limit must not exceed ${MAX_ENTRIES}`)
}
