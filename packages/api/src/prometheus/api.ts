import type { Answer, Api, Exchange, Route } from '../http/exchange.ts'
import { jsonAnswer } from '../http/exchange.ts'
import type { Failure, FailureKind } from '../http/failure.ts'
import { STATUS_OF_KIND } from '../http/failure.ts'
import type { ApiServices } from '../services.ts'
import { formatQuery, parseQuery } from './language.ts'
import { labelNames, labelValues, metadata, series } from './lookup.ts'
import { exemplarsQuery, instantQuery, rangeQuery } from './query.ts'
import { buildInfo, runtimeInfo, scrapePools, success, targets } from './status.ts'

/** The Prometheus HTTP API v1. Source: Prometheus 3.14, docs/querying/api.md. */
export function makePrometheusApi(services: ApiServices): Api {
  return { name: 'prometheus', routes: makeRoutes(services), renderFailure }
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
    route(BOTH, '/query_exemplars', exemplarsQuery),
    route(BOTH, '/format_query', formatQuery),
    route(BOTH, '/parse_query', parseQuery),
    route(BOTH, '/labels', labelNames),
    route(GET, '/label/:name/values', labelValues),
    route(BOTH, '/series', series),
    route(GET, '/metadata', metadata),
    route(GET, '/targets', targets),
    route(GET, '/scrape_pools', scrapePools),
    route(GET, '/rules', () => success({ groups: [] })),
    route(GET, '/alerts', () => success({ alerts: [] })),
    route(GET, '/alertmanagers', () => success({ activeAlertmanagers: [], droppedAlertmanagers: [] })),
    route(GET, '/status/buildinfo', () => success(buildInfo(services))),
    route(GET, '/status/runtimeinfo', runtimeInfo),
    route(GET, '/status/config', () => success({ yaml: services.prometheusConfig().yaml })),
    route(GET, '/status/flags', () => success({ 'web.enable-lifecycle': 'true', 'web.enable-remote-write-receiver': 'true' })),
  ]
}

interface Words {
  readonly status: number
  readonly errorType: string
}

// Where Prometheus has words and a status of its own; the rest takes `internal` or `bad_data` by its status.
const WORDS: Readonly<Partial<Record<FailureKind, Words>>> = {
  bad_data: { status: 400, errorType: 'bad_data' },
  execution: { status: 422, errorType: 'execution' },
  unsupported: { status: 422, errorType: 'execution' },
  timeout: { status: 503, errorType: 'timeout' },
  cancelled: { status: 499, errorType: 'canceled' },
  busy: { status: 429, errorType: 'too_many_requests' },
  unavailable: { status: 503, errorType: 'unavailable' },
  not_found: { status: 404, errorType: 'not_found' },
  internal: { status: 500, errorType: 'internal' },
}

/** A failure in Prometheus's envelope. `position` is ours: where in the query text, for editors. */
function renderFailure({ kind, message, position }: Failure): Answer {
  const status = STATUS_OF_KIND[kind]
  const words = WORDS[kind] ?? { status, errorType: status < 500 ? 'bad_data' : 'internal' }
  const body = { status: 'error', errorType: words.errorType, error: message }
  return jsonAnswer(position === undefined ? body : { ...body, position }, words.status)
}
