import type { Span } from '@oriel/model'
import { ApiError } from '../errors.ts'
import type { Answer, Exchange } from '../http/exchange.ts'
import { callerOf, jsonAnswer } from '../http/exchange.ts'
import type { ApiServices } from '../services.ts'
import { otlpResourceSpans } from './otlp.ts'
import { optionalRange, traceIdOf } from './params.ts'
import { encodeTrace, encodeTraceResponse } from './protobuf.ts'

const PROTOBUF = { 'content-type': 'application/protobuf' }

/** GET /api/traces/<id>: the v1 answer, a `Trace` in protobuf or in proto JSON (ids in base64). */
export async function traceV1(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const spans = await readTrace(services, exchange, 'tempo')
  if (wantsProtobuf(exchange)) return { status: 200, headers: PROTOBUF, body: encodeTrace(spans) }
  return jsonAnswer({ batches: otlpResourceSpans(spans, 'base64') })
}

/** GET /api/v2/traces/<id>: a `TraceByIDResponse`. A trace is never cut here, so the status is always complete. */
export async function traceV2(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const spans = await readTrace(services, exchange, 'tempo')
  if (wantsProtobuf(exchange)) return { status: 200, headers: PROTOBUF, body: encodeTraceResponse(spans) }
  return jsonAnswer({ trace: { resourceSpans: otlpResourceSpans(spans, 'base64') }, metrics: {}, status: 'COMPLETE' })
}

/** The spans of the trace named in the path. Throws TRACE_NOT_FOUND when none is stored. */
export async function readTrace(services: ApiServices, exchange: Exchange, origin: string): Promise<readonly Span[]> {
  const traceId = traceIdOf(exchange.params['id'] ?? '')
  const { data } = await services.runner.traceById(traceId, callerOf(exchange, origin), optionalRange(exchange))
  if (data.length === 0) throw new ApiError('TRACE_NOT_FOUND', 'trace not found')
  return data
}

/** Whether the client prefers protobuf, as Grafana does. */
export function wantsProtobuf({ headers }: Exchange): boolean {
  return (headers.accept ?? '').includes('application/protobuf')
}
