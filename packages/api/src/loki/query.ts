import { parseLogQL, printLogQL } from '@oriel/logql'
import type { Answer, Exchange } from '../http/exchange.ts'
import { callerOf, jsonAnswer, jsonPieces } from '../http/exchange.ts'
import { failureOf } from '../http/failure.ts'
import type { ApiServices } from '../services.ts'
import { bad, directionParameter, instantMs, limitParameter, rangeNsParameters, stepMsParameter } from './params.ts'
import { printAnswer } from './print.ts'

/** GET and POST /loki/api/v1/query. */
export async function instantQuery(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const expr = queryText(exchange)
  const tMs = instantMs(exchange, services.now)
  const limit = limitParameter(exchange)
  const query = { kind: 'instant', tMs, limit, direction: directionParameter(exchange) } as const
  const answer = await services.runner.runLogQL({ expr, query }, callerOf(exchange, 'loki'))
  return { ...jsonPieces(printAnswer(answer, isCategorized(exchange))), isMatrix: answer.data.kind === 'matrix' }
}

/** GET and POST /loki/api/v1/query_range. */
export async function rangeQuery(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const expr = queryText(exchange)
  const range = rangeNsParameters(exchange, services.now)
  const interval = exchange.query.get('interval') ?? ''
  if (!['', '0', '0s'].includes(interval)) throw bad('the parameter "interval" is not supported')
  const query = {
    kind: 'range',
    ...range,
    stepMs: stepMsParameter(exchange, range),
    limit: limitParameter(exchange),
    direction: directionParameter(exchange),
    categorize: isCategorized(exchange),
  } as const
  const answer = await services.runner.runLogQL({ expr, query }, callerOf(exchange, 'loki'))
  return { ...jsonPieces(printAnswer(answer, query.categorize)), isMatrix: answer.data.kind === 'matrix' }
}

/** GET and POST /loki/api/v1/format_query. A text that does not parse is told in an envelope of its own. */
export function formatQuery(_services: ApiServices, exchange: Exchange): Answer {
  try {
    return jsonAnswer({ status: 'success', data: printLogQL(parseLogQL(queryText(exchange))) })
  } catch (error) {
    const { kind, message } = failureOf(error)
    if (kind !== 'bad_data') throw error
    return jsonAnswer({ status: 'invalid-query', error: message }, 400)
  }
}

function queryText({ query }: Exchange): string {
  const text = query.get('query') ?? ''
  if (text === '') throw bad('parse error : syntax error: unexpected $end: the parameter "query" is missing')
  return text
}

/** Whether the client keeps index labels, structured metadata and parsed labels apart (Grafana does). */
function isCategorized({ headers }: Exchange): boolean {
  const flags = headers['x-loki-response-encoding-flags']
  return (Array.isArray(flags) ? flags.join(',') : (flags ?? '')).includes('categorize-labels')
}
