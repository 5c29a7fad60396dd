// Metrics under strain: senders and targets that are valid and strange, churn, rules that cannot keep up, and queries that would read
// everything, against a real server. Each must leave the server ready, its answers right and its other users undisturbed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pause, startOriel, usage } from './oriel.ts'
import { promValue } from './read-back.ts'
import { remoteWrite, remoteWriteTemplate, sendUntilAcknowledged } from './senders.ts'
import { startStrangeTargets } from './strain-targets.ts'

const MB = 2 ** 20
const STEP_MS = 15_000
let passed = 0
let failed = 0

const scratch = mkdtempSync(join(tmpdir(), 'oriel-strain-'))
const targets = await startStrangeTargets()
const jobs = targets.map(
  ({ job, port }) =>
    `  - {job_name: ${job}, honor_labels: true, scrape_interval: 1s, scrape_timeout: 1s, static_configs: [{targets: ['127.0.0.1:${port}']}]}`,
)
writeFileSync(join(scratch, 'prometheus.yml'), `rule_files: [rules.yml]\nscrape_configs:\n${jobs.join('\n')}\n`)
writeFileSync(
  join(scratch, 'rules.yml'),
  `groups:
  - name: cannot_keep_up
    interval: 10ms
    rules:
${Array.from({ length: 20 }, (_, i) => `      - {record: heavy_${i}, expr: 'sum by (group) (rate(strain_total[30m]))'}`).join('\n')}
  - name: keeps_up
    interval: 1s
    rules: [{record: light, expr: 'vector(1)'}]
`,
)
writeFileSync(join(scratch, 'oriel.yaml'), `prometheus: ${join(scratch, 'prometheus.yml')}\n`)
const oriel = await startOriel({ args: ['--config', join(scratch, 'oriel.yaml')] })
const endMs = Math.floor(Date.now() / STEP_MS) * STEP_MS

await duplicates()
await outOfOrder()
await load()
await strangeTargets()
await rulesThatCannotKeepUp()
await queriesForEverything()
await churn()
await heavyQueriesBesideIngest()

