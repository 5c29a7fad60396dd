import { formatExpr } from '@oriel/promql/syntax'
import type { Answer, Exchange } from '../http/exchange.ts'
import type { ApiServices } from '../services.ts'
import { queryParameter } from './params.ts'
import { success } from './success.ts'
import { treeOf } from './tree.ts'

/** GET and POST /api/v1/format_query. */
export function formatQuery({ runner }: ApiServices, exchange: Exchange): Answer {
  return success(formatExpr(queryParameter(exchange, runner.promql.features)))
}

/** GET and POST /api/v1/parse_query. */
export function parseQuery({ runner }: ApiServices, exchange: Exchange): Answer {
  return success(treeOf(queryParameter(exchange, runner.promql.features)))
}
