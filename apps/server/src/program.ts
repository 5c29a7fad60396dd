import type { ApiServices, Apis, RawHandler } from '@oriel/api'
import { makeApis, mainMounts, makeHttpHandler, Notifications } from '@oriel/api'
import type { OpenClickhouse } from '@oriel/clickhouse'
import { openClickhouse } from '@oriel/clickhouse'
import type { Ingest } from '@oriel/ingest'
import { matchFiles, openIngest } from '@oriel/ingest'
import type { RetentionPolicy } from '@oriel/store'
import type { Delivery, RecordingTelemetry } from '@oriel/node'
import { makeTelemetry, openDelivery, watchProcess } from '@oriel/node'
import { flagNotes } from '@oriel/query'
import { featuresOfFlags } from '@oriel/promql/syntax'
import type { AutoReload } from './auto-reload.ts'
import { openAutoReload } from './auto-reload.ts'
import type { Cardinality } from './cardinality.ts'
import { openCardinality } from './cardinality.ts'
import type { Keeping } from './keeping.ts'
import { openKeeping } from './keeping.ts'
import { compatMounts } from './compat.ts'
import type { Config } from './config.ts'
import { watchEngine } from './engine-metrics.ts'
import { ServerError } from './errors.ts'
import { giveHeapBack } from './heap.ts'
import type { Listener } from './listen.ts'
import { isLoopback, listenError, listenHttp, logListening, printAddress } from './listen.ts'
import type { WatchedSink } from './newest.ts'
import { watchSink } from './newest.ts'
import { readNewest } from './newest-stored.ts'
import type { LoadedRules, Ruling } from './ruling.ts'
import { findAllRuleFiles, loadRules, openRuling } from './ruling.ts'
import type { ScrapeTarget, Scraping } from './scraping.ts'
import { openScraping, readPrometheusFile } from './scraping.ts'
import { deliverToSelf } from './self.ts'
import type { StaticHandler } from './static.ts'
import { makeServices } from './services.ts'
import { findWebDir, makeStaticHandler, readVersion } from './static.ts'
import { startingHandler } from './starting.ts'

/** What a start needs beside the configuration. */
export interface StartOptions {
  /** Reads the configuration again, for a reload. Without it a reload changes nothing. */
  readonly readConfig?: () => Config
  readonly telemetry?: RecordingTelemetry
}

/** A running server. */
export interface RunningServer {
  readonly config: Config
  /** Address of the page. */
  readonly url: string
  readonly listeners: readonly { readonly name: string; readonly address: string }[]
  /** Resolves when writes and queries work; rejects when the engine cannot be started. */
  readonly ready: Promise<void>
  /** Scrapes more targets, beside those of the configuration. */
  addScrapeTargets(targets: readonly ScrapeTarget[]): void
  /** Reads the configuration again and puts in force what can change while running. Rejects, changing nothing, when it is bad. */
  reload(): Promise<void>
  /** Takes nothing new, finishes what is under way, writes what is held, stops the engine. */
  close(): Promise<void>
}

/**
 * Starts everything. Resolves when the HTTP listeners are open, which is before the engine is up: until then they answer 503.
 *
 * Rejects with `ServerError` for addresses, and with the engine's errors when the data directory is in use.
 */
export async function startServer(config: Config, options: StartOptions = {}): Promise<RunningServer> {
  for (const address of [config.listen, config.otlpGrpc, config.otlpHttp]) {
    if (config.isInsecure || isLoopback(address)) continue
    const fix = 'Use a loopback address behind a proxy with a login, or say --insecure'
    throw new ServerError(
      'SERVER_NOT_LOOPBACK',
      `cannot listen on ${printAddress(address)}: nothing asks for a login yet. ${fix}`,
    )
  }
  const { logLevel, isSelfOn, dataDir, engineUrl, recentBytes } = config
  const telemetry = options.telemetry ?? makeTelemetry({ minLevel: logLevel, isDelivered: isSelfOn })
  const store = await openClickhouse({
    dataDir,
    telemetry,
    isRollingUp: config.isRollingUp,
    ...(config.cold !== undefined && { cold: config.cold }),
    ...(engineUrl !== undefined && { engineUrl }),
    ...(recentBytes !== undefined && { windowBytes: recentBytes }),
  })
  const server = new Server({ config, options, telemetry, store, version: await readVersion() })
  try {
    await server.open()
  } catch (error) {
    await server.close()
    throw error
  }
  return server
}

