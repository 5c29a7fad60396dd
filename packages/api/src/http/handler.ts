import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Counter, HistogramMetric, Telemetry } from '@oriel/model'
import { silentTelemetry } from '@oriel/model'
import { ApiError } from '../errors.ts'
import type { Cors } from './cors.ts'
import { corsHeaders } from './cors.ts'
import type { Answer, Api, Exchange, RawHandler, Route } from './exchange.ts'
import { jsonAnswer } from './exchange.ts'
import type { Failure } from './failure.ts'
import { failureOf, STATUS_OF_KIND } from './failure.ts'
import { readBody, readParameters, tenantsOf } from './request.ts'
import { respond } from './respond.ts'
import { Router } from './router.ts'

/** An API at a base path; '' is the root. */
export interface Mount {
  readonly base: string
  readonly api: Api
}

/** A handler at a path that reads and writes the socket itself: the doors of ingest. */
export interface Door {
  readonly method: string
  readonly path: string
  readonly handle: RawHandler
}

export interface HttpHandlerOptions {
  readonly mounts: readonly Mount[]
  readonly doors?: readonly Door[]
  readonly defaultTenant: string
  readonly telemetry?: Telemetry
  readonly cors?: Cors
  /** Serves paths that no API has: the page. Returns false for what it does not have. */
  readonly fallback?: (request: IncomingMessage, response: ServerResponse, path: string) => Promise<boolean>
}

type Target =
  | { readonly kind: 'route'; readonly api: Api; readonly route: Route }
  | { readonly kind: 'door'; readonly handle: RawHandler }

/** Makes the listener of a `node:http` server: routing, parameters, errors, compression, spans and metrics. */
export function makeHttpHandler(options: HttpHandlerOptions): RawHandler {
  const handler = new HttpHandler(options)
  return (request, response) => handler.handle(request, response)
}

class HttpHandler {
  readonly #router = new Router<Target>()
  readonly #options: HttpHandlerOptions
  readonly #telemetry: Telemetry
  readonly #seconds: HistogramMetric
  readonly #requests: Counter