expect('still ready', (await fetch(`${oriel.http}/-/ready`)).status === 200, 'not ready')
await oriel.close()
for (const { close } of targets) close()
rmSync(scratch, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

async function duplicates(): Promise<void> {
  const tMs = endMs - 60_000
  const send = (value: number) => sendUntilAcknowledged(oriel.http, remoteWrite('repeated', { series: 100, tMs, value }))
  await send(1)
  await send(1)
  expect('the same samples sent twice count once', (await at('sum(count_over_time(repeated[5m]))', endMs)) === 100, 'they do not')
  await send(7)
  expect('of two values of one time the later written holds', (await at('max(repeated)', endMs)) === 7, 'it does not')
}

async function outOfOrder(): Promise<void> {
  const samples = 100
  for (let i = 0; i < samples; i++) {
    // 37 is coprime to 100: every time once, in a wild order.
    const k = (i * 37) % samples
    await sendUntilAcknowledged(oriel.http, remoteWrite('shuffled', { series: 5, tMs: endMs - k * STEP_MS, value: samples - k }))
  }
  const count = await at('sum(count_over_time(shuffled[30m]))', endMs)
  expect('samples out of order are all there', count === 5 * samples, `${count}`)
  expect('and in order: none looks like a reset', (await at('max(resets(shuffled[30m]))', endMs)) === 0, 'some do')
}

/** 10,000 series for an hour: what the heavy queries below are heavy with. */
async function load(): Promise<void> {
  const templates = Array.from({ length: 5 }, (_, group) =>
    remoteWriteTemplate('strain_total', { series: 2_000, labels: { group: String(group) } }),
  )
  for (let i = 240; i >= 0; i--)
    await Promise.all(templates.map((template) => sendUntilAcknowledged(oriel.http, template.at(endMs - i * STEP_MS, 240 - i))))
}

async function strangeTargets(): Promise<void> {
  await pause(5_000)
  const up = (job: string) => promValue(oriel.http, `max(up{job="${job}"})`)
  for (const { job } of targets) expect(`${job}: is up`, (await up(job)) === 1, 'is not')
  const jumped = await promValue(oriel.http, 'sum(count_over_time(jumpy[2d]))')
  expect('a clock that jumps keeps its samples', jumped >= 3, `${jumped} samples`)
  expect('samples far ahead are refused', (await promValue(oriel.http, 'count(ahead)')) === 0, 'they are there')
  expect('and the others of that scrape stay', (await promValue(oriel.http, 'on_time')) === 1, 'they are not')
  expect('a type that changes changes no value', (await promValue(oriel.http, 'max(shifting)')) === 5, 'it does')
  expect('two targets that write one series are one series', (await promValue(oriel.http, 'count(shared)')) === 1, 'they are not')
  expect('a series twice in one scrape counts once', (await promValue(oriel.http, 'count(twice)')) === 1, 'it does not')
  expect('and its neighbours stay', (await promValue(oriel.http, 'once')) === 1, 'they do not')
}

async function rulesThatCannotKeepUp(): Promise<void> {
  const missed = async () => await metricSum('prometheus_rule_group_iterations_missed_total', /cannot_keep_up/)
  const light = async () => await promValue(oriel.http, 'count_over_time(light[5s])')
  await pause(2_000)
  expect('a group that cannot finish in its interval counts what it missed', (await missed()) > 0, 'nothing counted')
  expect('and the group beside it keeps its pace', (await light()) >= 3, `${await light()} of 5 evaluations`)
}

async function queriesForEverything(): Promise<void> {
  const nested = Array.from({ length: 4_096 / 8 }, (_, i) => `prefix${i}`).join('|')
  const cases: readonly (readonly [string, string, 'refused' | 'answered'])[] = [
    ['a subquery of a year at one second', 'max_over_time(strain_total[1y:1s])', 'refused'],
    ['a subquery of subqueries', 'count_over_time(sum_over_time(strain_total[1y:1s])[1y:1s])', 'refused'],
    ['a regex of 4 KiB', `count(strain_total{i=~"${nested}"}) or vector(0)`, 'answered'],
    ['a regex that backtracks elsewhere', 'count(strain_total{i=~"(1+)+$"}) or vector(0)', 'answered'],
    ['a matcher on everything', 'count({__name__=~".+"})', 'answered'],
  ]
  for (const [title, query, want] of cases) {
    const startMs = performance.now()
    const response = await fetch(`${oriel.http}/api/v1/query`, { method: 'POST', body: new URLSearchParams({ query }) })
    const text = await response.text()
    const seconds = (performance.now() - startMs) / 1_000
    const isAsWanted =
      want === 'answered' ? response.status === 200 : response.status === 422 && /limit|too many|resolution/.test(text)
    expect(
      `${title}: ${want}`,
      isAsWanted && seconds < 20,
      `${response.status} in ${seconds.toFixed(1)} s: ${text.slice(0, 200)}`,
    )
  }
}

/** 100,000 new series within a minute, as a deploy in a loop makes them. */
async function churn(): Promise<void> {
  const before = usage(oriel.pid).residentBytes
  const started = performance.now()
  for (let pod = 0; pod < 50; pod++) {
    const labels = { pod: `churn-${pod}`, job: 'churn' }
    await sendUntilAcknowledged(oriel.http, remoteWrite('churning', { series: 2_000, tMs: Date.now(), value: pod, labels }))
  }
  const seconds = (performance.now() - started) / 1_000
  const grownMb = (usage(oriel.pid).residentBytes - before) / MB
  expect('100,000 new series come in within a minute', seconds < 60, `${seconds.toFixed(0)} s`)
  expect('and cost less than 4 KiB each', grownMb < 400, `grew by ${grownMb.toFixed(0)} MB`)
  const count = await promValue(oriel.http, 'count(churning)')
  expect('and are all there', count === 100_000, `${count}`)
}

async function heavyQueriesBesideIngest(): Promise<void> {
  const quiet = await latencies(3_000, () => false)
  let running = 100
  const outcomes = Array.from({ length: running }, async (_, i) => {
    const parameters = new URLSearchParams({
      query: `sum by (group) (rate(strain_total{i!="${i}"}[5m]))`,
      start: String((endMs - 3_600_000) / 1_000),
      end: String(endMs / 1_000),
      step: '15',
    })
    const response = await fetch(`${oriel.http}/api/v1/query_range?${parameters.toString()}`)
    await response.text()
    running--
    return response.status
  })
  const busy = await latencies(120_000, () => running === 0)
  const statuses = await Promise.all(outcomes)
  const wrong = statuses.filter((status) => status !== 200 && status !== 429 && status !== 503)
  console.log(
    `ingest latency ms: p50 ${quiet.p50.toFixed(0)} alone, ${busy.p50.toFixed(0)} beside 100 heavy queries; p95 ${quiet.p95.toFixed(0)} and ${busy.p95.toFixed(0)}`,
  )
  expect('100 heavy queries at once are answered or turned away politely', wrong.length === 0, wrong.join(', '))
  expect('most are answered', statuses.filter((status) => status === 200).length >= 90, statuses.join(' '))
  expect('ingest keeps its pace: its latency does not double', busy.p50 <= 2 * quiet.p50, 'it does')
}

/** Latency of small pushes, one after another with a pause between, until the time is over or `isOver`. */
async function latencies(mostMs: number, isOver: () => boolean): Promise<{ p50: number; p95: number }> {
  const template = remoteWriteTemplate('paced', { series: 500 })
  const found: number[] = []
  const startMs = performance.now()
  while (performance.now() - startMs < mostMs && !isOver()) {
    const sentMs = performance.now()
    await sendUntilAcknowledged(oriel.http, template.at(Date.now(), 1))
    found.push(performance.now() - sentMs)
    await pause(20)
  }
  found.sort((a, b) => a - b)
  const quantile = (q: number) => found[Math.min(found.length - 1, Math.floor(q * found.length))] ?? Number.NaN
  return { p50: quantile(0.5), p95: quantile(0.95) }
}

async function at(query: string, tMs: number): Promise<number> {
  return await promValue(oriel.http, query, tMs / 1_000)
}

/** The sum of one of the server's own counters over the label sets that `labels` matches. */
async function metricSum(name: string, labels: RegExp): Promise<number> {
  const text = await (await fetch(`${oriel.http}/metrics`)).text()
  const lines = text.split('\n').filter((line) => line.startsWith(name) && labels.test(line))
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}

function expect(title: string, isTrue: boolean, otherwise: string): void {
  if (isTrue) passed++
  else {
    failed++
    console.log(`FAIL ${title}: ${otherwise}`)
  }
}
