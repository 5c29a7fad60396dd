import type { Answer, Api, Exchange, Route } from '../http/exchange.ts'
import { jsonAnswer, textAnswer } from '../http/exchange.ts'
import type { Failure, FailureKind } from '../http/failure.ts'
import { STATUS_OF_KIND } from '../http/failure.ts'
import { buildInfo } from '../prometheus/status.ts'
import type { ApiServices } from '../services.ts'
import { detectedLabels, indexStats, indexVolume, labelNames, labelValues, series } from './lookup.ts'
import { formatQuery, instantQuery, rangeQuery } from './query.ts'

/** The Loki HTTP API's read side, native paths under /loki/api/v1. Source: Loki HTTP API documentation. */
export function makeLokiApi(services: ApiServices): Api {
  return { name: 'loki', routes: makeRoutes(services), renderFailure }
}

const GET = ['GET'] as const
const BOTH = ['GET', 'POST'] as const

type Handle = (services: ApiServices, exchange: Exchange) => Promise<Answer> | Answer

function makeRoutes(services: ApiServices): Route[] {
  const route = (methods: Route['methods'], path: string, handle: Handle): Route => {
    return { methods, path: `/api/v1${path}`, handle: (exchange) => handle(services, exchange) }
  }
  return [
    route(BOTH, '/query', instantQuery),
    route(BOTH, '/query_range', rangeQuery),
    route(BOTH, '/labels', labelNames),
    route(BOTH, '/label', labelNames),
    route(BOTH, '/label/:name/values', labelValues),
    route(BOTH, '/series', series),
    route(BOTH, '/index/stats', indexStats),
    route(BOTH, '/index/volume', indexVolume),
    route(BOTH, '/detected_labels', detectedLabels),
    route(BOTH, '/format_query', formatQuery),
    route(GET, '/status/buildinfo', () => jsonAnswer(buildInfo(services))),
  ]
}

const STATUS: Readonly<Partial<Record<FailureKind, number>>> = { execution: 400, timeout: 504, unsupported: 400, busy: 429 }

/** Loki tells failures in plain text. */
function renderFailure({ kind, message }: Failure): Answer {
  return textAnswer(`${message}\n`, STATUS[kind] ?? STATUS_OF_KIND[kind])
}
