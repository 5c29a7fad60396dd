import { API_BASES } from '@oriel/contract'
import { makeAdminApi } from './admin.ts'
import type { Api } from './http/exchange.ts'
import type { Mount } from './http/handler.ts'
import { makeJaegerApi } from './jaeger/api.ts'
import { makeLokiApi } from './loki/api.ts'
import { makeOrielApi } from './oriel/api.ts'
import { makePrometheusApi, makePrometheusPeerApi } from './prometheus/api.ts'
import type { ApiServices } from './services.ts'
import { makeTempoApi } from './tempo/api.ts'

/** Every API, made once for the running program. */
export interface Apis {
  readonly admin: Api
  readonly oriel: Api
  readonly prometheus: Api
  /** What other Prometheus servers ask: federation and remote read. */
  readonly prometheusPeer: Api
  readonly loki: Api
  readonly tempo: Api
  readonly jaeger: Api
}

/** Makes every API. */
export function makeApis(services: ApiServices): Apis {
  return {
    admin: makeAdminApi(services),
    oriel: makeOrielApi(services),
    prometheus: makePrometheusApi(services),
    prometheusPeer: makePrometheusPeerApi(services),
    loki: makeLokiApi(services),
    tempo: makeTempoApi(services),
    jaeger: makeJaegerApi(services),
  }
}

/**
 * Where the APIs are on the main port. What comes first wins where paths collide at the root: `/api/v1/*` is Prometheus's,
 * `/api/traces/*` Jaeger's, the rest Tempo's. Under its own base every product has all its paths.
 */
export function mainMounts({ admin, oriel, prometheus, prometheusPeer, loki, tempo, jaeger }: Apis): Mount[] {
  return [
    { base: '', api: admin },
    { base: '', api: oriel },
    { base: API_BASES.prometheus, api: prometheus },
    { base: API_BASES.prometheus, api: prometheusPeer },
    { base: API_BASES.loki, api: loki },
    // Data sources whose URL ends in /loki ask for /loki/loki/api/v1.
    { base: `${API_BASES.loki}${API_BASES.loki}`, api: loki },
    { base: API_BASES.tempo, api: tempo },
    { base: API_BASES.jaeger, api: jaeger },
    { base: '', api: prometheus },
    { base: '', api: prometheusPeer },
    { base: '', api: jaeger },
    { base: '', api: tempo },
  ]
}
