import type { StatusAnswer } from '@oriel/contract'
import { createServer } from 'node:http'
import { QueryRunner } from '@oriel/query'
import type { MemoryStore, RetentionReport } from '@oriel/store'
import { openMemoryStore } from '@oriel/store'
import { logBlock, metricBlock, NOON_MS, NOON_NS, spanBlock } from '@oriel/store/contract-suite'
import type { CardinalityView } from '../cardinality-view.ts'
import type { HttpHandlerOptions } from '../http/handler.ts'
import { makeHttpHandler } from '../http/handler.ts'
import { makeApis, mainMounts } from '../mounts.ts'
import { Notifications } from '../prometheus/notifications.ts'
import { NO_RULES } from '../rules-view.ts'
import type { ApiServices } from '../services.ts'

/** A running server over a memory store. */
export interface TestServer {
  readonly url: string
  /** GET, the body as text. */
  get(path: string, headers?: Record<string, string>): Promise<{ status: number; headers: Headers; text: string }>
  /** GET, the body as JSON. */
  json(path: string, headers?: Record<string, string>): Promise<{ status: number; body: unknown }>
  close(): Promise<void>
}

const TENANT = 'default'
export const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'

/** Opens every API on a free port over a store that holds a little of each signal, one minute before noon. */
export async function openTestServer(
  options: Partial<HttpHandlerOptions> & { services?: Partial<ApiServices> } = {},
): Promise<TestServer> {
  const store = openMemoryStore({ now: () => NOON_MS })
  store.metrics.write([metricBlock(TENANT, METRICS)])
  store.logs.write([logBlock(TENANT, LOGS)])
  store.traces.write([spanBlock(TENANT, SPANS)])
  const services: ApiServices = {
    runner: new QueryRunner({ source: store, now: () => NOON_MS }),
    build: { version: '0.1.0', revision: 'test' },
    startedMs: NOON_MS,
    now: () => NOON_MS,
    targets: () => ({ active: [], dropped: [] }),
    targetSample: async () => undefined,
    scrapePools: { names: () => [], configOf: () => undefined, relabelSteps: () => undefined },
    prometheusConfig: () => ({ yaml: '', loadedMs: NOON_MS, isGood: true, externalLabels: {} }),
    prometheus: PROMETHEUS,
    rules: NO_RULES,
    notifications: new Notifications({ now: () => NOON_MS }),
    cardinality: cardinalityOf(store),
    retention: async () => EXPIRED,
    sink: store.sink,
    selfMetrics: () => [],
    status: async () => STATUS,
    health: async () => ({ isReady: true, checks: [] }),
    metrics: () => ({ contentType: 'text/plain', text: 'up 1\n' }),
    reload: async () => {},
    ...options.services,
  }
  const handler = makeHttpHandler({ mounts: mainMounts(makeApis(services)), defaultTenant: TENANT, ...options })
  const server = createServer((request, response) => void handler(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  const url = `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`
  const get: TestServer['get'] = async (path, headers = {}) => {
    const response = await fetch(url + path, { headers })
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
  return {
    url,
    get,
    json: async (path, headers) => {
      const { status, text } = await get(path, headers)
      return { status, body: JSON.parse(text) }
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

const PROMETHEUS: ApiServices['prometheus'] = {
  features: new Set(['search-api']),
  flags: { 'query.timeout': '2m' },
  isAdminOn: true,
  abilities: {},
  readSampleLimit: 1_000,
  readFrameBytes: 2 ** 20,
}

const EXPIRED: RetentionReport = {
  days: [{ day: 20_000, samples: 5 }],
  expired: [{ tenant: 'default', matchers: [], keepMs: 86_400_000, lastDay: 20_001, samples: 3 }],
}

const STATUS: StatusAnswer = {
  version: '0.1.0',
  startedMs: NOON_MS,
  engine: { state: 'ready', version: 'memory', restarts: 0 },
  dataDir: '',
  listeners: [],
  newest: {},
  isSelfOn: false,
}

/** Counts what is stored; nothing arrives, nobody asks, and rules are refused. */
function cardinalityOf({ cardinality: store }: MemoryStore): CardinalityView {
  const refuse = async (): Promise<never> => {
    throw new Error('there are no rules here')
  }
  return {
    store,
    active: () => ({ series: 0, maxSeries: 0, metrics: [] }),
    uses: async () => [],
    rules: { list: async () => [], history: async () => [], put: refuse, remove: refuse, undo: refuse },
  }
}

const METRICS = [
  { labels: { __name__: 'up', job: 'api', instance: 'a:80' }, samples: [[NOON_MS - 60_000, 1]] },
  { labels: { __name__: 'up', job: 'api', instance: 'b:80' }, samples: [[NOON_MS - 60_000, 0]] },
  {
    labels: { __name__: 'requests_total', job: 'api', 'http.path': '/a' },
    samples: [
      [NOON_MS - 120_000, 10],
      [NOON_MS - 60_000, 70],
    ],
  },
] as const

const LOGS = [
  {
    labels: { service_name: 'shop', env: 'demo' },
    tNs: NOON_NS - 60_000_000_000n,
    line: '{"msg":"paid <b>","ms":12}',
    level: 'info',
    attributes: { user_id: '42' },
  },
  { labels: { service_name: 'shop', env: 'demo' }, tNs: NOON_NS - 30_000_000_000n, line: 'failed to pay', level: 'error' },
  { labels: { service_name: 'auth', env: 'demo' }, tNs: NOON_NS - 20_000_000_000n, line: 'login' },
]

const SPANS = [
  {
    traceId: TRACE_ID,
    spanId: 'b7ad6b7169203331',
    service: 'shop',
    name: 'POST /pay',
    kind: 'server',
    status: 'error',
    statusMessage: 'declined',
    startNs: NOON_NS - 60_000_000_000n,
    durationNs: 1_500_000_000n,
    attributes: { 'http.response.status_code': '500' },
  },
  {
    traceId: TRACE_ID,
    spanId: 'c7ad6b7169203332',
    parentSpanId: 'b7ad6b7169203331',
    service: 'stripe',
    name: 'charge',
    kind: 'client',
    startNs: NOON_NS - 59_000_000_000n,
    durationNs: 500_000_000n,
  },
] as const
