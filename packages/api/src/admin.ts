import type { Answer, Api, Exchange, Route } from './http/exchange.ts'
import { jsonAnswer, textAnswer } from './http/exchange.ts'
import { renderPlain } from './http/handler.ts'
import type { ApiServices } from './services.ts'

/** Health in the words of every product that is asked for it, our own metrics, and reload. All at the root. */
export function makeAdminApi(services: ApiServices): Api {
  const get = (path: string, handle: (exchange: Exchange) => Promise<Answer> | Answer): Route => {
    return { methods: ['GET'], path, handle, isQuiet: true }
  }
  const routes: Route[] = [
    get('/-/healthy', () => textAnswer('Oriel is Healthy.\n')),
    get('/-/ready', () => readiness(services, 'Oriel is Ready.\n')),
    get('/ready', () => readiness(services, 'ready\n')),
    get('/loki/ready', () => readiness(services, 'ready\n')),
    get('/tempo/ready', () => readiness(services, 'ready\n')),
    get('/prometheus/-/healthy', () => textAnswer('Oriel is Healthy.\n')),
    get('/prometheus/-/ready', () => readiness(services, 'Oriel is Ready.\n')),
    get('/health', () => jsonAnswer({ status: 'healthy' })),
    get('/health/ready', () => healthChecks(services)),
    get('/metrics', ({ headers }) => {
      const { contentType, text } = services.metrics(headers.accept ?? '')
      return { status: 200, headers: { 'content-type': contentType }, body: text }
    }),
    { methods: ['POST', 'PUT'], path: '/-/reload', handle: () => reload(services) },
  ]
  return { name: 'admin', routes, renderFailure: renderPlain }
}

async function readiness(services: ApiServices, ready: string): Promise<Answer> {
  const { isReady, checks } = await services.health()
  if (isReady) return textAnswer(ready)
  const failing = checks.filter(({ isGood }) => !isGood).map(({ name, message }) => `${name}: ${message}`)
  return textAnswer(`Service Unavailable: ${failing.join('; ')}\n`, 503)
}

async function healthChecks(services: ApiServices): Promise<Answer> {
  const { isReady, checks } = await services.health()
  const byName = Object.fromEntries(
    checks.map(({ name, isGood, message }) => [name, { status: isGood ? 'ok' : 'failed', message }]),
  )
  return jsonAnswer({ status: isReady ? 'ready' : 'not ready', checks: byName }, isReady ? 200 : 503)
}

async function reload(services: ApiServices): Promise<Answer> {
  await services.reload()
  return textAnswer('')
}
