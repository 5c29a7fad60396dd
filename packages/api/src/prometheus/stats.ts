import type { PromQLAnswer } from '@oriel/query'
import type { Exchange } from '../http/exchange.ts'

/** Whether the asker wants statistics. Any word turns them on, as in Prometheus. */
export function wantsStats(exchange: Exchange): boolean {
  return wordOf(exchange) !== ''
}

/** The times of a query's steps. */
interface StepTimes {
  readonly startMs: number
  readonly stepMs: number
}

/** `,"stats":{...}` where the asker wants statistics; by step where `steps` says so too. */
export function* printStats(exchange: Exchange, answer: PromQLAnswer, steps: StepTimes | undefined): Generator<string> {
  if (!wantsStats(exchange)) return
  yield `,"stats":${statsOf(answer, wordOf(exchange) === 'all' ? steps : undefined)}`
}

/** What Prometheus says of words that it will refuse one day. */
export function statsWarning(exchange: Exchange): string[] {
  const word = wordOf(exchange)
  if (word === '' || word === 'true' || word === 'all') return []
  const fix = 'is deprecated and will be rejected in the next major release, use "true" or "all"'
  return [`value ${JSON.stringify(word)} for parameter "stats" ${fix}`]
}

/** Times are in seconds; the engine's work counts as preparation, as reading blocks does in Prometheus. */
function statsOf({ stats, elapsedMs, queuedMs, counts }: PromQLAnswer, steps: StepTimes | undefined): string {
  const timings = {
    evalTotalTime: (elapsedMs - queuedMs) / 1_000,
    resultSortTime: 0,
    queryPreparationTime: stats.engineMs / 1_000,
    innerEvalTime: Math.max(0, elapsedMs - queuedMs - stats.engineMs) / 1_000,
    execQueueTime: queuedMs / 1_000,
    execTotalTime: elapsedMs / 1_000,
  }
  const perStep = (of: Float64Array | undefined) => (steps === undefined || of === undefined ? undefined : pointsOf(of, steps))
  const samples = {
    totalQueryableSamplesPerStep: perStep(counts?.queryable),
    totalQueryableSamples: sumOf(counts?.queryable),
    samplesReadPerStep: perStep(counts?.read),
    samplesRead: sumOf(counts?.read),
    // What was held at once: here everything that was read.
    peakSamples: stats.samples,
  }
  return JSON.stringify({ timings, samples })
}

function pointsOf(counts: Float64Array, { startMs, stepMs }: StepTimes): [tSeconds: number, count: number][] {
  return Array.from(counts, (count, i) => [(startMs + i * stepMs) / 1_000, count])
}

function sumOf(counts: Float64Array | undefined): number {
  return counts?.reduce((sum, count) => sum + count, 0) ?? 0
}

function wordOf({ query }: Exchange): string {
  return query.get('stats') ?? ''
}
