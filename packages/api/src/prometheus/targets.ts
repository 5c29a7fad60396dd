import { hostname } from 'node:os'
import { labelsOf, labelsToRecord } from '@oriel/model'
import type { Answer, Exchange } from '../http/exchange.ts'
import type { ApiServices, TargetsView, TargetView } from '../services.ts'
import { goDuration, goTime } from './go-values.ts'
import { plainFail } from './params.ts'
import { success } from './success.ts'

/** GET /api/v1/targets. A state that is none selects nothing, as in Prometheus. */
export function targets(services: ApiServices, { query, headers }: Exchange): Answer {
  const state = (query.get('state') ?? '').toLowerCase() || 'any'
  const all = services.targets()
  const { active, dropped } = onlyPool(all, query.get('scrapePool') ?? '')
  const showsDropped = state === 'any' || state === 'dropped'
  return success({
    activeTargets: state === 'any' || state === 'active' ? active.map((target) => activeTarget(target, headers.host)) : [],
    droppedTargets: showsDropped ? dropped.map(droppedTarget) : [],
    droppedTargetCounts: showsDropped ? droppedCounts(all) : null,
  })
}

/** GET /api/v1/scrape_pools. */
export function scrapePools(services: ApiServices): Answer {
  return success({ scrapePools: poolsOf(services) })
}

/** GET /api/v1/scrape_pools/config: the scrape configuration of one pool, secrets left out. */
export function scrapePoolConfig(services: ApiServices, { query }: Exchange): Answer {
  const pool = query.get('scrapePool') ?? ''
  if (pool === '') plainFail('no scrapePool parameter provided')
  const yaml = services.scrapePools.configOf(pool)
  return yaml === undefined ? plainFail(`scrape pool ${JSON.stringify(pool)} not found`) : success({ yaml })
}

/** GET /api/v1/targets/relabel_steps: what each rule of a pool makes of labels. */
export function relabelSteps(services: ApiServices, { query }: Exchange): Answer {
  const pool = query.get('scrapePool') ?? ''
  if (pool === '') plainFail('no scrapePool parameter provided')
  const text = query.get('labels') ?? ''
  if (text === '') plainFail('no labels parameter provided')
  const steps = services.scrapePools.relabelSteps(pool, labelsOf(readLabels(text)))
  if (steps === undefined) return plainFail(`error retrieving scrape config: scrape pool ${JSON.stringify(pool)} not found`)
  return success({ steps: steps.map(({ rule, output, isKept }) => ({ rule, output: labelsToRecord(output), keep: isKept })) })
}

function readLabels(text: string): Record<string, string> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return plainFail(`error parsing labels: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return plainFail('error parsing labels: not an object')
  const labels: Record<string, string> = {}
  for (const [name, each] of Object.entries(value)) {
    if (typeof each !== 'string') return plainFail(`error parsing labels: ${JSON.stringify(name)} is not a string`)
    labels[name] = each
  }
  return labels
}

function poolsOf(services: ApiServices): string[] {
  const { active, dropped } = services.targets()
  return [...new Set([...services.scrapePools.names(), ...[...active, ...dropped].map(({ scrapePool }) => scrapePool)])].sort()
}

function onlyPool({ active, dropped }: TargetsView, pool: string): TargetsView {
  if (pool === '') return { active, dropped }
  const isIn = ({ scrapePool }: { scrapePool: string }) => scrapePool === pool
  return { active: active.filter(isIn), dropped: dropped.filter(isIn) }
}

function droppedCounts({ active, dropped, droppedCounts: known }: TargetsView): Record<string, number> {
  if (known !== undefined) return Object.fromEntries(known)
  const counts: Record<string, number> = {}
  for (const { scrapePool } of active) counts[scrapePool] ??= 0
  for (const { scrapePool } of dropped) counts[scrapePool] = (counts[scrapePool] ?? 0) + 1
  return counts
}

function activeTarget(target: TargetView, ownHost: string | undefined): Readonly<Record<string, unknown>> {
  return {
    discoveredLabels: labelsToRecord(target.discoveredLabels),
    labels: labelsToRecord(target.labels),
    scrapePool: target.scrapePool,
    scrapeUrl: target.scrapeUrl,
    globalUrl: globalUrl(target.scrapeUrl, ownHost),
    lastError: target.lastError,
    lastScrape: goTime(target.lastScrapeMs),
    lastScrapeDuration: target.lastScrapeDurationMs / 1_000,
    health: target.health,
    scrapeInterval: goDuration(target.scrapeIntervalMs),
    scrapeTimeout: goDuration(target.scrapeTimeoutMs),
  }
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]'])

/** A URL that works from elsewhere: loopback is told by the name under which the asker knows us. Source: Prometheus getGlobalURL. */
function globalUrl(scrapeUrl: string, ownHost = hostname()): string {
  const url = URL.parse(scrapeUrl)
  if (url === null || !LOOPBACK.has(url.hostname)) return scrapeUrl
  url.hostname = ownHost.replace(/:\d+$/, '')
  return url.href
}

function droppedTarget({ discoveredLabels, scrapePool }: TargetsView['dropped'][number]): Readonly<Record<string, unknown>> {
  return { discoveredLabels: labelsToRecord(discoveredLabels), scrapePool }
}
