import { existsSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import type { Config, RunningServer } from '@oriel/server'
import { environmentLayer, flagLayer, makeConfig, readConfigFile, startServer } from '@oriel/server'
import { printHints } from './hints.ts'
import { currentTerminal } from './table.ts'

/** Flags of `serve` as commander gives them. */
export interface ServeFlags {
  readonly config?: string
  readonly dataDir?: string
  readonly listen?: string
  readonly otlpGrpc?: string
  readonly otlpHttp?: string
  readonly roles?: string
  readonly engineUrl?: string
  readonly insecure?: boolean
  readonly enableFeature?: readonly string[]
  readonly 'web.enableAdminApi'?: boolean
  readonly 'config.autoReload'?: boolean
  readonly 'config.autoReloadInterval'?: string
  readonly 'rules.maxConcurrentEvals'?: string
  readonly 'query.lookbackDelta'?: string
  readonly 'query.timeout'?: string
  readonly 'query.maxConcurrency'?: string
  readonly 'query.maxSamples'?: string
  readonly 'storage.remote.readSampleLimit'?: string
  readonly 'storage.remote.readMaxBytesInFrame'?: string
  readonly self: boolean
  readonly compat: boolean
}

/** Runs the server until a signal ends it. */
export async function runServe(flags: ServeFlags): Promise<void> {
  const server = await startServer(readConfig(flags), { readConfig: () => readConfig(flags) })
  stopOnSignals(server, () => server.close())
  keepCompiledCode(server)
  await untilReady(server)
  // For people; a supervisor reads the log.
  if (process.stdout.isTTY) process.stdout.write(`\n${printHints(server, currentTerminal())}\n`)
}

/** Waits until the server is ready. One that cannot be is closed, so that the process ends with the error instead of answering 503. */
export async function untilReady(server: RunningServer): Promise<void> {
  try {
    await server.ready
  } catch (error) {
    await server.close()
    throw error
  }
}

/** The configuration from flags, environment and file, in this order of weight. */
export function readConfig(flags: ServeFlags): Config {
  const file = flags.config ?? (existsSync('oriel.yaml') ? 'oriel.yaml' : undefined)
  const given = flagLayer({
    data_dir: flags.dataDir,
    listen: flags.listen,
    otlp_grpc: flags.otlpGrpc,
    otlp_http: flags.otlpHttp,
    roles: flags.roles,
    'engine.url': flags.engineUrl,
    insecure: flags.insecure,
    'prometheus.features': flags.enableFeature?.join(','),
    'prometheus.admin_api': flags['web.enableAdminApi'],
    auto_reload: flags['config.autoReload'],
    auto_reload_interval: flags['config.autoReloadInterval'],
    max_concurrent_rules: flags['rules.maxConcurrentEvals'],
    'query.lookback_delta': flags['query.lookbackDelta'],
    'query.timeout': flags['query.timeout'],
    'query.max_concurrency': flags['query.maxConcurrency'],
    'query.max_samples': flags['query.maxSamples'],
    'remote_read.sample_limit': flags['storage.remote.readSampleLimit'],
    'remote_read.max_frame_bytes': flags['storage.remote.readMaxBytesInFrame'],
    self: flags.self ? undefined : false,
    'compat.enabled': flags.compat ? undefined : false,
  })
  const layers = [given, environmentLayer(process.env)]
  return makeConfig(file === undefined ? layers : [...layers, readConfigFile(file)])
}

/** Writes what was compiled once everything is loaded: a server that is killed would else compile again at each start. */
export function keepCompiledCode(server: RunningServer): void {
  server.ready.then(flushCompileCache, () => {})
}

// 9 s: whoever stops us expects an end within 10.
const STOP_LIMIT_MS = 9_000

/** SIGTERM and SIGINT drain and end with code 0; a second one ends at once. SIGHUP reads the configuration again. */
export function stopOnSignals(server: RunningServer, close: () => Promise<void>): void {
  let isStopping = false
  const stop = (): void => {
    if (isStopping) process.exit(1)
    isStopping = true
    setTimeout(() => process.exit(0), STOP_LIMIT_MS).unref()
    void close().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // A reload that fails changes nothing and is logged by the server.
  process.on('SIGHUP', () => void server.reload().catch(() => {}))
}
