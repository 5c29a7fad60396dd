import type { PromQLAnswer } from '@oriel/query'
import type { Exchange } from '../http/exchange.ts'

/** `,"stats":{...}` where the asker wants statistics. Any word turns them on, as in Prometheus. */
export function* printStats(exchange: Exchange, answer: PromQLAnswer): Generator<string> {
  if (wordOf(exchange) !== '') yield `,"stats":${statsOf(answer)}`
}

/** What Prometheus says of words that it will refuse one day. */
export function statsWarning(exchange: Exchange): string[] {
  const word = wordOf(exchange)
  if (word === '' || word === 'true' || word === 'all') return []
  const fix = 'is deprecated and will be rejected in the next major release, use "true" or "all"'
  return [`value ${JSON.stringify(word)} for parameter "stats" ${fix}`]
}

/** Times are in seconds; the engine's work counts as preparation, as reading blocks does in Prometheus. */
function statsOf({ stats, elapsedMs, queuedMs }: PromQLAnswer): string {
  const timings = {
    evalTotalTime: (elapsedMs - queuedMs) / 1_000,
    resultSortTime: 0,
    queryPreparationTime: stats.engineMs / 1_000,
    innerEvalTime: Math.max(0, elapsedMs - queuedMs - stats.engineMs) / 1_000,
    execQueueTime: queuedMs / 1_000,
    execTotalTime: elapsedMs / 1_000,
  }
  const samples = { totalQueryableSamples: stats.samples, samplesRead: stats.samples, peakSamples: stats.samples }
  return JSON.stringify({ timings, samples })
}

function wordOf({ query }: Exchange): string {
  return query.get('stats') ?? ''
}
