import type { ChildProcess } from 'node:child_process'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, pause, startOriel } from '../e2e/oriel.ts'

// Who is measured. Peers are programs in `ORIEL_PEERS_DIR/bin`; one that is absent is skipped with a word. All run with their
// defaults and a data directory of their own on the same disk.

const PEERS = process.env['ORIEL_PEERS_DIR'] ?? ''
const READY_TIMEOUT_MS = 60_000

/** A running contender. */
export interface Contender {
  readonly name: string
  readonly pid: number
  readonly dataDir: string
  readonly http: string
  /** OTLP/HTTP base, where it has one. */
  readonly otlpHttp: string
  readonly close: () => Promise<void>
}

const RECEIVER_CONFIG = 'scrape_configs: []\nstorage: {tsdb: {out_of_order_time_window: 2h}}\n'

/** Starts Oriel with self-telemetry off, so that only the load counts. */
export async function startOrielContender(args: readonly string[] = []): Promise<Contender> {
  const dataDir = mkdtempSync(join(tmpdir(), 'bench-oriel-'))
  const oriel = await startOriel({ dataDir, args })
  return {
    name: 'Oriel',
    pid: oriel.pid,
    dataDir,
    http: oriel.http,
    otlpHttp: oriel.otlpHttp,
    close: async () => {
      await oriel.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** Prometheus, as remote-write receiver where no configuration says what it scrapes. */
export function startPrometheus(yaml: string = RECEIVER_CONFIG): Promise<Contender | undefined> {
  return startPeer('prometheus', 'github.com/prometheus/prometheus', async (binary, dir) => {
    const port = await freePort()
    const config = join(dir, 'prometheus.yml')
    writeFileSync(config, yaml)
    const args = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(dir, 'tsdb')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-remote-write-receiver',
    ]
    return { child: spawn(binary, args, { stdio: 'ignore' }), http: `http://127.0.0.1:${port}`, ready: '/-/ready' }
  })
}

/** VictoriaMetrics, single node. Queries that come while others run wait as long as they must, where it would refuse after 10 s. */
export function startVictoriaMetrics(): Promise<Contender | undefined> {
  return startPeer('victoria-metrics', 'github.com/VictoriaMetrics/VictoriaMetrics', async (binary, dir) => {
    const port = await freePort()
    const args = [
      `-storageDataPath=${join(dir, 'vm')}`,
      `-httpListenAddr=127.0.0.1:${port}`,
      '-retentionPeriod=10y',
      '-search.maxQueueDuration=2m',
    ]
    return { child: spawn(binary, args, { stdio: 'ignore' }), http: `http://127.0.0.1:${port}`, ready: '/health' }
  })
}

/** Loki, monolithic, file system storage. */
export function startLoki(): Promise<Contender | undefined> {
  return startPeer('loki', 'github.com/grafana/loki/v3', async (binary, dir) => {
    const [port, grpc] = [await freePort(), await freePort()]
    const config = join(dir, 'loki.yml')
    writeFileSync(config, lokiConfig(dir, port, grpc))
    const child = spawn(binary, [`-config.file=${config}`], { stdio: 'ignore' })
    return { child, http: `http://127.0.0.1:${port}`, otlpHttp: `http://127.0.0.1:${port}/otlp`, ready: '/ready' }
  })
}

/** Jaeger v2 with its embedded disk store (Badger). */
export function startJaeger(): Promise<Contender | undefined> {
  return startPeer('jaeger', 'github.com/jaegertracing/jaeger', async (binary, dir) => {
    const [query, otlp, grpc, health, queryGrpc] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ]
    const config = join(dir, 'jaeger.yml')
    writeFileSync(config, jaegerConfig(dir, { query, otlp, grpc, health, queryGrpc }))
    const child = spawn(binary, ['--config', config], { stdio: 'ignore' })
    return { child, http: `http://127.0.0.1:${query}`, otlpHttp: `http://127.0.0.1:${otlp}`, ready: '/' }
  })
}

interface StartedPeer {
  readonly child: ChildProcess
  readonly http: string
  readonly otlpHttp?: string
  readonly ready: string
}

async function startPeer(
  name: string,
  module: string,
  start: (binary: string, dir: string) => Promise<StartedPeer>,
): Promise<Contender | undefined> {
  const binary = join(PEERS, 'bin', name)
  if (!existsSync(binary)) {
    console.log(`skip ${name}: no ${binary}`)
    return undefined
  }
  const version = versionOf(binary, module)
  const dir = mkdtempSync(join(tmpdir(), `bench-${name}-`))
  const { child, http, otlpHttp = http, ready } = await start(binary, dir)
  const close = async (): Promise<void> => {
    const exit = new Promise((resolve) => {
      child.once('exit', resolve)
    })
    if (child.exitCode === null) child.kill('SIGTERM')
    await Promise.race([exit, pause(10_000)])
    if (child.exitCode === null) child.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  }
  const isReady = await answers(http + ready)
  if (!isReady) {
    await close()
    console.log(`skip ${name}: not ready within ${READY_TIMEOUT_MS / 1_000} s`)
    return undefined
  }
  return { name: `${name} ${version}`, pid: child.pid ?? 0, dataDir: dir, http, otlpHttp, close }
}

/** The version of the module a peer was built from, or else the first line the program says of itself. */
function versionOf(binary: string, module: string): string {
  const info = spawnSync('go', ['version', '-m', binary], { encoding: 'utf8' }).stdout ?? ''
  const line = info.split('\n').find((text) => text.includes(`\t${module}\tv`))
  const built = line === undefined ? undefined : /v\d+\.\d+\.\d+/.exec(line)?.[0]
  return built ?? spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout.split('\n')[0]!.slice(0, 60)
}

async function answers(url: string): Promise<boolean> {
  const deadline = Date.now() + READY_TIMEOUT_MS
  while (Date.now() < deadline) {
    const isUp = await fetch(url).then(
      (response) => response.status < 400,
      () => false,
    )
    if (isUp) return true
    await pause(100)
  }
  return false
}

function lokiConfig(dir: string, port: number, grpc: number): string {
  return `
auth_enabled: false
server: {http_listen_address: 127.0.0.1, http_listen_port: ${port}, grpc_listen_address: 127.0.0.1, grpc_listen_port: ${grpc}, log_level: error}
common:
  instance_addr: 127.0.0.1
  path_prefix: ${dir}/loki
  storage: {filesystem: {chunks_directory: ${dir}/loki/chunks, rules_directory: ${dir}/loki/rules}}
  replication_factor: 1
  ring: {kvstore: {store: inmemory}}
schema_config: {configs: [{from: 2020-10-24, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}]}
limits_config: {ingestion_rate_mb: 1024, ingestion_burst_size_mb: 2048, per_stream_rate_limit: 1GB, per_stream_rate_limit_burst: 2GB, allow_structured_metadata: true, max_query_length: 0, reject_old_samples: false}
analytics: {reporting_enabled: false}
`
}

function jaegerConfig(
  dir: string,
  ports: { query: number; otlp: number; grpc: number; health: number; queryGrpc: number },
): string {
  return `
service:
  extensions: [jaeger_storage, jaeger_query, healthcheckv2]
  pipelines: {traces: {receivers: [otlp], processors: [batch], exporters: [jaeger_storage_exporter]}}
  telemetry: {metrics: {level: none}, logs: {level: error}}
extensions:
  healthcheckv2: {use_v2: true, http: {endpoint: 127.0.0.1:${ports.health}}}
  jaeger_query: {storage: {traces: disk}, http: {endpoint: 127.0.0.1:${ports.query}}, grpc: {endpoint: 127.0.0.1:${ports.queryGrpc}}}
  jaeger_storage: {backends: {disk: {badger: {directories: {keys: ${dir}/keys, values: ${dir}/values}, ephemeral: false}}}}
receivers: {otlp: {protocols: {grpc: {endpoint: 127.0.0.1:${ports.grpc}}, http: {endpoint: 127.0.0.1:${ports.otlp}}}}}
processors: {batch: {}}
exporters: {jaeger_storage_exporter: {trace_storage: disk}}
`
}
