import type { PromQLAnswer, PromQLRequest } from '@oriel/query'
import { callerOf, jsonPieces } from '../http/exchange.ts'
import type { Answer, Exchange } from '../http/exchange.ts'
import type { ApiServices } from '../services.ts'
import {
  limitParameter,
  optionalDuration,
  optionalTime,
  parseDurationText,
  plainFail,
  refuse,
  requiredTime,
  withQueryErrors,
} from './params.ts'
import { printResult, resultSize } from './print.ts'
import { printStats, statsWarning, wantsStats } from './stats.ts'
import { serverTiming } from './timing.ts'
import { printWarnings, TRUNCATED } from './warnings.ts'

// As Prometheus: more points than this in one series no screen can show. Longer answers are asked for in parts.
const MAX_POINTS = 11_000

/** GET and POST /api/v1/query. */
export function instantQuery(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const limit = limitParameter(exchange)
  const tMs = optionalTime(exchange, 'time', services.now())
  return answerQuery(services, exchange, limit, { kind: 'instant', tMs })
}

/** GET and POST /api/v1/query_range. */
export function rangeQuery(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const limit = limitParameter(exchange)
  const startMs = requiredTime(exchange, 'start')
  const endMs = requiredTime(exchange, 'end')
  if (endMs < startMs) refuse('end', 'end timestamp must not be before start time')
  const stepMs = parseDurationText(exchange.query.get('step') ?? '', (why) => refuse('step', why))
  if (stepMs <= 0) refuse('step', 'zero or negative query resolution step widths are not accepted. Try a positive integer')
  if (Math.trunc((endMs - startMs) / stepMs) > MAX_POINTS) {
    plainFail('exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)')
  }
  if (stepMs < 1) refuse('step', 'a step below a millisecond is not supported')
  const grid = { startMs, endMs, stepMs: Math.trunc(stepMs) }
  return answerQuery(services, exchange, limit, { kind: 'range', ...grid, isFresh: isFresh(exchange) })
}

/** Whether the asker wants nothing that was computed before: said as HTTP has it, or as VictoriaMetrics has. */
function isFresh({ headers, query }: Exchange): boolean {
  return /\bno-(?:store|cache)\b/.test(headers['cache-control'] ?? '') || (query.get('nocache') ?? '') === '1'
}

type Times = PromQLRequest extends infer Request
  ? Request extends PromQLRequest
    ? Omit<Request, 'expr' | 'lookbackMs'>
    : never
  : never

async function answerQuery(services: ApiServices, exchange: Exchange, limit: number, times: Times): Promise<Answer> {
  const caller = callerOf(exchange, 'prometheus', optionalDuration(exchange, 'timeout'))
  const expr = exchange.query.get('query') ?? ''
  const request: PromQLRequest = { expr, ...times, ...lookbackParameter(exchange), isCounted: wantsStats(exchange) }
  const answer = await withQueryErrors(expr, () => services.runner.runPromQL(request, caller))
  const isByStep = services.prometheus.features.has('promql-per-step-stats')
  const start = times.kind === 'instant' ? { startMs: times.tMs, stepMs: 1 } : times
  const pieces = jsonPieces(printAnswer(exchange, answer, limit, isByStep ? start : undefined))
  return {
    ...pieces,
    headers: { ...pieces.headers, 'server-timing': serverTiming(answer) },
    isMatrix: answer.data.kind === 'matrix',
  }
}

function lookbackParameter({ query }: Exchange): { lookbackMs?: number } {
  const text = query.get('lookback_delta') ?? ''
  if (text === '') return {}
  const lookbackMs = parseDurationText(text, (why) => plainFail(`error parsing lookback delta duration: ${why}`))
  // Go's zero means "not said" there.
  return lookbackMs > 0 ? { lookbackMs } : {}
}

function* printAnswer(
  exchange: Exchange,
  answer: PromQLAnswer,
  limit: number,
  steps: { startMs: number; stepMs: number } | undefined,
): Generator<string | Uint8Array> {
  const { data, warnings } = answer
  yield '{"status":"success","data":{'
  yield* printResult(data, limit)
  yield* printStats(exchange, answer, steps)
  const isCut = limit > 0 && resultSize(data) > limit
  yield `}${printWarnings(warnings, [...(isCut ? [TRUNCATED] : []), ...statsWarning(exchange)])}}`
}
