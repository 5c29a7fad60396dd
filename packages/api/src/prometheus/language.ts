import { formatExpr, parseExpr } from '@oriel/promql/syntax'
import type { Answer, Exchange } from '../http/exchange.ts'
import type { ApiServices } from '../services.ts'
import { requiredText } from './params.ts'
import { success } from './status.ts'
import { treeOf } from './tree.ts'

/** GET and POST /api/v1/format_query. */
export function formatQuery(_services: ApiServices, exchange: Exchange): Answer {
  return success(formatExpr(parseExpr(requiredText(exchange, 'query'))))
}

/** GET and POST /api/v1/parse_query. */
export function parseQuery(_services: ApiServices, exchange: Exchange): Answer {
  return success(treeOf(parseExpr(requiredText(exchange, 'query'))))
}
