import type { EndedQueryAnswer, QueryAnswer } from '@oriel/contract'
import type { LinkContext } from '../frame/link-to.ts'
import { linkTo } from '../frame/link-to.ts'
import { rangeTextOf } from '../frame/time-range.ts'

/** One query text with what all its runs cost together. */
export interface QueryCost {
  readonly key: string
  readonly language: string
  readonly text: string
  readonly runs: number
  readonly failures: number
  readonly totalMs: number
  readonly maxMs: number
  readonly samples: number
  readonly bytes: number
  /** The newest run: what a click opens. */
  readonly last: EndedQueryAnswer
}

/** Runs by query text, in the order of the newest run. `entries` come newest first. */
export function costsByText(entries: readonly EndedQueryAnswer[]): QueryCost[] {
  const costs = new Map<string, QueryCost>()
  for (const entry of entries) {
    const key = `${entry.language} ${entry.text}`
    const old = costs.get(key) ?? { runs: 0, failures: 0, totalMs: 0, maxMs: 0, samples: 0, bytes: 0, last: entry }
    costs.set(key, {
      key,
      language: entry.language,
      text: entry.text,
      runs: old.runs + 1,
      failures: old.failures + Number(entry.outcome !== 'ok'),
      totalMs: old.totalMs + entry.elapsedMs,
      maxMs: Math.max(old.maxMs, entry.elapsedMs),
      samples: old.samples + entry.stats.samples,
      bytes: old.bytes + entry.stats.bytes,
      last: old.last,
    })
  }
  return [...costs.values()]
}

// An instant query has no range to show: the half hour before it puts its answer at the chart's end.
const INSTANT_LOOKBACK_MS = 1_800_000

/** The address that asks a query again over its own times; `undefined` for what no screen asks. */
export function reopenQuery({ language, text, times }: QueryAnswer): string | undefined {
  const context: LinkContext =
    times === undefined
      ? {}
      : rangeTextOf({
          startMs: times.startMs === times.endMs ? times.startMs - INSTANT_LOOKBACK_MS : times.startMs,
          endMs: times.endMs,
        })
  if (language === 'promql') return linkTo({ kind: 'metrics', q: text }, context)
  if (language === 'logql') return linkTo({ kind: 'logs', q: text }, context)
  // The older forms of a trace search have no text that the editor reads.
  return language === 'traceql' && text.startsWith('{') ? linkTo({ kind: 'traces', search: { q: text } }, context) : undefined
}

/** What the list is narrowed to; '' lets everything through. */
export interface QueryFilter {
  readonly language: string
  readonly tenant: string
  readonly find: string
}

/** Whether a query passes the filter. */
export function isWanted({ language, tenant, text, origin }: QueryAnswer, filter: QueryFilter): boolean {
  if (filter.language !== '' && filter.language !== language) return false
  if (filter.tenant !== '' && filter.tenant !== tenant) return false
  return `${text} ${origin}`.toLowerCase().includes(filter.find.toLowerCase())
}