interface Opened {
  readonly config: Config
  readonly options: StartOptions
  readonly telemetry: RecordingTelemetry
  readonly store: OpenClickhouse
  readonly version: string
}

class Server implements RunningServer {
  readonly config: Config
  readonly ready: Promise<void>
  readonly #options: StartOptions
  readonly #version: string
  readonly #startedMs = Date.now()
  readonly #telemetry: RecordingTelemetry
  readonly #store: OpenClickhouse
  readonly #sink: WatchedSink
  readonly #cardinality: Cardinality
  #retentionPolicy: RetentionPolicy
  #keeping: Keeping | undefined
  readonly #services: ApiServices
  readonly #apis: Apis
  readonly #static: StaticHandler
  readonly #listeners: Listener[] = []
  readonly #addresses: { name: string; address: string }[] = []
  readonly #stopWatching: () => void
  readonly #stopGivingBack: () => void = giveHeapBack()
  #handlers = new Map<string, RawHandler>()
  #ingest: Ingest | undefined
  #scraping: Scraping | undefined
  #ruling: Ruling | undefined
  #delivery: Delivery | undefined
  #autoReload: AutoReload | undefined
  /** The configuration that was read last, which may name other files than `config`. */
  #loaded: Config
  #pendingTargets: ScrapeTarget[] = []
  readonly #notifications = new Notifications()
  #isListening = false
  #isClosing = false
  #settle: { resolve: () => void; reject: (error: unknown) => void } = { resolve() {}, reject() {} }

  constructor({ config, options, telemetry, store, version }: Opened) {
    this.config = config
    this.#loaded = config
    this.#options = options
    this.#version = version
    this.#telemetry = telemetry
    this.#stopWatching = watchProcess(telemetry.registry)
    this.#store = store
    watchEngine(telemetry.registry, store.engine)
    this.#sink = watchSink(store.store.sink)
    this.#retentionPolicy = config.retention
    this.#cardinality = openCardinality({ store: store.store, telemetry, policy: config.cardinality })
    this.#services = makeServices({
      cardinality: this.#cardinality,
      retentionPolicy: () => this.#retentionPolicy,
      config,
      telemetry,
      store,
      sink: this.#sink,
      ingest: () => this.#ingest,
      version,
      startedMs: this.#startedMs,
      notifications: this.#notifications,
      scraping: () => this.#scraping,
      ruling: () => this.#ruling,
      listeners: () => this.#addresses,
      state: () => ({ isListening: this.#isListening, isClosing: this.#isClosing }),
      reload: () => this.reload(),
    })
    this.#apis = makeApis(this.#services)
    this.#static = makeStaticHandler(config.webDir ?? findWebDir())
    this.ready = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    this.ready.catch(() => {})
  }

  get url(): string {
    return `http://${this.#listeners[0]?.address ?? ''}`
  }

  get listeners(): readonly { readonly name: string; readonly address: string }[] {
    return this.#addresses
  }

