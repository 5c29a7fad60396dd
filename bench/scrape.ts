// Scraping 2,000 targets of 500 series every 15 s: Oriel and Prometheus at the same time, the same targets, as CPU a sample.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { enginePid, pause, usage } from '../e2e/oriel.ts'
import { promValue } from '../e2e/read-back.ts'
import type { Contender } from './contenders.ts'
import { startOrielContender, startPrometheus } from './contenders.ts'

const TARGETS = Number(process.env['BENCH_TARGETS'] ?? 2_000)
const SERIES = 500
// Every target was scraped six times: its series are known everywhere, start-up work is done.
const WARM_UP_SCRAPES = 6
const WARM_UP_MS = 600_000
const ASK_EVERY_MS = 5_000
const MEASURE_MS = 1_000 * Number(process.env['BENCH_SECONDS'] ?? 180)

const targets = spawn(process.execPath, [fileURLToPath(new URL('scrape-targets.ts', import.meta.url)), String(SERIES)], {
  stdio: ['pipe', 'pipe', 'inherit'],
})
const dir = mkdtempSync(join(tmpdir(), 'bench-scrape-'))
const contenders: Contender[] = []
try {
  const [port] = await once(targets.stdout, 'data')
  const config = configuration(Number(String(port)))
  const file = join(dir, 'prometheus.yml')
  writeFileSync(file, config)
  writeFileSync(join(dir, 'oriel.yaml'), `prometheus: ${file}\n`)
  contenders.push(await startOrielContender(['--config', join(dir, 'oriel.yaml')]))
  const prometheus = await startPrometheus(config)
  if (prometheus !== undefined) contenders.push(prometheus)
  await measure()
} finally {
  for (const contender of contenders) await contender.close()
  targets.stdin.end()
  rmSync(dir, { recursive: true, force: true })
}

async function measure(): Promise<void> {
  for (const { http } of contenders) await untilWarm(http)
  const engine = enginePid(contenders[0]!.pid)
  const before = contenders.map(({ pid }) => usage(pid))
  const engineBefore = usage(engine).cpuSeconds
  await pause(MEASURE_MS)
  const after = contenders.map(({ pid }) => usage(pid))
  const engineSeconds = usage(engine).cpuSeconds - engineBefore
  const seconds = MEASURE_MS / 1_000
  console.log(`\n## Scraping ${TARGETS} targets of ${SERIES} series every 15 s, for ${seconds} s\n`)
  console.log('| who | CPU-s per 1M samples | of one core | ratio to Prometheus | samples | up | late by over 1 s | RSS MB |')
  console.log('|---|---|---|---|---|---|---|---|')
  const costs: number[] = []
  const rows: string[] = []
  let engineCost = 0
  for (const [i, { name, http }] of contenders.entries()) {
    const cpuSeconds = after[i]!.cpuSeconds - before[i]!.cpuSeconds
    const samples = await promValue(http, `sum(sum_over_time(scrape_samples_scraped[${seconds}s]))`)
    const up = await promValue(http, 'sum(up)')
    const late = await promValue(
      http,
      `sum(count_over_time(scrape_duration_seconds[${seconds}s]) < ${Math.floor(seconds / 15) - 1}) or vector(0)`,
    )
    costs.push(cpuSeconds / (samples / 1e6))
    if (i === 0) engineCost = engineSeconds / (samples / 1e6)
    rows.push(`${millions(samples)} | ${up} | ${late} | ${(after[i]!.residentBytes / 2 ** 20).toFixed(0)} |`)
    rows[i] = `| ${name} | ${costs[i]!.toFixed(2)} | ${((100 * cpuSeconds) / seconds).toFixed(1)} % | RATIO | ${rows[i]}`
  }
  for (const [i, row] of rows.entries()) console.log(row.replace('RATIO', `${(costs[i]! / costs.at(-1)!).toFixed(2)}x`))
  console.log(`\nOriel: ${(costs[0]! - engineCost).toFixed(2)} here, ${engineCost.toFixed(2)} in the engine`)
}

/** Resolves once every target was scraped often enough; rejects where that takes too long. */
async function untilWarm(http: string): Promise<void> {
  const deadline = performance.now() + WARM_UP_MS
  const query = `count(count_over_time(up[${WARM_UP_MS / 1_000}s]) >= ${WARM_UP_SCRAPES}) or vector(0)`
  while ((await promValue(http, query)) < TARGETS) {
    if (performance.now() > deadline) throw new Error(`not every target was scraped ${WARM_UP_SCRAPES} times`)
    await pause(ASK_EVERY_MS)
  }
}

function millions(samples: number): string {
  return `${(samples / 1e6).toFixed(2)}M`
}

/** One group a target: the path and the instance are its own. */
function configuration(port: number): string {
  const groups = Array.from(
    { length: TARGETS },
    (_, i) => `      - { targets: ['127.0.0.1:${port}'], labels: { __metrics_path__: /t/${i}, instance: 'host-${i}:9100' } }\n`,
  )
  return `global: { scrape_interval: 15s }\nscrape_configs:\n  - job_name: bench\n    static_configs:\n${groups.join('')}`
}
