import type { Answer, Api, Exchange, Route } from '../http/exchange.ts'
import { jsonAnswer, textAnswer } from '../http/exchange.ts'
import type { Failure } from '../http/failure.ts'
import { STATUS_OF_KIND } from '../http/failure.ts'
import { buildInfo } from '../prometheus/status.ts'
import type { ApiServices } from '../services.ts'
import { search } from './search.ts'
import { tagsV1, tagsV2, tagValuesV1, tagValuesV2 } from './tags.ts'
import { traceV1, traceV2 } from './traces.ts'

/** Tempo's HTTP API. Source: Tempo API documentation. */
export function makeTempoApi(services: ApiServices): Api {
  const route = (path: string, handle: (services: ApiServices, exchange: Exchange) => Promise<Answer> | Answer): Route => {
    return { methods: ['GET'], path: `/api${path}`, handle: (exchange) => handle(services, exchange) }
  }
  const routes = [
    route('/echo', () => textAnswer('echo')),
    route('/traces/:id', traceV1),
    route('/v2/traces/:id', traceV2),
    route('/search', search),
    route('/search/tags', tagsV1),
    route('/v2/search/tags', tagsV2),
    route('/search/tag/:tag/values', tagValuesV1),
    route('/v2/search/tag/:tag/values', tagValuesV2),
    route('/status/buildinfo', () => jsonAnswer(buildInfo(services))),
  ]
  return { name: 'tempo', routes, renderFailure }
}

/** Tempo tells failures in plain text; old Grafana reads `trace not found` at the end of it. */
function renderFailure({ kind, message }: Failure): Answer {
  return textAnswer(message, kind === 'unsupported' ? 400 : STATUS_OF_KIND[kind])
}