  /** Opens the HTTP listeners, then goes on in the background. */
  async open(): Promise<void> {
    this.#notifications.add(STARTING)
    for (const note of flagNotes(this.config.prometheus.features)) this.#telemetry.log('warn', 'feature flag', { note })
    const main = this.#makeHandler('http')
    this.#handlers.set('http', startingHandler(main))
    this.#handlers.set('otlp-http', startingHandler(main))
    const { listen, otlpHttp, compatPorts } = this.config
    await this.#listen('http', listen, '--listen')
    await this.#listen('otlp-http', otlpHttp, '--otlp-http')
    for (const { product, address } of compatPorts) {
      this.#handlers.set(product, startingHandler(main))
      await this.#listen(product, address, `compat.ports.${product}`)
    }
    void this.#openRest().then(this.#settle.resolve, (error: unknown) => {
      if (!this.#isClosing) this.#telemetry.log('error', 'cannot start', { error })
      this.#settle.reject(error)
    })
  }

  addScrapeTargets(targets: readonly ScrapeTarget[]): void {
    if (this.#scraping === undefined) this.#pendingTargets.push(...targets)
    else this.#scraping.add(targets)
  }

  async reload(): Promise<void> {
    try {
      const config = this.#options.readConfig?.() ?? this.config
      // All or nothing: rules that cannot be read leave scraping as it is, too.
      const rules = this.#readRules(config)
      this.#scraping?.reload(config.prometheusFile)
      await this.#ruling?.reload(rules)
      this.#cardinality.guard.setPolicy(config.cardinality)
      this.#loaded = config
      this.#retentionPolicy = config.retention
      this.#keeping?.setPolicy(config.retention)
      this.#autoReload?.noteLoaded()
      this.#telemetry.log('info', 'configuration loaded')
      this.#notifications.remove(RELOAD_FAILED)
    } catch (error) {
      this.#telemetry.log('error', 'cannot load configuration, the one before stays in force', { error })
      this.#notifications.add(RELOAD_FAILED)
      throw error
    }
  }

  async close(): Promise<void> {
    if (this.#isClosing) return
    this.#isClosing = true
    this.#notifications.add(STOPPING)
    this.#telemetry.log('info', 'stopping')
    this.#autoReload?.close()
    await this.#ruling?.close()
    await this.#scraping?.close()
    await Promise.all(this.#listeners.map((listener) => listener.close()))
    await this.#delivery?.close()
    await this.#ingest?.close()
    await this.#keeping?.close()
    await this.#cardinality.close()
    await this.#store.close()
    this.#stopWatching()
    this.#stopGivingBack()
  }

  /** What needs the engine: ingest, and with it the gRPC listener, scraping and our own telemetry. */
  async #openRest(): Promise<void> {
    const { config } = this
    await this.#store.engine.started
    const telemetry = this.#telemetry
    const origins = originTest(config.corsOrigins)
    await this.#cardinality.rules.load()
    this.#keeping = openKeeping(this.#store.retention, { policy: config.retention, telemetry: this.#telemetry, now: Date.now })
    const { guard } = this.#cardinality
    const { features, autoReloadMs, maxConcurrentRules } = config.prometheus
    const starts = startMode(features)
    const hasTypeLabels = features.includes('type-and-unit-labels')
    const ingest = await openIngest({
      sink: this.#sink.sink,
      telemetry,
      guard,
      starts,
      hasTypeLabels,
      defaultTenant: config.tenant,
      ...origins,
    })
    this.#ingest = ingest
    for (const name of this.#handlers.keys()) this.#handlers.set(name, this.#makeHandler(name))
    await this.#listenGrpc(ingest)
    this.#isListening = true
    const scraping = openScraping({ metrics: ingest.metrics, telemetry, tenant: config.tenant, features })
    this.#scraping = scraping
    const rules = this.#readRules(config)
    scraping.reload(config.prometheusFile)
    scraping.add(this.#pendingTargets)
    const { runner } = this.#services
    const externalUrl = config.externalUrl ?? this.url
    this.#ruling = openRuling({
      runner,
      metrics: ingest.metrics,
      telemetry,
      tenant: config.tenant,
      externalUrl,
      maxConcurrentRules,
    })
    await this.#ruling.reload(rules)
    if (autoReloadMs > 0)
      this.#autoReload = openAutoReload({ files: () => this.#configFiles(), reload: () => this.reload(), everyMs: autoReloadMs })
    if (config.isSelfOn) {
      this.#delivery = openDelivery(
        telemetry,
        deliverToSelf((signal, tenant, body) => ingest.accept[signal](tenant, body), config.tenant, this.#version),
      )
    }
    // The first screen must not be empty: the first delivery does not wait for the clock.
    void this.#delivery?.flush()
    void this.#learnNewest()
    this.#notifications.remove(STARTING)
    telemetry.log('info', 'ready', { startMs: Date.now() - this.#startedMs })
  }

  #readRules(config: Config): LoadedRules {
    const { features } = config.prometheus
    const prometheus = readPrometheusFile(config.prometheusFile, features)
    return loadRules(config, prometheus, { features: featuresOfFlags(features), telemetry: this.#telemetry })
  }

  /** Every file that a reload would read. */
  #configFiles(): string[] {
    const { file, prometheusFile, ruleFiles } = this.#loaded
    const inUse = this.#scraping?.config().config
    const own = [file, prometheusFile].filter((each) => each !== undefined)
    const jobs = inUse?.jobFiles.flatMap((pattern) => matchFiles(pattern)) ?? []
    return [...own, ...findAllRuleFiles({ ruleFiles, prometheusFile }, inUse?.ruleFiles ?? []), ...jobs]
  }

  /** In the background: the page may ask before it is known, and then says nothing of old data. */
  async #learnNewest(): Promise<void> {
    const { runner, now } = this.#services
    const caller = { tenants: [this.config.tenant], origin: 'start' }
    try {
      const { data } = await runner.lookup('newest records', caller, (source, context) => readNewest(source, context, now()))
      this.#sink.learn(data)
    } catch (error) {
      this.#telemetry.log('warn', 'cannot find the newest records', { error })
    }
  }

  #makeHandler(name: string): RawHandler {
    const { corsOrigins, tenant } = this.config
    const mounts = name === 'http' || name === 'otlp-http' ? mainMounts(this.#apis) : compatMounts(name, this.#apis)
    return makeHttpHandler({
      mounts: name === 'otlp-http' ? [{ base: '', api: this.#apis.admin }] : mounts,
      doors: this.#ingest?.doors ?? [],
      defaultTenant: tenant,
      telemetry: this.#telemetry,
      cors: { origins: corsOrigins },
      ...(name === 'http' && { fallback: this.#static }),
    })
  }

  async #listen(name: string, address: Config['listen'], flag: string): Promise<void> {
    const handler: RawHandler = (request, response) => this.#handlers.get(name)?.(request, response)
    const listener = await listenHttp({ name, address, flag, handler, telemetry: this.#telemetry })
    this.#listeners.push(listener)
    this.#addresses.push({ name, address: listener.address })
  }

  async #listenGrpc(ingest: Ingest): Promise<void> {
    const { otlpGrpc } = this.config
    const listener = await ingest.listenGrpc(otlpGrpc).catch((error: unknown) => {
      throw listenError(error, 'otlp-grpc', otlpGrpc, '--otlp-grpc')
    })
    const address = printAddress({ host: otlpGrpc.host, port: listener.address.port })
    logListening(this.#telemetry, 'otlp-grpc', address)
    this.#addresses.push({ name: 'otlp-grpc', address })
  }
}

const STARTING = 'Oriel is starting.'
const STOPPING = 'Oriel is shutting down and gracefully stopping all operations.'
// Prometheus's words: dashboards look for them.
const RELOAD_FAILED = 'Configuration reload has failed.'

function originTest(origins: readonly string[]): { isAllowedOrigin?: (origin: string) => boolean } {
  if (origins.length === 0) return {}
  return { isAllowedOrigin: (origin) => origins.includes('*') || origins.includes(origin) }
}

/** What becomes of start times, by Prometheus's feature flags. */
function startMode(features: readonly string[]): 'ignored' | 'zeros' | 'stored' {
  if (features.includes('st-storage')) return 'stored'
  return features.includes('created-timestamp-zero-ingestion') ? 'zeros' : 'ignored'
}
