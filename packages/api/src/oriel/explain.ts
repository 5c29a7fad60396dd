import type { ExplainAnswer } from '@oriel/contract'
import type { PromQLRequest } from '@oriel/query'
import type { Answer, Exchange } from '../http/exchange.ts'
import { callerOf, jsonAnswer } from '../http/exchange.ts'
import type { ApiServices } from '../services.ts'
import { gridParameters, wholeNumber } from './params.ts'

/** Runs a PromQL query and tells its tree with what each operator cost. */
export async function explainQuery(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const request = requestOf(services, exchange)
  const { data, elapsedMs, queuedMs, stats } = await services.runner.explainPromQL(request, callerOf(exchange, 'explain'))
  const answer: ExplainAnswer = { ...data, elapsedMs, queuedMs, stats }
  return jsonAnswer(answer)
}

function requestOf({ now }: ApiServices, exchange: Exchange): PromQLRequest {
  const expr = exchange.query.get('query') ?? ''
  const tMs = wholeNumber(exchange, 'time')
  return tMs === undefined ? { expr, kind: 'range', ...gridParameters(exchange, now) } : { expr, kind: 'instant', tMs }
}
