import type { QueriesAnswer, ServiceAnswer, ServicesAnswer } from '@oriel/contract'
import { ORIEL_API } from '@oriel/contract'
import { SLOW_QUERY_MS } from '@oriel/query'
import type { Answer, Api, Exchange, Route } from '../http/exchange.ts'
import { callerOf, jsonAnswer } from '../http/exchange.ts'
import { renderPlain } from '../http/handler.ts'
import { ApiError } from '../errors.ts'
import type { ApiServices } from '../services.ts'
import {
  cardinalityOverview,
  labelCardinality,
  listRules,
  metricCardinality,
  previewRule,
  putRule,
  removeRule,
  ruleHistory,
  undoRule,
} from './cardinality.ts'
import { explainQuery } from './explain.ts'
import { gridParameters } from './params.ts'
import { retentionPlan } from './retention.ts'
import { redAnswer } from './shapes.ts'
import { oneTrace, searchTraces } from './traces.ts'

/** What our own page asks for beside the standard APIs; shapes in `@oriel/contract`. */
export function makeOrielApi(services: ApiServices): Api {
  const route = (path: string, handle: (services: ApiServices, exchange: Exchange) => Promise<Answer> | Answer): Route => {
    return { methods: ['GET'], path: `${ORIEL_API}${path}`, handle: (exchange) => handle(services, exchange) }
  }
  const routes = [
    { ...route('/status', async () => jsonAnswer(await services.status())), isQuiet: true },
    route('/services', listServices),
    route('/services/:service', oneService),
    route('/cardinality', cardinalityOverview),
    route('/cardinality/metric', metricCardinality),
    route('/cardinality/labels', labelCardinality),
    route('/cardinality/preview', previewRule),
    route('/cardinality/rules', listRules),
    route('/cardinality/rules/:id/history', ruleHistory),
    { ...route('/cardinality/rules/:id/undo', undoRule), methods: ['PUT'] as const },
    { ...route('/cardinality/rules/:id', putRule), methods: ['PUT'] as const },
    { ...route('/cardinality/rules/:id', removeRule), methods: ['DELETE'] as const },
    route('/retention', retentionPlan),
    route('/targets/sample', targetSample),
    route('/traces', searchTraces),
    route('/traces/:id', oneTrace),
    route('/explain', explainQuery),
    { ...route('/queries', listQueries), isQuiet: true },
    { ...route('/queries/:id', cancelQuery), methods: ['DELETE'] as const },
  ]
  return { name: 'oriel', routes, renderFailure: renderPlain }
}

// 300 dots: more would hide the lines they belong to.
const MAX_EXEMPLARS = 300

async function listServices(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const grid = gridParameters(exchange, services.now)
  const { data } = await services.runner.lookup('RED of services', callerOf(exchange, 'page'), (source, context) =>
    source.traces.red({ groupBy: 'service', ...grid }, context),
  )
  const answer: ServicesAnswer = { ...grid, services: data.map(redAnswer) }
  return jsonAnswer(answer)
}

async function oneService(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const grid = gridParameters(exchange, services.now)
  const service = exchange.params['service'] ?? ''
  const caller = callerOf(exchange, 'page')
  const { data } = await services.runner.lookup(`RED of service ${service}`, caller, ({ traces }, context) => {
    const whole = { groupBy: 'service', service, ...grid } as const
    return Promise.all([
      traces.red(whole, context),
      traces.red({ groupBy: 'operation', service, ...grid }, context),
      traces.redExemplars(whole, MAX_EXEMPLARS, context),
    ])
  })
  const [[red], operations, exemplars] = data
  const answer: ServiceAnswer = { ...grid, ...(red && { red: redAnswer(red) }), operations: operations.map(redAnswer), exemplars }
  return jsonAnswer(answer)
}

function listQueries({ runner }: ApiServices, exchange: Exchange): Answer {
  const tenant = tenantAsked(exchange)
  const answer: QueriesAnswer = { running: runner.running(tenant), ...runner.ended(tenant), slowMs: SLOW_QUERY_MS }
  return jsonAnswer(answer)
}

/** What a target says: only of one that is scraped, so that nobody reaches other servers through this one. */
async function targetSample(services: ApiServices, { query, signal }: Exchange): Promise<Answer> {
  const [pool, url] = [query.get('pool') ?? '', query.get('url') ?? '']
  const sample = await services.targetSample(pool, url, signal)
  if (sample !== undefined) return jsonAnswer(sample)
  throw new ApiError(
    'API_NO_TARGET',
    `cannot ask the target: none of pool ${JSON.stringify(pool)} has the address ${JSON.stringify(url)}`,
  )
}

/** Stops a running query of the caller's tenant, or of any. */
function cancelQuery({ runner }: ApiServices, exchange: Exchange): Answer {
  const isCancelled = runner.cancel(exchange.params['id'] ?? '', tenantAsked(exchange))
  return jsonAnswer({ isCancelled }, isCancelled ? 200 : 404)
}

/** Whose queries somebody asks about: `undefined` for everybody's, which whoever guards the server's door may keep for operators. */
function tenantAsked({ query, tenants }: Exchange): string | undefined {
  return query.get('all') === 'true' ? undefined : tenants[0]
}
