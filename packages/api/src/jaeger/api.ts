import type { Span } from '@oriel/model'
import type { Answer, Api, Exchange, Route } from '../http/exchange.ts'
import { callerOf, jsonAnswer } from '../http/exchange.ts'
import type { Failure } from '../http/failure.ts'
import { STATUS_OF_KIND } from '../http/failure.ts'
import type { ApiServices } from '../services.ts'
import { readTrace, traceV1, wantsProtobuf } from '../tempo/traces.ts'
import { traceIdOf } from '../tempo/params.ts'
import { bad, lastDay, limitOf, searchOf, searchRange } from './params.ts'
import { jaegerTrace } from './trace.ts'
import { v3Routes } from './v3.ts'

/** Jaeger's query API: the legacy JSON that its page and Grafana read, and api_v3. Source: Jaeger 2.20. */
export function makeJaegerApi(services: ApiServices): Api {
  const route = (path: string, handle: (services: ApiServices, exchange: Exchange) => Promise<Answer> | Answer): Route => {
    return { methods: ['GET'], path: `/api${path}`, handle: (exchange) => handle(services, exchange) }
  }
  const routes = [
    route('/services', listServices),
    route('/services/:service/operations', listOperations),
    route('/operations', operations),
    route('/traces', searchTraces),
    route('/traces/:id', oneTrace),
    ...v3Routes(services),
  ]
  return { name: 'jaeger', routes, renderFailure }
}

async function listServices(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const range = lastDay(services.now)
  const { data } = await services.runner.lookup('services', callerOf(exchange, 'jaeger'), (source, context) =>
    source.traces.services(range, context),
  )
  return envelope(data, data.length)
}

async function listOperations(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const all = await readOperations(services, exchange, exchange.params['service'] ?? '')
  const names = [...new Set(all.map(({ name }) => name))]
  return envelope(names, names.length)
}

async function operations(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const service = exchange.query.get('service') ?? ''
  if (service === '') throw bad('parameter "service" is required')
  const wanted = exchange.query.get('spanKind') ?? ''
  const all = await readOperations(services, exchange, service)
  const data = all.filter(({ kind }) => wanted === '' || kind === wanted).map(({ name, kind }) => ({ name, spanKind: kind }))
  return envelope(data, data.length)
}

async function readOperations(services: ApiServices, exchange: Exchange, service: string) {
  const range = lastDay(services.now)
  const { data } = await services.runner.lookup(`operations of ${service}`, callerOf(exchange, 'jaeger'), (source, context) =>
    source.traces.operations(service, range, context),
  )
  return data
}

async function searchTraces(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const ids = exchange.query.getAll('traceID').filter((id) => id !== '')
  const traces = ids.length > 0 ? await tracesById(services, exchange, ids) : await findTraces(services, exchange)
  return envelope(
    traces.map((spans) => jaegerTrace(spans[0]?.traceId ?? '', spans)),
    0,
  )
}

/** The traces that a search finds, whole. */
async function findTraces(services: ApiServices, exchange: Exchange): Promise<readonly (readonly Span[])[]> {
  const query = {
    search: searchOf(exchange),
    range: searchRange(exchange, services.now),
    limit: limitOf(exchange),
    spansPerTrace: 1,
  }
  const { data } = await services.runner.runTraceSearch(query, callerOf(exchange, 'jaeger'))
  return tracesById(
    services,
    exchange,
    data.map(({ traceId }) => traceId),
  )
}

async function tracesById(services: ApiServices, exchange: Exchange, ids: readonly string[]): Promise<(readonly Span[])[]> {
  const caller = callerOf(exchange, 'jaeger')
  const { data } = await services.runner.lookup(`${ids.length} traces`, caller, (source, context) =>
    Promise.all(ids.map((id) => source.traces.byId(traceIdOf(id), context))),
  )
  return data.filter((spans) => spans.length > 0)
}

async function oneTrace(services: ApiServices, exchange: Exchange): Promise<Answer> {
  // At the root Tempo has this path too; its clients ask for protobuf, Jaeger's never do.
  if (wantsProtobuf(exchange)) return traceV1(services, exchange)
  const spans = await readTrace(services, exchange, 'jaeger')
  return envelope([jaegerTrace(spans[0]?.traceId ?? '', spans)], 0)
}

function envelope(data: readonly unknown[], total: number): Answer {
  return jsonAnswer({ data, total, limit: 0, offset: 0, errors: null })
}

/** Jaeger's failures: the envelope with `errors`. */
function renderFailure({ kind, message }: Failure): Answer {
  const status = STATUS_OF_KIND[kind]
  return jsonAnswer({ data: null, total: 0, limit: 0, offset: 0, errors: [{ code: status, msg: message }] }, status)
}
