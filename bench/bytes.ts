// Bytes a sample on disk, after merges, of what real programs expose: the peers' own /metrics and node_exporter's, recorded once a
// second and written as if 15 s lay between, so that values move as they really do. Index of series counted in, for all three.
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, pause, startOriel } from '../e2e/oriel.ts'
import { peerBinary } from '../e2e/prometheus.ts'
import { sendUntilAcknowledged, writeSeries } from '../e2e/senders.ts'
import { openEngine } from '../packages/clickhouse/src/open.ts'
import { startOrielContender, startPrometheus, startVictoriaMetrics } from './contenders.ts'
import { diskUsage } from './measure.ts'

// 720 rounds of 15 s are three hours; recording them takes twelve minutes.
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 720)
const RECORD_MS = 1_000
const STEP_MS = 15_000
const BODY_SERIES = 500
const BODY_ROUNDS = 60

/** What one series showed: its text, as exposed, and a value for each round, absent where it was not exposed. */
interface Recorded {
  readonly text: string
  readonly labels: Readonly<Record<string, string>>
  readonly values: (string | undefined)[]
}

const series = await record()
const samples = series.reduce((sum, { values }) => sum + values.filter((value) => value !== undefined).length, 0)
// On a whole two hours, as Prometheus cuts its blocks.
const startMs = Math.floor((Date.now() - ROUNDS * STEP_MS) / 7_200_000) * 7_200_000
console.log(`\n## Bytes a sample: ${series.length} series of real programs, ${samples} samples 15 s apart\n`)
console.log('| who | bytes a sample | Oriel / it |\n|---|---|---|')
const oriel = await orielBytes()
print('Oriel', oriel)
print(...(await prometheusBytes()))
print(...(await victoriaBytes()))

function print(name: string, bytes: number): void {
  console.log(`| ${name} | ${(bytes / samples).toFixed(2)} | ${(oriel / bytes).toFixed(2)}x |`)
}

/** Scrapes a node_exporter and the peers, which scrape one another meanwhile so that they have something to do. */
async function record(): Promise<Recorded[]> {
  const port = await freePort()
  const exporter = spawn(peerBinary('node_exporter'), ['--web.listen-address', `127.0.0.1:${port}`], { stdio: 'ignore' })
  const peers = [await startPrometheus(scrapeOf(`127.0.0.1:${port}`)), await startVictoriaMetrics(), await startOrielContender()]
  const running = peers.filter((peer) => peer !== undefined)
  const urls = [`http://127.0.0.1:${port}`, ...running.map(({ http }) => http)]
  const bySeries = new Map<string, Recorded>()
  for (let round = 0; round < ROUNDS; round++) {
    const nextMs = performance.now() + RECORD_MS
    for (const [i, url] of urls.entries()) noteRound(bySeries, await (await fetch(`${url}/metrics`)).text(), { round, job: i })
    await pause(Math.max(0, nextMs - performance.now()))
  }
  exporter.kill()
  for (const peer of running) await peer.close()
  return [...bySeries.values()]
}

function scrapeOf(target: string): string {
  return `global: {scrape_interval: 1s}\nscrape_configs: [{job_name: node, static_configs: [{targets: ['${target}']}]}]\n`
}