  constructor(options: HttpHandlerOptions) {
    this.#options = options
    this.#telemetry = options.telemetry ?? silentTelemetry
    this.#seconds = this.#telemetry.histogram('oriel_http_request_duration_seconds', 'Time to answer a request, by route.')
    this.#requests = this.#telemetry.counter('oriel_http_requests_total', 'Requests answered, by route, method and status.')
    for (const { method, path, handle } of options.doors ?? []) this.#router.add(method, path, { kind: 'door', handle })
    for (const { base, api } of options.mounts) {
      for (const route of api.routes) {
        for (const method of route.methods) this.#router.add(method, `${base}${route.path}`, { kind: 'route', api, route })
      }
    }
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = urlOf(request)
    if (url === undefined) {
      await respond(
        request,
        response,
        renderPlain({ kind: 'bad_data', code: 'API_BAD_PARAMETER', message: 'cannot read the URL' }),
      )
      return
    }
    for (const [name, value] of corsHeaders(request, this.#options.cors)) response.setHeader(name, value)
    const method = request.method ?? 'GET'
    const match = this.#router.find(method, url.pathname)
    if (match.kind === 'found') {
      const { target, params, pattern } = match
      if (target.kind === 'door') await target.handle(request, response)
      else await this.#runRoute(request, response, { url, params, pattern, api: target.api, route: target.route })
      return
    }
    if (match.kind === 'method') {
      await this.#refuseMethod(request, response, url.pathname, match.allowed)
      return
    }
    const isServed = (await this.#options.fallback?.(request, response, url.pathname)) ?? false
    if (isServed) return
    const failure = failureOf(new ApiError('API_NOT_FOUND', `cannot find ${url.pathname}: there is nothing at this path`))
    await respond(request, response, (this.#apiAt(url.pathname)?.renderFailure ?? renderPlain)(failure))
  }

  async #runRoute(request: IncomingMessage, response: ServerResponse, found: Found): Promise<void> {
    const { pattern, route } = found
    const method = request.method ?? 'GET'
    if (route.isQuiet === true) {
      await this.#answer(request, response, found)
      this.#requests.add(1, { handler: pattern, method, code: String(response.statusCode) })
      return
    }
    const startMs = performance.now()
    const attributes: Record<string, string> = {
      'span.kind': 'server',
      'http.request.method': method,
      'http.route': pattern,
      'url.path': found.url.pathname,
    }
    const { traceparent } = request.headers
    if (typeof traceparent === 'string') attributes['traceparent'] = traceparent
    await this.#telemetry.span(`${method} ${pattern}`, attributes, async () => {
      const failure = await this.#answer(request, response, found)
      attributes['http.response.status_code'] = String(response.statusCode)
      if (failure !== undefined) attributes['error.type'] = failure.code
      if (failure !== undefined && response.statusCode >= 500) attributes['otel.status_description'] = failure.message
      this.#seconds.observe((performance.now() - startMs) / 1_000, { handler: pattern })
    })
    this.#requests.add(1, { handler: pattern, method, code: String(response.statusCode) })
  }

  async #answer(request: IncomingMessage, response: ServerResponse, found: Found): Promise<Failure | undefined> {
    const { url, params, api, route, pattern } = found
    const gone = new AbortController()
    response.once('close', () => {
      if (!response.writableFinished) gone.abort()
    })
    try {
      const { maxBodyBytes } = route
      const isForm = maxBodyBytes === undefined
      const exchange: Exchange = {
        method: request.method ?? 'GET',
        path: url.pathname,
        headers: request.headers,
        params,
        query: isForm ? await readParameters(request, url) : new URLSearchParams(url.search),
        body: isForm ? NO_BODY : await readBody(request, maxBodyBytes),
        tenants: tenantsOf(request, this.#options.defaultTenant),
        signal: gone.signal,
      }
      await respond(request, response, await route.handle(exchange))
      return undefined
    } catch (error) {
      // A client that leaves in the middle of a large answer is no failure of ours.
      if (response.headersSent) {
        response.destroy()
        return undefined
      }
      const failure = failureOf(error)
      if (failure.kind === 'internal') this.#telemetry.log('error', 'request failed', { path: pattern, error: stackOf(error) })
      await respond(request, response, withRetry(api.renderFailure(failure), failure))
      return failure
    }
  }

  async #refuseMethod(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    allowed: readonly string[],
  ): Promise<void> {
    const allow = [...allowed, ...(allowed.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ')
    response.setHeader('allow', allow)
    if (request.method === 'OPTIONS') {
      response.writeHead(204).end()
      return
    }
    const failure = failureOf(new ApiError('API_METHOD', `cannot ${request.method ?? ''} ${path}: allowed are ${allow}`))
    await respond(request, response, (this.#apiAt(path)?.renderFailure ?? renderPlain)(failure))
  }

  /** The API with the longest base that the path is under. */
  #apiAt(path: string): Api | undefined {
    let best: Mount | undefined
    for (const mount of this.#options.mounts) {
      const isUnder = mount.base !== '' && (path === mount.base || path.startsWith(`${mount.base}/`))
      if (isUnder && mount.base.length > (best?.base.length ?? 0)) best = mount
    }
    return best?.api
  }
}

const NO_BODY = new Uint8Array(0)

interface Found {
  readonly url: URL
  readonly params: Readonly<Record<string, string>>
  readonly pattern: string
  readonly api: Api
  readonly route: Route
}

/** A failure in our own shape, for paths that belong to no product. */
export function renderPlain({ kind, code, message, position }: Failure): Answer {
  const error = position === undefined ? { code, message } : { code, message, position }
  return jsonAnswer({ error }, STATUS_OF_KIND[kind])
}

/** Says when to come back where coming back helps. */
function withRetry(answer: Answer, failure: Failure): Answer {
  if (failure.kind !== 'unavailable' && failure.kind !== 'busy') return answer
  return { ...answer, headers: { ...answer.headers, 'retry-after': '1' } }
}

function urlOf(request: IncomingMessage): URL | undefined {
  const text = request.url ?? '/'
  // The host does not matter, and a path of two slashes must not be taken for one.
  return URL.parse(text.startsWith('/') ? `http://oriel${text}` : text) ?? undefined
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
