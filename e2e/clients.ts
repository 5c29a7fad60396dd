// Real, unmodified clients against a real server, each read back exactly. Clients are found in the folder ORIEL_PEERS_DIR:
// `bin/` (telemetrygen, prometheus, node_exporter) and `venv/` (Python with opentelemetry-sdk and its OTLP exporters,
// prometheus_client, python-logging-loki). One that is absent is skipped with a word.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RunningOriel } from './oriel.ts'
import { freePort, pause, startOriel } from './oriel.ts'
import { getJson, isRecord, lokiValue, promValue } from './read-back.ts'

const PEERS = process.env['ORIEL_PEERS_DIR'] ?? ''
const HERE = fileURLToPath(new URL('.', import.meta.url))
const ORDERS = 200
const python = join(PEERS, 'venv/bin/python')
const bin = (name: string): string => join(PEERS, 'bin', name)

let passed = 0
let failed = 0
let skipped = 0
const scratch = mkdtempSync(join(tmpdir(), 'oriel-clients-'))
const running: { kill: () => void }[] = []

try {
  await otelNode('grpc')
  await otelNode('http/protobuf')
  await otelNode('http/json')
  await otelPython()
  await telemetrygen(false)
  await telemetrygen(true)
  await scrapedPython()
  await scrapedNodeExporter()
  await remoteWrite('prometheus.WriteRequest')
  await remoteWrite('io.prometheus.write.v2.Request')
  await lokiPython()
} finally {
  for (const { kill } of running) kill()
  rmSync(scratch, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exit(failed === 0 ? 0 : 1)

async function otelNode(protocol: 'grpc' | 'http/protobuf' | 'http/json'): Promise<void> {
  await withOriel(`OpenTelemetry JS SDK over ${protocol}`, [process.execPath], async (oriel, check) => {
    const endpoint = protocol === 'grpc' ? `http://${oriel.grpc}` : oriel.otlpHttp
    await run(process.execPath, ['--conditions=source', join(HERE, 'clients/otel_node.ts'), String(ORDERS)], {
      OTEL_SERVICE_NAME: 'node-orders',
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_LOGS_EXPORTER: 'otlp',
      OTEL_METRICS_EXPORTER: 'otlp',
    })
    await checkOrders(oriel, check, 'node-orders')
    check('gauge', await promValue(oriel.http, 'queue_length{job="node-orders"}'), 42)
  })
}

async function otelPython(): Promise<void> {
  await withOriel('OpenTelemetry Python SDK, BatchSpanProcessor over gRPC', [python], async (oriel, check) => {
    const traceIds = (await run(python, [join(HERE, 'clients/otel_python.py'), `http://${oriel.grpc}`, String(ORDERS)]))
      .trim()
      .split('\n')
    await checkOrders(oriel, check, 'python-orders')
    check('printed trace ids', traceIds.length, ORDERS)
    const trace = await getJson(`${oriel.http}/jaeger/api/traces/${traceIds[0]}`)
    check(
      'spans of the first trace by its printed id',
      isRecord(trace) && Array.isArray(trace['data']) && isRecord(trace['data'][0]) && Array.isArray(trace['data'][0]['spans'])
        ? trace['data'][0]['spans'].length
        : 0,
      2,
    )
  })
}

/** What both SDK programs make of `ORDERS` orders. */
async function checkOrders(oriel: RunningOriel, check: Check, service: string): Promise<void> {
  const spans = await allSpans(oriel, service)
  check('spans', spans.length, 2 * ORDERS)
  check('failed spans', spans.filter((span) => span['status'] === 'error').length, ORDERS / 10)
  check(
    'spans with an exception event',
    spans.filter((span) => JSON.stringify(span['events']).includes('exception')).length,
    ORDERS / 10,
  )
  check('log records', await lokiValue(oriel.http, `sum(count_over_time({service_name="${service}"}[1h]))`), ORDERS)
  check(
    'one log line by its text',
    await lokiValue(oriel.http, `sum(count_over_time({service_name="${service}"} |= "order 17 placed" [1h]))`),
    1,
  )
  check('counter', await promValue(oriel.http, `sum(orders_placed_total{job="${service}"})`), ORDERS)
  check('counter of one label', await promValue(oriel.http, `orders_placed_total{job="${service}", country="DE"}`), ORDERS / 2)
  check('histogram count', await promValue(oriel.http, `order_amount_EUR_count{job="${service}"}`), ORDERS)
  check('histogram sum', await promValue(oriel.http, `order_amount_EUR_sum{job="${service}"}`), (ORDERS * (ORDERS - 1)) / 2)
  check(
    'histogram bucket',
    (await promValue(oriel.http, `order_amount_EUR_bucket{job="${service}", le="100"}`)) +
      (await promValue(oriel.http, `order_amount_EUR_bucket{job="${service}", le="100.0"}`)),
    101,
  )
}

async function telemetrygen(isHttp: boolean): Promise<void> {
  await withOriel(`telemetrygen over ${isHttp ? 'HTTP' : 'gRPC'}`, [bin('telemetrygen')], async (oriel, check) => {
    const address = isHttp ? oriel.otlpHttp.replace('http://', '') : oriel.grpc
    const common = [
      '--otlp-endpoint',
      address,
      '--otlp-insecure',
      '--workers',
      '2',
      '--rate',
      '0',
      ...(isHttp ? ['--otlp-http'] : []),
    ]
    await run(bin('telemetrygen'), ['traces', ...common, '--traces', '150', '--child-spans', '2', '--service', 'gen'])
    await run(bin('telemetrygen'), ['logs', ...common, '--logs', '500', '--service', 'gen', '--body', 'made by telemetrygen'])
    await run(bin('telemetrygen'), [
      'metrics',
      ...common,
      '--metrics',
      '100',
      '--metric-type',
      'Sum',
      '--service',
      'gen',
      '--aggregation-temporality',
      'cumulative',
    ])
    check('spans', (await allSpans(oriel, 'gen')).length, 2 * 150 * 3)
    check(
      'log records',
      await lokiValue(oriel.http, 'sum(count_over_time({service_name="gen"} |= "made by telemetrygen" [1h]))'),
      1_000,
    )
    const names = await getJson(`${oriel.http}/api/v1/label/__name__/values`)
    check('a metric arrived', JSON.stringify(names).includes('gen'), true)
  })
}

async function scrapedPython(): Promise<void> {
  const port = await freePort()
  await withOriel(
    'prometheus_client (Python), scraped',
    [python],
    async (oriel, check) => {
      await untilValue(() => promValue(oriel.http, 'up{job="app"}'), 1)
      const value = (query: string): Promise<number> => promValue(oriel.http, query)
      check('counter', await value('http_requests_total{method="GET", status="200"}'), 100)
      check('gauge with an escaped label', await value('room_temperature_celsius{room="k\\"i\\\\t\\nchen"}'), -21.5)
      check('histogram bucket', await value('order_latency_seconds_bucket{le="0.5"}'), 3)
      check('histogram sum', await value('order_latency_seconds_sum'), 6.35)
      check('summary', await value('order_size_bytes_sum'), 42)
      check('info', await value('build_info{version="1.2.3"}'), 1)
      check('state set', await value('worker_state{worker_state="busy"}'), 1)
      check('not a number', await value('nothing'), Number.NaN)
      check('infinity', await value('limit'), Number.POSITIVE_INFINITY)
      check(
        'samples as counted by the scrape',
        await value('scrape_samples_scraped{job="app"}'),
        await value('count({job="app", __name__!~"up|scrape_.*"})'),
      )
    },
    [{ job: 'app', port, start: () => start(python, [join(HERE, 'clients/prometheus_python.py'), String(port)]) }],
  )
}

async function scrapedNodeExporter(): Promise<void> {
  const port = await freePort()
  const exporter = { job: 'node', port, start: () => start(bin('node_exporter'), ['--web.listen-address', `127.0.0.1:${port}`]) }
  await withOriel(
    'node_exporter, scraped',
    [bin('node_exporter')],
    async (oriel, check) => {
      await untilValue(() => promValue(oriel.http, 'up{job="node"}'), 1)
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
      const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
      const scraped = await promValue(oriel.http, 'scrape_samples_scraped{job="node"}')
      check('samples near the exposition', Math.abs(scraped - lines.length) < 30, true)
      check(
        'samples as counted by the scrape',
        await promValue(oriel.http, 'count({job="node", __name__!~"up|scrape_.*"})'),
        scraped,
      )
      const boot = Number(/^node_boot_time_seconds (.*)$/m.exec(text)?.[1])
      check('boot time', await promValue(oriel.http, 'node_boot_time_seconds'), boot)
      check('up falls when the target goes', await fall(oriel), 0)
    },
    [exporter],
  )
}

async function fall(oriel: RunningOriel): Promise<number> {
  running.at(-1)?.kill()
  await untilValue(() => promValue(oriel.http, 'up{job="node"}'), 0)
  return promValue(oriel.http, 'count(node_boot_time_seconds)')
}

async function remoteWrite(message: string): Promise<void> {
  const [exporterPort, port] = [await freePort(), await freePort()]
  await withOriel(`Prometheus as sender of ${message}`, [bin('prometheus'), bin('node_exporter')], async (oriel, check) => {
    const exporter = start(bin('node_exporter'), ['--web.listen-address', `127.0.0.1:${exporterPort}`])
    const config = join(scratch, `prometheus-${port}.yml`)
    writeFileSync(
      config,
      `
global: {scrape_interval: 1s}
scrape_configs: [{job_name: node, static_configs: [{targets: ['127.0.0.1:${exporterPort}']}]}]
remote_write: [{url: '${oriel.http}/api/v1/write', protobuf_message: ${message}, metadata_config: {send_interval: 1s}}]
`,
    )
    const prometheus = start(bin('prometheus'), [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(scratch, `tsdb-${port}`)}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ])
    const theirs = `http://127.0.0.1:${port}`
    await untilValue(() => promValue(theirs, 'count_over_time(up[1h])').catch(() => 0), 8)
    exporter.kill()
    await untilValue(() => promValue(theirs, 'up'), 0)
    await untilValue(() => promValue(oriel.http, 'up'), 0)
    await pause(1_000)
    const atS = Math.floor(Date.now() / 1_000) - 2
    for (const query of [
      'sum(count_over_time(node_cpu_seconds_total[1h]))',
      'count(count by (__name__) (last_over_time({job="node"}[1h])))',
      'count(last_over_time({job="node"}[1h]))',
      'sum(last_over_time(node_memory_MemTotal_bytes[1h]))',
      'sum(sum_over_time(node_cpu_seconds_total[1h]))',
      'max(max_over_time(node_boot_time_seconds[1h]))',
      'sum(increase(node_network_receive_bytes_total[1m]))',
    ]) {
      check(query, await promValue(oriel.http, query, atS), await promValue(theirs, query, atS))
    }
    // Prometheus 3.14 was seen to send no metadata in 2.0 requests; that we read it there is shown by the decoder's tests.
    if (message === 'prometheus.WriteRequest') {
      const metadata = JSON.stringify(await getJson(`${oriel.http}/api/v1/metadata?metric=node_cpu_seconds_total`))
      check('metadata', metadata.includes('counter'), true)
    }
    prometheus.kill()
  })
}

async function lokiPython(): Promise<void> {
  await withOriel('python-logging-loki', [python], async (oriel, check) => {
    await run(python, [join(HERE, 'clients/loki_python.py'), `${oriel.http}/loki/api/v1/push`, String(ORDERS)])
    check('lines', await lokiValue(oriel.http, 'sum(count_over_time({application="billing"}[1h]))'), ORDERS)
    check(
      'lines of one label',
      await lokiValue(oriel.http, 'sum(count_over_time({application="billing", region="eu"}[1h]))'),
      ORDERS / 2,
    )
    check(
      'errors',
      await lokiValue(oriel.http, 'sum(count_over_time({application="billing", severity="error"}[1h]))'),
      ORDERS / 5,
    )
  })
}

type Check = (what: string, got: unknown, want: unknown) => void

interface Target {
  readonly job: string
  readonly port: number
  readonly start: () => void
}

/** Runs one client against a server of its own and prints each comparison that fails. */
async function withOriel(
  title: string,
  needs: readonly string[],
  body: (oriel: RunningOriel, check: Check) => Promise<void>,
  targets: readonly Target[] = [],
): Promise<void> {
  const absent = needs.filter((path) => !existsSync(path))
  if (absent.length > 0) {
    skipped++
    return console.log(`skip ${title}: absent: ${absent.join(', ')}`)
  }
  for (const target of targets) target.start()
  const oriel = await startOriel({ args: configArgs(targets) })
  const problems: string[] = []
  let checks = 0
  try {
    await body(oriel, (what, got, want) => {
      checks++
      if (!Object.is(got, want)) problems.push(`${what}: got ${String(got)}, want ${String(want)}`)
    })
  } catch (error) {
    problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  await oriel.close()
  if (problems.length === 0) passed++
  else failed++
  console.log(
    `${problems.length === 0 ? 'ok  ' : 'FAIL'} ${title}: ${checks} comparisons${problems.map((problem) => `\n       ${problem}`).join('')}`,
  )
}

function configArgs(targets: readonly Target[]): string[] {
  if (targets.length === 0) return []
  const scrapes = targets.map(
    ({ job, port }) => `{job_name: ${job}, scrape_interval: 1s, static_configs: [{targets: ['127.0.0.1:${port}']}]}`,
  )
  const prometheusFile = join(scratch, `scrape-${targets[0]!.port}.yml`)
  const config = join(scratch, `oriel-${targets[0]!.port}.yaml`)
  writeFileSync(prometheusFile, `scrape_configs: [${scrapes.join(', ')}]\n`)
  writeFileSync(config, `prometheus: ${prometheusFile}\n`)
  return ['--config', config]
}

async function allSpans(oriel: RunningOriel, service: string): Promise<Record<string, unknown>[]> {
  const now = Date.now()
  const answer = await getJson(
    `${oriel.http}/api/oriel/traces?service=${service}&from=${now - 3_600_000}&to=${now + 60_000}&limit=2000`,
  )
  const traces = isRecord(answer) && Array.isArray(answer['traces']) ? answer['traces'].filter(isRecord) : []
  const spans: Record<string, unknown>[] = []
  for (const { traceId } of traces) {
    const trace = await getJson(`${oriel.http}/api/oriel/traces/${String(traceId)}`)
    if (isRecord(trace) && Array.isArray(trace['spans'])) spans.push(...trace['spans'].filter(isRecord))
  }
  return spans
}

async function untilValue(read: () => Promise<number>, want: number): Promise<void> {
  const deadline = Date.now() + 30_000
  for (let got = await read(); got < want || (want === 0 && got !== 0); got = await read()) {
    if (Date.now() > deadline) throw new Error(`waited 30 s for ${want}, last ${got}`)
    await pause(200)
  }
}

async function run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const code = await new Promise((resolve) => {
    child.once('close', resolve)
  })
  if (code !== 0) throw new Error(`${command} ended with ${String(code)}: ${stderr.slice(-2_000)}`)
  return stdout
}

function start(command: string, args: readonly string[]): { kill: () => void } {
  const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'ignore'] })
  const handle = { kill: () => void child.kill('SIGKILL') }
  running.push(handle)
  return handle
}
