import type { ApiServices, Notifications } from '@oriel/api'
import type { OpenClickhouse } from '@oriel/clickhouse'
import type { Ingest } from '@oriel/ingest'
import type { RecordingTelemetry } from '@oriel/node'
import { EXPOSITION_TYPES, expositionFormatOf, printExposition } from '@oriel/node'
import type { PromQLSettings } from '@oriel/query'
import { DEFAULT_PROMQL_SETTINGS, DEFAULT_RUNNER_LIMITS, QueryRunner } from '@oriel/query'
import type { RetentionPolicy } from '@oriel/store'
import { featuresOfFlags } from '@oriel/promql/syntax'
import type { Cardinality } from './cardinality.ts'
import type { Config } from './config.ts'
import { healthOf } from './health.ts'
import type { WatchedSink } from './newest.ts'
import { prometheusSettings, redactYaml, scrapePoolsOf } from './prometheus-view.ts'
import type { Ruling } from './ruling.ts'
import type { Scraping } from './scraping.ts'
import { traceSource } from './traced-source.ts'

/** What the APIs are made of. What comes up later or changes is asked for by function. */
export interface ServiceParts {
  readonly config: Config
  readonly telemetry: RecordingTelemetry
  readonly store: OpenClickhouse
  readonly sink: WatchedSink
  readonly ingest: () => Ingest | undefined
  readonly version: string
  readonly startedMs: number
  readonly notifications: Notifications
  readonly cardinality: Cardinality
  readonly retentionPolicy: () => RetentionPolicy
  readonly scraping: () => Scraping | undefined
  readonly ruling: () => Ruling | undefined
  readonly listeners: () => readonly { readonly name: string; readonly address: string }[]
  readonly state: () => { readonly isListening: boolean; readonly isClosing: boolean }
  readonly reload: () => Promise<void>
}

/** Everything the APIs need of the running program. */
export function makeServices(parts: ServiceParts): ApiServices {
  const { config, telemetry, sink, version, startedMs } = parts
  const { engine } = parts.store
  const prometheusConfig = () => parts.scraping()?.config()
  return {
    runner: makeRunner(parts),
    build: { version, revision: '' },
    startedMs,
    now: Date.now,
    targets: () => parts.scraping()?.targets() ?? { active: [], dropped: [] },
    targetSample: async (pool, url, signal) => parts.scraping()?.sample(pool, url, signal),
    scrapePools: scrapePoolsOf(prometheusConfig),
    prometheusConfig() {
      const inUse = prometheusConfig()
      if (inUse === undefined) return { yaml: '', loadedMs: startedMs, isGood: true, externalLabels: {} }
      const { yaml, loadedMs, isGood } = inUse
      return { yaml: redactYaml(yaml), loadedMs, isGood, externalLabels: inUse.config.externalLabels }
    },
    prometheus: prometheusSettings(config),
    rules: {
      groups: () => parts.ruling()?.view.groups() ?? [],
      alertmanagers: () => parts.ruling()?.view.alertmanagers() ?? { active: [], dropped: [] },
    },
    notifications: parts.notifications,
    cardinality: parts.cardinality.view,
    retention: () => parts.store.retention.plan(parts.retentionPolicy(), Date.now()),
    ...(parts.store.snapshot !== undefined && { snapshot: parts.store.snapshot }),
    sink: {
      deleteMetrics: (request) => parts.ingest()?.metrics.delete(request) ?? sink.sink.deleteMetrics(request),
      purgeDeleted: () => sink.sink.purgeDeleted(),
    },
    health: async () => healthOf(engine, parts.state()),
    metrics: (accept) => {
      const format = expositionFormatOf(accept)
      return { contentType: EXPOSITION_TYPES[format], text: printExposition(telemetry.registry.families(), format) }
    },
    selfMetrics: () => telemetry.registry.families(),
    reload: parts.reload,
    status: async () => {
      const state = engine.state()
      return {
        version,
        startedMs,
        engine: { state, version: state === 'ready' ? await engine.version() : '', restarts: engine.restarts },
        dataDir: config.dataDir,
        listeners: parts.listeners(),
        newest: sink.newest(),
        isSelfOn: config.isSelfOn,
      }
    },
  }
}

function makeRunner({ config, telemetry, store, scraping, cardinality }: ServiceParts): QueryRunner {
  const { features, lookbackMs, timeoutMs, maxConcurrency, maxSamples } = config.prometheus
  const limits = { ...DEFAULT_RUNNER_LIMITS, timeoutMs, maxConcurrent: maxConcurrency, maxSamples }
  const fixed = { features: featuresOfFlags(features), lookbackMs }
  const promql = (): PromQLSettings => {
    const subqueryStepMs = scraping()?.config().config.evaluationIntervalMs ?? DEFAULT_PROMQL_SETTINGS.subqueryStepMs
    return { ...fixed, subqueryStepMs }
  }
  const { watch } = cardinality
  return new QueryRunner({ source: traceSource(store.store, telemetry), telemetry, limitsOf: () => limits, promql, watch })
}