function noteRound(bySeries: Map<string, Recorded>, body: string, { round, job }: { round: number; job: number }): void {
  for (const line of body.split('\n')) {
    const [, name, inner = '', value] = /^([\w:]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (name === undefined || value === undefined) continue
    const pairs = [`job="${job}"`, `instance="127.0.0.1:910${job}"`, ...(inner.match(/\w+="(?:[^"\\]|\\.)*"/g) ?? [])]
    const text = `${name}{${pairs.join(',')}}`
    let known = bySeries.get(text)
    if (known === undefined) bySeries.set(text, (known = { text, labels: labelsOf(name, pairs), values: [] }))
    known.values[round] = value
  }
}

function labelsOf(name: string, pairs: readonly string[]): Record<string, string> {
  const labels: Record<string, string> = { __name__: name }
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    labels[pair.slice(0, at)] = pair.slice(at + 2, -1).replace(/\\(["\\])/g, '$1')
  }
  return labels
}

/** Through the front door; then everything is merged, as it is in time, and the engine says what its tables take. */
async function orielBytes(): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), 'bench-bytes-'))
  const oriel = await startOriel({ dataDir })
  await send(oriel.http)
  // 35 s: the journal moves what it holds after 30.
  await pause(35_000)
  await oriel.close()
  const opened = openEngine({ dataDir })
  const count = `SELECT table, sum(bytes_on_disk) AS bytes, sum(rows) AS rows FROM system.parts
    WHERE active AND database = currentDatabase() AND (table IN ('samples', 'series', 'label_values') OR startsWith(table, 'rollup_'))
    GROUP BY table`
  for (const table of ['samples', 'series', 'label_values']) await opened.client.command(`OPTIMIZE TABLE ${table} FINAL`)
  const tables = new Map<string, { bytes: number; rows: number }>()
  for (const block of await opened.client.query(count)) {
    const [bytes, rows] = [block.numbers('bytes'), block.numbers('rows')]
    for (const [i, table] of block.strings('table').entries()) tables.set(table, { bytes: bytes[i]!, rows: rows[i]! })
  }
  await opened.close()
  rmSync(dataDir, { recursive: true, force: true })
  const { bytes = 0, rows = 0 } = tables.get('samples') ?? {}
  if (rows !== samples) throw new Error(`${rows} of ${samples} samples are in the table`)
  for (const [table, { bytes: of }] of tables) console.log(`${table}: ${(of / samples).toFixed(3)} bytes a sample`)
  return bytes + (tables.get('series')?.bytes ?? 0) + (tables.get('label_values')?.bytes ?? 0)
}

/** What its own tool makes of the samples: blocks of two hours with their index, as it writes them after its head. */
async function prometheusBytes(): Promise<[string, number]> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-blocks-'))
  const input = join(dir, 'samples.om')
  const file = openSync(input, 'w')
  // Of one metric after the other: the format wants a family in one piece.
  for (const { text, values } of series.toSorted((a, b) => (a.labels['__name__']! < b.labels['__name__']! ? -1 : 1))) {
    const lines = values.flatMap((value, round) =>
      value === undefined ? [] : [`${text} ${value} ${(startMs + round * STEP_MS) / 1_000}`],
    )
    writeSync(file, `${lines.join('\n')}\n`)
  }
  writeSync(file, '# EOF\n')
  closeSync(file)
  const blocks = join(dir, 'blocks')
  const { status, stderr } = spawnSync(peerBinary('promtool'), ['tsdb', 'create-blocks-from', 'openmetrics', input, blocks], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`promtool: ${stderr}`)
  const bytes = diskUsage(blocks)
  rmSync(dir, { recursive: true, force: true })
  return ['Prometheus, blocks of 2 h', bytes]
}

/** Everything in its directory after a merge that it was told to make. */
async function victoriaBytes(): Promise<[string, number]> {
  const contender = await startVictoriaMetrics()
  if (contender === undefined) throw new Error('no victoria-metrics in ORIEL_PEERS_DIR')
  await send(contender.http)
  await fetch(`${contender.http}/internal/force_flush`)
  await fetch(`${contender.http}/internal/force_merge`)
  await pause(20_000)
  const bytes = diskUsage(contender.dataDir)
  await contender.close()
  return [contender.name, bytes]
}

async function send(base: string): Promise<void> {
  for (let from = 0; from < series.length; from += BODY_SERIES) {
    const part = series.slice(from, from + BODY_SERIES)
    for (let round = 0; round < ROUNDS; round += BODY_ROUNDS) {
      const bodies = part
        .map(({ labels, values }) => ({ labels, samples: samplesOf(values, round) }))
        .filter((one) => one.samples.length > 0)
      if (bodies.length > 0) await sendUntilAcknowledged(base, writeSeries(bodies))
    }
  }
}

function samplesOf(values: Recorded['values'], from: number): { value: number; timestamp: number }[] {
  return values
    .slice(from, from + BODY_ROUNDS)
    .flatMap((text, i) => (text === undefined ? [] : [{ value: valueOf(text), timestamp: startMs + (from + i) * STEP_MS }]))
}

function valueOf(text: string): number {
  return text.endsWith('Inf') ? Number(text.replace('Inf', 'Infinity')) : Number(text)
}
