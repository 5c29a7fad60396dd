import type { AnyRoute } from '@tanstack/react-router'
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { askEarly } from './client.ts'
import { Crash, NotFound } from './frame/crash.tsx'
import { parseSearch, readSearch, stringifySearch } from './frame/search.ts'
import { Shell } from './frame/shell.tsx'
import { errorTracesQuestion, redQuestion, serviceLogsQuestion } from './service/questions.ts'
import { ServicesScreen } from './services/services-screen.tsx'

const root = createRootRoute({ component: Shell, validateSearch: readSearch, notFoundComponent: NotFound, errorComponent: Crash })

// Each screen but the first is a chunk of its own; `preloadScreens` fetches them when the browser has nothing else to do.
const loadService = () => import('./service/service-screen.tsx')
const loadMetrics = () => import('./metrics/metrics-screen.tsx')
const loadLogs = () => import('./logs/logs-screen.tsx')
const loadTraces = () => import('./traces/traces-screen.tsx')
const loadTargets = () => import('./targets/targets-screen.tsx')
const loadRules = () => import('./rules/rules-screen.tsx')
const loadQueries = () => import('./queries/queries-screen.tsx')
const loadCardinality = () => import('./cardinality/cardinality-screen.tsx')
const loadTrace = () => import('./trace/trace-screen.tsx')

const getParentRoute = (): typeof root => root
const routes: AnyRoute[] = [
  createRoute({
    getParentRoute,
    path: '/',
    beforeLoad: ({ search }) => {
      throw redirect({ to: '/services', search })
    },
  }),
  createRoute({ getParentRoute, path: '/services', component: ServicesScreen }),
  createRoute({
    getParentRoute,
    path: '/services/$service',
    component: lazyRouteComponent(loadService, 'ServiceScreen'),
    loaderDeps: ({ search: { from, to } }) => ({ ...(from && { from }), ...(to && { to }) }),
    loader: ({ params: { service }, deps }) => {
      askEarly(redQuestion(service), deps)
      askEarly(errorTracesQuestion(service), deps)
      askEarly(serviceLogsQuestion(service), deps)
    },
  }),
  createRoute({ getParentRoute, path: '/explore/metrics', component: lazyRouteComponent(loadMetrics, 'MetricsScreen') }),
  createRoute({ getParentRoute, path: '/logs', component: lazyRouteComponent(loadLogs, 'LogsScreen') }),
  createRoute({ getParentRoute, path: '/traces', component: lazyRouteComponent(loadTraces, 'TracesScreen') }),
  createRoute({ getParentRoute, path: '/traces/$traceId', component: lazyRouteComponent(loadTrace, 'TraceScreen') }),
  createRoute({ getParentRoute, path: '/rules', component: lazyRouteComponent(loadRules, 'RulesScreen') }),
  createRoute({ getParentRoute, path: '/cardinality', component: lazyRouteComponent(loadCardinality, 'CardinalityScreen') }),
  createRoute({ getParentRoute, path: '/targets', component: lazyRouteComponent(loadTargets, 'TargetsScreen') }),
  createRoute({ getParentRoute, path: '/queries', component: lazyRouteComponent(loadQueries, 'QueriesScreen') }),
]

/** The page's router. Search is plain text in the URL: TanStack's own form would quote numbers (`from=%2217...%22`). */
export const router = createRouter({
  routeTree: root.addChildren(routes),
  parseSearch,
  stringifySearch,
  defaultErrorComponent: Crash,
  defaultNotFoundComponent: NotFound,
  // A screen keeps the old one in view until its chunk is there.
  defaultPendingMs: 300,
  scrollRestoration: false,
})

// 3 s: after the first screen has its answers, before anybody has read it.
const PRELOAD_AFTER_MS = 3_000

/** Fetches the other screens' code once the first one is drawn and the browser is idle, so that a click only waits for data. */
export function preloadScreens(): void {
  const load = (): void => void Promise.all([loadService(), loadTrace(), loadLogs(), loadTraces(), loadMetrics()])
  setTimeout(() => {
    if ('requestIdleCallback' in window) window.requestIdleCallback(load, { timeout: 3_000 })
    else load()
  }, PRELOAD_AFTER_MS)
}
