import type { Answer, Api, Exchange, Route } from '../http/exchange.ts'
import { jsonAnswer, textAnswer } from '../http/exchange.ts'
import type { Failure, FailureKind } from '../http/failure.ts'
import { STATUS_OF_KIND } from '../http/failure.ts'
import type { ApiServices } from '../services.ts'
import { cleanTombstones, deleteSeries, snapshot } from './admin.ts'
import { exemplarsQuery } from './exemplars.ts'
import { federate } from './federate.ts'
import { features, flags } from './flags.ts'
import { formatQuery, parseQuery } from './language.ts'
import { labelNames, labelValues, series } from './lookup.ts'
import { metadata, targetMetadata } from './metadata.ts'
import { liveNotifications, notifications } from './notifications.ts'
import { openApi } from './openapi.ts'
import { instantQuery, rangeQuery } from './query.ts'
import { MAX_READ_BYTES, remoteRead } from './read.ts'
import { alertmanagers, alerts, rules } from './rules.ts'
import { searchLabelNames, searchLabelValues, searchMetricNames } from './search.ts'
import { selfMetrics } from './self-metrics.ts'
import { buildInfo, runtimeInfo, tsdbBlocks, tsdbStatus, walReplay } from './status.ts'
import { success } from './success.ts'
import { relabelSteps, scrapePoolConfig, scrapePools, targets } from './targets.ts'

/** The Prometheus HTTP API v1. Source: Prometheus 3.14, docs/querying/api.md and web/api/v1. */
export function makePrometheusApi(services: ApiServices): Api {
  return { name: 'prometheus', routes: makeRoutes(services), renderFailure }
}

const GET = ['GET'] as const
const BOTH = ['GET', 'POST'] as const
const WRITE = ['POST', 'PUT'] as const

type Handle = (services: ApiServices, exchange: Exchange) => Promise<Answer> | Answer

const PATHS: readonly (readonly [methods: Route['methods'], path: string, handle: Handle])[] = [
  [BOTH, '/query', instantQuery],
  [BOTH, '/query_range', rangeQuery],
  [BOTH, '/query_exemplars', exemplarsQuery],
  [BOTH, '/format_query', formatQuery],
  [BOTH, '/parse_query', parseQuery],
  [BOTH, '/labels', labelNames],
  [GET, '/label/:name/values', labelValues],
  [BOTH, '/series', series],
  [BOTH, '/search/metric_names', searchMetricNames],
  [BOTH, '/search/label_names', searchLabelNames],
  [BOTH, '/search/label_values', searchLabelValues],
  [GET, '/metadata', metadata],
  [GET, '/targets', targets],
  [GET, '/targets/metadata', targetMetadata],
  [GET, '/targets/relabel_steps', relabelSteps],
  [GET, '/scrape_pools', scrapePools],
  [GET, '/scrape_pools/config', scrapePoolConfig],
  [GET, '/rules', rules],
  [GET, '/alerts', alerts],
  [GET, '/alertmanagers', alertmanagers],
  [GET, '/features', features],
  [GET, '/notifications', notifications],
  [GET, '/notifications/live', liveNotifications],
  [GET, '/status/buildinfo', (services) => success(buildInfo(services))],
  [GET, '/status/runtimeinfo', runtimeInfo],
  [GET, '/status/config', ({ prometheusConfig }) => success({ yaml: prometheusConfig().yaml })],
  [GET, '/status/flags', flags],
  [GET, '/status/tsdb', tsdbStatus],
  [GET, '/status/tsdb/blocks', tsdbBlocks],
  [GET, '/status/walreplay', walReplay],
  [GET, '/status/self_metrics', selfMetrics],
  [GET, '/openapi.yaml', (services, exchange) => openApi(services, exchange, DESCRIBED)],
  [WRITE, '/admin/tsdb/delete_series', deleteSeries],
  [WRITE, '/admin/tsdb/clean_tombstones', cleanTombstones],
  [WRITE, '/admin/tsdb/snapshot', snapshot],
]

const DESCRIBED = PATHS.map(([methods, path]) => ({ methods, path }))

function makeRoutes(services: ApiServices): Route[] {
  return PATHS.map(([methods, path, handle]) => {
    // Whoever listens to notifications does so for hours: that is no slow request.
    const isQuiet = path === '/notifications/live'
    return { methods, path: `/api/v1${path}`, handle: (exchange) => handle(services, exchange), isQuiet }
  })
}

/**
 * The paths of Prometheus whose answers and failures are no JSON: for other Prometheus servers, not for people.
 */
export function makePrometheusPeerApi(services: ApiServices): Api {
  const routes: Route[] = [
    { methods: ['GET'], path: '/federate', handle: (exchange) => federate(services, exchange) },
    {
      methods: ['POST'],
      path: '/api/v1/read',
      maxBodyBytes: MAX_READ_BYTES,
      handle: (exchange) => remoteRead(services, exchange),
    },
  ]
  return { name: 'prometheus-peer', routes, renderFailure: renderText }
}

/** A failure as Go's http.Error writes it. */
function renderText({ kind, message }: Failure): Answer {
  return textAnswer(`${message}\n`, STATUS_OF_KIND[kind])
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
  // What is switched off is "unavailable" with 500 in Prometheus; an engine that is away is worth another try.
  disabled: { status: 500, errorType: 'unavailable' },
  unavailable: { status: 503, errorType: 'unavailable' },
  not_found: { status: 404, errorType: 'not_found' },
  internal: { status: 500, errorType: 'internal' },
}

/** A failure in Prometheus's envelope, which has room for nothing else: a place in the query text stands in the message. */
function renderFailure({ kind, message }: Failure): Answer {
  const status = STATUS_OF_KIND[kind]
  const words = WORDS[kind] ?? { status, errorType: status < 500 ? 'bad_data' : 'internal' }
  const error = (kind === 'timeout' ? 'query timed out in query execution: ' : '') + message
  return jsonAnswer({ status: 'error', errorType: words.errorType, error }, words.status)
}
