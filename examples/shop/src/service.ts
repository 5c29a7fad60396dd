import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { SpanStatusCode, trace } from '@opentelemetry/api'
import type { Logger } from 'pino'
import { pino } from 'pino'
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import { followFaults } from './faults.ts'
import type { Shopper } from './shopper.ts'
import { readShopper, shopperHeaders } from './shopper.ts'

/** One request as a route sees it. */
export interface Call {
  readonly params: Readonly<Record<string, string>>
  readonly shopper: Shopper
  readonly body: unknown
  readonly log: Logger
  /** Calls another service of the shop for the same shopper. Throws `ServiceError` when it answers 4xx or 5xx. */
  readonly call: (
    service: string,
    path: string,
    options?: { method?: string; body?: unknown; timeoutMs?: number },
  ) => Promise<unknown>
}

/** Answers with what becomes JSON and status 200 (a promise is waited for), or throws `ServiceError`. */
export type Route = (call: Call) => unknown

/** A failure with the HTTP status it becomes. */
export class ServiceError extends Error {
  readonly status: number
  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}

/** Routes by `METHOD /path/:param`. */
export interface ServiceOptions {
  readonly name: string
  readonly routes: Readonly<Record<string, Route>>
  /** Readiness checks by name; a check that throws makes the service not ready. */
  readonly checks?: Readonly<Record<string, () => void>>
}

/** The registry behind this process's /metrics: exemplars need the OpenMetrics format. */
export const registry: Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE> = new Registry<
  typeof Registry.OPENMETRICS_CONTENT_TYPE
>()
registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
collectDefaultMetrics({ register: registry })

const requests = new Counter({
  name: 'http_requests_total',
  help: 'HTTP requests served.',
  labelNames: ['method', 'endpoint', 'status'],
  registers: [registry],
  enableExemplars: true,
})
const durations = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Time to serve an HTTP request.',
  labelNames: ['method', 'endpoint'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  registers: [registry],
  enableExemplars: true,
})
const inProgress = new Gauge({
  name: 'http_requests_in_progress',
  help: 'HTTP requests being served now.',
  registers: [registry],
})

/** Starts a service of the shop on the port the parent chose, with health, metrics, logs and faults wired. */
export function startService({ name, routes, checks = {} }: ServiceOptions): void {
  followFaults()
  const log = pino({
    base: { service: name, version: process.env['SHOP_VERSION'] ?? '' },
    messageKey: 'message',
    formatters: { level: (level) => ({ level }) },
  })
  const table = Object.entries(routes).map(([key, route]) => compileRoute(key, route))
  const service: Service = { table, checks, log, ports: readPorts() }
  const server = createServer((request, response) => {
    serve(service, request, response).catch((error: unknown) => {
      log.error({ err: error }, 'response failed')
      response.destroy()
    })
  })
  server.listen(service.ports[name], '127.0.0.1', () => process.send?.({ ready: name }))
}

/** Waits; stands for work that takes time. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

interface Service {
  readonly table: readonly CompiledRoute[]
  readonly checks: Readonly<Record<string, () => void>>
  readonly log: Logger
  readonly ports: Readonly<Record<string, number>>
}

async function serve(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://shop')
  if (url.pathname === '/metrics') return send(response, 200, await registry.metrics(), registry.contentType)
  if (url.pathname === '/health') return send(response, 200, { status: 'healthy' })
  if (url.pathname === '/health/ready') return sendReadiness(response, service.checks)
  const startMs = performance.now()
  inProgress.inc()
  const found = findRoute(service.table, request.method ?? 'GET', url.pathname)
  const status = await answer(service, request, response, found)
  inProgress.dec()
  const seconds = (performance.now() - startMs) / 1_000
  observe({ method: request.method ?? 'GET', endpoint: found?.pattern ?? 'unknown', status, seconds })
}

/** Runs the route and sends its answer or its failure; returns the status sent. */
async function answer(
  { log, ports }: Service,
  request: IncomingMessage,
  response: ServerResponse,
  found: FoundRoute | undefined,
): Promise<number> {
  if (found === undefined) {
    send(response, 404, { error: 'not found' })
    return 404
  }
  const shopper = readShopper(request.headers)
  const span = trace.getActiveSpan()
  span?.updateName(`${request.method} ${found.pattern}`)
  span?.setAttributes({
    'http.route': found.pattern,
    'user.id': shopper.id,
    'user.region': shopper.region,
    'user.tier': shopper.tier,
  })
  try {
    const body = await readJson(request)
    const call: Call['call'] = (service, path, options) => callService(ports, shopper, service, path, options)
    send(response, 200, await found.route({ params: found.params, shopper, body, log, call }))
    return 200
  } catch (error) {
    const failure = error instanceof Error ? error : new Error(String(error))
    const status = failure instanceof ServiceError ? failure.status : 500
    report(failure, status, log, { endpoint: found.pattern, user_id: shopper.id })
    send(response, status, { error: failure.message })
    return status
  }
}

