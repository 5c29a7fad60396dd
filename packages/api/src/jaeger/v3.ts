import type { TimeRangeNs } from '@oriel/model'
import { NS_PER_MS } from '@oriel/model'
import type { TraceSearch } from '@oriel/query'
import type { Answer, Exchange, Route } from '../http/exchange.ts'
import { callerOf, jsonAnswer } from '../http/exchange.ts'
import { failureOf, STATUS_OF_KIND } from '../http/failure.ts'
import type { ApiServices } from '../services.ts'
import { otlpResourceSpans } from '../tempo/otlp.ts'
import { traceIdOf } from '../tempo/params.ts'
import { readTrace } from '../tempo/traces.ts'
import { bad, lastDay, parseTags } from './params.ts'

/** The HTTP form of Jaeger's api_v3, which answers in OTLP JSON. */
export function v3Routes(services: ApiServices): Route[] {
  const route = (path: string, handle: (services: ApiServices, exchange: Exchange) => Promise<Answer>): Route => {
    return { methods: ['GET'], path: `/api/v3${path}`, handle: (exchange) => told(() => handle(services, exchange)) }
  }
  return [
    route('/services', listServices),
    route('/operations', listOperations),
    route('/traces', findTraces),
    route('/traces/:id', oneTrace),
  ]
}

async function listServices(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const range = lastDay(services.now)
  const { data } = await services.runner.lookup('services', callerOf(exchange, 'jaeger'), (source, context) =>
    source.traces.services(range, context),
  )
  return jsonAnswer({ services: data })
}

async function listOperations(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const service = exchange.query.get('service') ?? ''
  if (service === '') throw bad('parameter "service" is required')
  const wanted = exchange.query.get('spanKind') ?? exchange.query.get('span_kind') ?? ''
  const range = lastDay(services.now)
  const { data } = await services.runner.lookup(`operations of ${service}`, callerOf(exchange, 'jaeger'), (source, context) =>
    source.traces.operations(service, range, context),
  )
  const kept = data.filter(({ kind }) => wanted === '' || kind === wanted)
  return jsonAnswer({ operations: kept.map(({ name, kind }) => ({ name, spanKind: kind })) })
}

async function findTraces(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const text = (camel: string, snake: string): string => {
    return exchange.query.get(`query.${camel}`) ?? exchange.query.get(`query.${snake}`) ?? ''
  }
  const range = searchRange(text('startTimeMin', 'start_time_min'), text('startTimeMax', 'start_time_max'))
  const operation = text('operationName', 'operation_name')
  const attributes = text('attributes', 'attributes')
  const minDuration = text('durationMin', 'duration_min')
  const maxDuration = text('durationMax', 'duration_max')
  const search: TraceSearch = {
    kind: 'jaeger',
    service: text('serviceName', 'service_name'),
    tags: attributes === '' ? {} : parseTags(attributes),
    ...(operation !== '' && { operation }),
    ...(minDuration !== '' && { minDuration }),
    ...(maxDuration !== '' && { maxDuration }),
  }
  const depth = Number(text('searchDepth', 'search_depth') || text('numTraces', 'num_traces') || '100')
  if (!Number.isInteger(depth) || depth < 1) throw bad('query.searchDepth must be a number above 0')
  const caller = callerOf(exchange, 'jaeger')
  const found = await services.runner.runTraceSearch({ search, range, limit: depth, spansPerTrace: 1 }, caller)
  const { data } = await services.runner.lookup(`${found.data.length} traces`, caller, (source, context) =>
    Promise.all(found.data.map(({ traceId }) => source.traces.byId(traceId, context))),
  )
  if (data.length === 0) return v3Failure(404, 'No traces found')
  return jsonAnswer({ result: { resourceSpans: data.flatMap((spans) => otlpResourceSpans(spans, 'hex')) } })
}

async function oneTrace(services: ApiServices, exchange: Exchange): Promise<Answer> {
  traceIdOf(exchange.params['id'] ?? '')
  const spans = await readTrace(services, exchange, 'jaeger')
  return jsonAnswer({ result: { resourceSpans: otlpResourceSpans(spans, 'hex') } })
}

/** RFC 3339; Grafana sends the plus of a zone unencoded, which arrives as a space. */
function searchRange(min: string, max: string): TimeRangeNs {
  const startMs = Date.parse(min.replace(' ', '+'))
  const endMs = Date.parse(max.replace(' ', '+'))
  if (Number.isNaN(startMs)) throw bad('query.startTimeMin is required, as RFC 3339')
  if (Number.isNaN(endMs)) throw bad('query.startTimeMax is required, as RFC 3339')
  return { startNs: BigInt(startMs) * NS_PER_MS, endNs: BigInt(endMs + 1) * NS_PER_MS }
}

/** api_v3 has a failure shape of its own. */
async function told(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    const { kind, message } = failureOf(error)
    if (kind === 'internal') throw error
    return v3Failure(STATUS_OF_KIND[kind], message)
  }
}

function v3Failure(httpCode: number, message: string): Answer {
  return jsonAnswer({ error: { httpCode, message } }, httpCode)
}
