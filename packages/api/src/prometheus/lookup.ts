import type { Labels } from '@oriel/model'
import type { QueryAnswer } from '@oriel/query'
import type { IndexRequest } from '@oriel/store'
import { callerOf, jsonPieces } from '../http/exchange.ts'
import type { Answer, Exchange } from '../http/exchange.ts'
import type { ApiServices } from '../services.ts'
import type { Fail } from './params.ts'
import { limitParameter, matchParameters, plainFail, rangeParameters, refuse } from './params.ts'
import { printLabels } from './print.ts'
import { printWarnings, TRUNCATED } from './warnings.ts'

/** GET and POST /api/v1/labels. */
export async function labelNames(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const limit = limitParameter(exchange)
  const request = indexRequest(exchange, limit, plainFail)
  const answer = await services.runner.lookup('label names', callerOf(exchange, 'prometheus'), (source, context) =>
    source.metrics.labelNames(request, context),
  )
  return answerTexts(answer, limit)
}

/** GET /api/v1/label/<name>/values. The name may be written `U__` with escapes, for names beyond [a-zA-Z0-9_]. */
export async function labelValues(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const name = unescapeName(exchange.params['name'] ?? '')
  if (name === '') plainFail('invalid label name: ""')
  const limit = limitParameter(exchange)
  const request = indexRequest(exchange, limit, plainFail)
  const answer = await services.runner.lookup(`label values ${name}`, callerOf(exchange, 'prometheus'), (source, context) =>
    source.metrics.labelValues(name, request, context),
  )
  return answerTexts(answer, limit)
}

/** GET and POST /api/v1/series. */
export async function series(services: ApiServices, exchange: Exchange): Promise<Answer> {
  if (!exchange.query.has('match[]')) plainFail('no match[] parameter provided')
  const limit = limitParameter(exchange)
  const request = indexRequest(exchange, limit, (why, cause) => refuse('match[]', why, cause))
  const answer = await services.runner.lookup('series', callerOf(exchange, 'prometheus'), (source, context) =>
    source.metrics.series(request, context),
  )
  return jsonPieces(printSeries(answer, limit))
}

/** The range, the matcher sets of `match[]`, and room for one more than `limit` so that a cut is noticed. */
function indexRequest(exchange: Exchange, limit: number, fail: Fail): IndexRequest {
  const range = rangeParameters(exchange)
  return { range, matcherSets: matchParameters(exchange, fail), limit: limit === 0 ? 0 : limit + 1 }
}

function answerTexts({ data, warnings }: QueryAnswer<string[]>, limit: number): Answer {
  const isCut = limit > 0 && data.length > limit
  const texts = isCut ? data.slice(0, limit) : data
  const told = printWarnings(warnings, isCut ? [TRUNCATED] : [])
  return jsonPieces([`{"status":"success","data":${JSON.stringify(texts)}${told}}`])
}

function* printSeries({ data, warnings }: QueryAnswer<Labels[]>, limit: number): Generator<string> {
  const isCut = limit > 0 && data.length > limit
  yield '{"status":"success","data":['
  let isFirst = true
  for (const labels of isCut ? data.slice(0, limit) : data) {
    yield (isFirst ? '' : ',') + printLabels(labels)
    isFirst = false
  }
  yield `]${printWarnings(warnings, isCut ? [TRUNCATED] : [])}}`
}

/** Undoes Prometheus's value escaping: `U__` in front, `__` for `_`, `_HEX_` for a code point. Source: Prometheus common model/metric.go. */
export function unescapeName(name: string): string {
  if (!name.startsWith('U__')) return name
  const escaped = name.slice('U__'.length)
  let text = ''
  for (let at = 0; at < escaped.length;) {
    const piece = /^(?:__|_([\da-fA-F]{1,6})_|[^_])/u.exec(escaped.slice(at))
    if (piece === null) return name
    const hex = piece[1]
    const isTooLarge = hex !== undefined && Number.parseInt(hex, 16) > 0x10_ffff
    if (isTooLarge) return name
    if (piece[0] === '__') text += '_'
    else text += hex === undefined ? piece[0] : String.fromCodePoint(Number.parseInt(hex, 16))
    at += piece[0].length
  }
  return text
}
