import type { Matcher, SeriesExemplars } from '@oriel/model'
import type { Expr } from '@oriel/promql/syntax'
import { walk } from '@oriel/promql/syntax'
import { printNumber } from '@oriel/syntax'
import { callerOf, jsonPieces } from '../http/exchange.ts'
import type { Answer, Exchange } from '../http/exchange.ts'
import type { ApiServices } from '../services.ts'
import { optionalTime, parseQueryText, plainFail } from './params.ts'
import { printSeconds } from './number-bytes.ts'
import { printLabels } from './print.ts'
import { nothing } from './success.ts'

// The last second of an unsigned 32-bit clock (2106): no range means all time.
const LAST_MS = 4_294_967_295_000

/** GET and POST /api/v1/query_exemplars: of every selector in the query. */
export async function exemplarsQuery(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const startMs = optionalTime(exchange, 'start', 0)
  const endMs = optionalTime(exchange, 'end', LAST_MS)
  if (endMs < startMs) plainFail('end timestamp must not be before start timestamp')
  const selectors = selectorsOf(parseQueryText(exchange.query.get('query') ?? '', services.runner.promql.features))
  if (selectors.length === 0) return nothing()
  const range = { startMs, endMs }
  const { data } = await services.runner.lookup('exemplars', callerOf(exchange, 'prometheus'), (source, context) =>
    Promise.all(selectors.map((matchers) => source.metrics.exemplars({ matchers, range }, context))),
  )
  return jsonPieces(printExemplars(data.flat()))
}

function selectorsOf(expr: Expr): Matcher[][] {
  const found: Matcher[][] = []
  walk(expr, (part) => {
    if (part.kind === 'vectorSelector') found.push([...part.matchers])
  })
  return found
}

function* printExemplars(series: readonly SeriesExemplars[]): Generator<string> {
  yield '{"status":"success","data":['
  let isFirst = true
  for (const { seriesLabels, exemplars } of series) {
    const points = exemplars.map(
      ({ labels, value, tMs }) =>
        `{"labels":${printLabels(labels)},"value":"${printNumber(value)}","timestamp":${printSeconds(tMs)}}`,
    )
    yield `${isFirst ? '' : ','}{"seriesLabels":${printLabels(seriesLabels)},"exemplars":[${points.join(',')}]}`
    isFirst = false
  }
  yield ']}'
}
