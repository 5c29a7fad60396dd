import { hostname } from 'node:os'
import { labelsToRecord } from '@oriel/model'
import type { Answer, Exchange } from '../http/exchange.ts'
import { jsonAnswer } from '../http/exchange.ts'
import type { ApiServices, TargetsView, TargetView } from '../services.ts'
import { badParameter } from './params.ts'

/** An answer in Prometheus's envelope. */
export function success(data: unknown): Answer {
  return jsonAnswer({ status: 'success', data })
}

/** GET /api/v1/targets. */
export function targets(services: ApiServices, { query }: Exchange): Answer {
  const state = (query.get('state') ?? 'any') || 'any'
  if (!['any', 'active', 'dropped'].includes(state)) throw badParameter('state', 'it must be active, dropped or any')
  const pool = query.get('scrapePool') ?? ''
  const { active, dropped } = onlyPool(services.targets(), pool)
  const droppedTargetCounts: Record<string, number> = {}
  for (const { scrapePool } of active) droppedTargetCounts[scrapePool] ??= 0
  for (const { scrapePool } of dropped) droppedTargetCounts[scrapePool] = (droppedTargetCounts[scrapePool] ?? 0) + 1
  return success({
    activeTargets: state === 'dropped' ? [] : active.map(activeTarget),
    droppedTargets: state === 'active' ? [] : dropped.map(droppedTarget),
    droppedTargetCounts,
  })
}

/** GET /api/v1/scrape_pools. */
export function scrapePools(services: ApiServices): Answer {
  const { active, dropped } = services.targets()
  return success({ scrapePools: [...new Set([...active, ...dropped].map(({ scrapePool }) => scrapePool))].sort() })
}

/** The flat `buildinfo` of Loki and Tempo, and `data` of Prometheus's. No `features`: Grafana would take us for Mimir. */
export function buildInfo({ build }: ApiServices): Readonly<Record<string, string>> {
  const { version, revision } = build
  return { version, revision, branch: '', buildUser: '', buildDate: '', goVersion: '' }
}

/** GET /api/v1/status/runtimeinfo. The Go fields keep their names and tell of this process what matches best. */
export function runtimeInfo(services: ApiServices): Answer {
  const config = services.prometheusConfig()
  return success({
    startTime: new Date(services.startedMs).toISOString(),
    CWD: process.cwd(),
    hostname: hostname(),
    serverTime: new Date(services.now()).toISOString(),
    reloadConfigSuccess: config.isGood,
    lastConfigTime: new Date(config.loadedMs).toISOString(),
    corruptionCount: 0,
    goroutineCount: 0,
    GOMAXPROCS: 0,
    GOMEMLIMIT: 0,
    GOGC: '',
    GODEBUG: '',
    storageRetention: '',
  })
}

function onlyPool({ active, dropped }: TargetsView, pool: string): TargetsView {
  if (pool === '') return { active, dropped }
  const isIn = ({ scrapePool }: { scrapePool: string }) => scrapePool === pool
  return { active: active.filter(isIn), dropped: dropped.filter(isIn) }
}

function activeTarget(target: TargetView): Readonly<Record<string, unknown>> {
  return {
    discoveredLabels: labelsToRecord(target.discoveredLabels),
    labels: labelsToRecord(target.labels),
    scrapePool: target.scrapePool,
    scrapeUrl: target.scrapeUrl,
    globalUrl: target.scrapeUrl,
    lastError: target.lastError,
    // Go's zero time stands for "never".
    lastScrape: target.lastScrapeMs === 0 ? '0001-01-01T00:00:00Z' : new Date(target.lastScrapeMs).toISOString(),
    lastScrapeDuration: target.lastScrapeDurationMs / 1_000,
    health: target.health,
    scrapeInterval: `${target.scrapeIntervalMs / 1_000}s`,
    scrapeTimeout: `${target.scrapeTimeoutMs / 1_000}s`,
  }
}

function droppedTarget({ discoveredLabels, scrapePool }: TargetsView['dropped'][number]): Readonly<Record<string, unknown>> {
  return { discoveredLabels: labelsToRecord(discoveredLabels), scrapePool }
}
