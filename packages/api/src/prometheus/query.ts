import type { QueryAnswer, QueryWarning } from '@oriel/query'
import type { PromQLAnswer } from '@oriel/query'
import { callerOf, jsonPieces } from '../http/exchange.ts'
import type { Answer, Exchange } from '../http/exchange.ts'
import type { ApiServices } from '../services.ts'
import { badParameter, countParameter, durationParameter, requiredText, timeParameter } from './params.ts'
import { printLabels, printResult, printSeconds, resultSize } from './print.ts'
import { printNumber } from '@oriel/syntax'
import { parseSelector } from './selectors.ts'

// As Prometheus: more points than this in one series no screen can show. Longer answers are asked for in parts.
const MAX_POINTS = 11_000

/** GET and POST /api/v1/query. */
export async function instantQuery(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const expr = requiredText(exchange, 'query')
  const tMs = timeParameter(exchange, 'time', services.now())
  const limit = countParameter(exchange, 'limit', 0)
  const lookbackMs = durationParameter(exchange, 'lookback_delta')
  const caller = callerOf(exchange, 'prometheus', durationParameter(exchange, 'timeout'))
  const request = { expr, kind: 'instant', tMs, ...(lookbackMs !== undefined && { lookbackMs }) } as const
  return answerQuery(exchange, await services.runner.runPromQL(request, caller), limit)
}

/** GET and POST /api/v1/query_range. */
export async function rangeQuery(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const startMs = timeParameter(exchange, 'start', undefined)
  const endMs = timeParameter(exchange, 'end', undefined)
  if (endMs < startMs) throw badParameter('end', 'end timestamp must not be before start time')
  const stepMs = durationParameter(exchange, 'step')
  if (stepMs === undefined) throw badParameter('step', 'cannot parse "" to a valid duration')
  if (stepMs < 1)
    throw badParameter('step', 'zero or negative query resolution step widths are not accepted. Try a positive integer')
  if ((endMs - startMs) / stepMs > MAX_POINTS) {
    const why = 'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)'
    throw badParameter('step', why)
  }
  const expr = requiredText(exchange, 'query')
  const limit = countParameter(exchange, 'limit', 0)
  const lookbackMs = durationParameter(exchange, 'lookback_delta')
  const caller = callerOf(exchange, 'prometheus', durationParameter(exchange, 'timeout'))
  const grid = { startMs, endMs, stepMs: Math.round(stepMs) }
  const request = { expr, kind: 'range', ...grid, ...(lookbackMs !== undefined && { lookbackMs }) } as const
  return answerQuery(exchange, await services.runner.runPromQL(request, caller), limit)
}

/** GET and POST /api/v1/query_exemplars: of every selector in the query. */
export async function exemplarsQuery(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const selectors = parseSelector(requiredText(exchange, 'query'), 'any')
  const startMs = timeParameter(exchange, 'start', undefined)
  const endMs = timeParameter(exchange, 'end', undefined)
  if (endMs < startMs) throw badParameter('end', 'end timestamp must not be before start time')
  const range = { startMs, endMs }
  const answer = await services.runner.lookup('exemplars', callerOf(exchange, 'prometheus'), (source, context) =>
    Promise.all(selectors.map((matchers) => source.metrics.exemplars({ matchers, range }, context))),
  )
  const printed = answer.data.flat().map(({ seriesLabels, exemplars }) => {
    const points = exemplars.map(
      ({ labels, value, tMs }) =>
        `{"labels":${printLabels(labels)},"value":"${printNumber(value)}","timestamp":${printSeconds(tMs)}}`,
    )
    return `{"seriesLabels":${printLabels(seriesLabels)},"exemplars":[${points.join(',')}]}`
  })
  return jsonPieces([`{"status":"success","data":[${printed.join(',')}]}`])
}

/** Warnings and infos of an answer as `,"warnings":[...],"infos":[...]`, each only when there is one. */
export function printWarnings(warnings: readonly QueryWarning[], more: readonly string[] = []): string {
  const told = [...warnings.filter(({ level }) => level === 'warning').map(({ message }) => message), ...more]
  const infos = warnings.filter(({ level }) => level === 'info').map(({ message }) => message)
  const warningsText = told.length === 0 ? '' : `,"warnings":${JSON.stringify(told)}`
  return infos.length === 0 ? warningsText : `${warningsText},"infos":${JSON.stringify(infos)}`
}

function answerQuery(exchange: Exchange, answer: PromQLAnswer, limit: number): Answer {
  return jsonPieces(printAnswer(answer, limit, (exchange.query.get('stats') ?? '') !== ''))
}

function* printAnswer(answer: PromQLAnswer, limit: number, hasStats: boolean): Generator<string> {
  yield '{"status":"success","data":{'
  yield* printResult(answer.data, limit)
  if (hasStats) yield `,"stats":${printStats(answer)}`
  const isCut = limit > 0 && resultSize(answer.data) > limit
  yield `}${printWarnings(answer.warnings, isCut ? ['results truncated due to limit'] : [])}}`
}

/** Prometheus's statistics. Times are in seconds; the engine's work counts as preparation, as reading blocks does there. */
function printStats({ stats, elapsedMs, queuedMs }: QueryAnswer<unknown>): string {
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