function report(failure: Error, status: number, log: Logger, fields: Record<string, string>): void {
  if (status < 500) return log.warn({ ...fields, status }, failure.message)
  const span = trace.getActiveSpan()
  span?.recordException(failure)
  span?.setStatus({ code: SpanStatusCode.ERROR, message: failure.message })
  log.error({ ...fields, err: failure }, failure.message)
}

interface CompiledRoute {
  readonly method: string
  readonly pattern: string
  readonly parts: readonly string[]
  readonly route: Route
}

interface FoundRoute {
  readonly pattern: string
  readonly params: Record<string, string>
  readonly route: Route
}

function compileRoute(key: string, route: Route): CompiledRoute {
  const [method = 'GET', pattern = '/'] = key.split(' ')
  return { method, pattern, parts: pattern.split('/'), route }
}

function findRoute(table: readonly CompiledRoute[], method: string, path: string): FoundRoute | undefined {
  const given = path.split('/')
  for (const { method: wanted, pattern, parts, route } of table) {
    if (wanted !== method || parts.length !== given.length) continue
    const params: Record<string, string> = {}
    const fits = parts.every((part, i) => {
      if (!part.startsWith(':')) return part === given[i]
      params[part.slice(1)] = decodeURIComponent(given[i]!)
      return true
    })
    if (fits) return { pattern, params, route }
  }
  return undefined
}

async function callService(
  ports: Readonly<Record<string, number>>,
  shopper: Shopper,
  service: string,
  path: string,
  { method = 'GET', body, timeoutMs = 5_000 }: { method?: string; body?: unknown; timeoutMs?: number } = {},
): Promise<unknown> {
  const headers: Record<string, string> = { ...shopperHeaders(shopper), 'content-type': 'application/json' }
  let response: Response
  try {
    response = await fetch(`http://127.0.0.1:${ports[service]}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    })
  } catch (error) {
    const isTimeout = error instanceof Error && error.name === 'TimeoutError'
    throw new ServiceError(
      isTimeout ? 504 : 502,
      isTimeout ? `${service} did not answer within ${timeoutMs} ms` : `${service} is unreachable`,
      { cause: error },
    )
  }
  const answer: unknown = await response.json()
  if (response.ok) return answer
  const reason = typeof answer === 'object' && answer !== null && 'error' in answer ? String(answer.error) : response.statusText
  throw new ServiceError(response.status >= 500 ? 502 : response.status, `${service}: ${reason}`)
}

function observe({
  method,
  endpoint,
  status,
  seconds,
}: {
  method: string
  endpoint: string
  status: number
  seconds: number
}): void {
  const context = trace.getActiveSpan()?.spanContext()
  const exemplarLabels: Record<string, string> =
    context === undefined ? {} : { trace_id: context.traceId, span_id: context.spanId }
  requests.inc({ labels: { method, endpoint, status: String(status) }, value: 1, exemplarLabels })
  durations.observe({ labels: { method, endpoint }, value: seconds, exemplarLabels })
}

function sendReadiness(response: ServerResponse, checks: Readonly<Record<string, () => void>>): void {
  const results: Record<string, string> = {}
  let isReady = true
  for (const [name, check] of Object.entries(checks)) {
    try {
      check()
      results[name] = 'ok'
    } catch (error) {
      isReady = false
      results[name] = String(error)
    }
  }
  send(response, isReady ? 200 : 503, { status: isReady ? 'ready' : 'not_ready', checks: results })
}

function send(response: ServerResponse, status: number, body: unknown, contentType = 'application/json'): void {
  response.writeHead(status, { 'content-type': contentType })
  response.end(typeof body === 'string' ? body : JSON.stringify(body ?? {}))
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk)
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString())
}

function readPorts(): Record<string, number> {
  const ports: unknown = JSON.parse(process.env['SHOP_PORTS'] ?? '{}')
  const known: Record<string, number> = {}
  if (typeof ports === 'object' && ports !== null) for (const [name, port] of Object.entries(ports)) known[name] = Number(port)
  return known
}
