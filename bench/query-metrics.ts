// PromQL range queries against Prometheus and VictoriaMetrics: the same data in every contender, answers compared before they are
// timed. From memory where a contender has it there: nothing is restarted between writing and asking.
//
// Every series has values of its own. BENCH_DASHBOARD=1 adds 100,000 series x 7 h and a dashboard of 20 panels over them: minutes of writing to each contender.
import { Agent, get } from 'node:http'
import { isRecord } from '../e2e/read-back.ts'
import { usage } from '../e2e/oriel.ts'
import { remoteWriteTemplate, sendUntilAcknowledged, templateOf } from '../e2e/senders.ts'
import type { Contender } from './contenders.ts'
import { startOrielContender, startPrometheus, startVictoriaMetrics } from './contenders.ts'
import { interleaved, printTimes } from './measure.ts'

const SERIES = 2_000
const GROUPS = 5
const STEP_MS = 15_000
const SAMPLES = 240 + 40
const RESET_ROUND = 150
const AGENT = new Agent({ keepAlive: true })
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 9)
// A p50 of single milliseconds needs more than a handful of answers.
const QUICK_ROUNDS = 20 * ROUNDS
const HOUR_MS = 3_600_000

interface Question {
  readonly title: string
  readonly queries: readonly string[]
  readonly rangeMs: number
  readonly stepMs: number
  readonly rounds: number
}

const IN_AN_HOUR = { rangeMs: HOUR_MS, stepMs: STEP_MS }
const QUESTIONS: readonly Question[] = [
  question('one series, raw', 'bench_requests_total{group="3", i="77"}', QUICK_ROUNDS),
  question('one series, rate', 'rate(bench_requests_total{group="3", i="77"}[5m])', QUICK_ROUNDS),
  question('1,000 series, raw', 'bench_requests_total{group="1", i=~"1..."}', ROUNDS),
  question('2,000 series, avg', 'avg(bench_requests_total{group="1"})', ROUNDS),
  question('sum by (group)(rate) of 10,000 series', 'sum by (group) (rate(bench_requests_total[5m]))', ROUNDS),
  question('heavy: 2.6M samples, highest of 5 rates', 'max by (i) (rate(bench_requests_total[5m]))', ROUNDS),
]
const DASHBOARD_MS = 6 * HOUR_MS
const PODS = 1_000
const PANEL_STEP_MS = 60_000
const PANELS: Question = {
  title: 'dashboard: 20 panels, 6 h, 100,000 series',
  queries: panels(),
  rangeMs: DASHBOARD_MS,
  stepMs: PANEL_STEP_MS,
  rounds: Math.min(5, ROUNDS),
}
const hasDashboard = process.env['BENCH_DASHBOARD'] === '1'

const endMs = Math.floor((Date.now() - 60_000) / PANEL_STEP_MS) * PANEL_STEP_MS
const contenders: Contender[] = []
for (const start of [startOrielContender, startPrometheus, startVictoriaMetrics]) {
  const contender = await start()
  if (contender !== undefined) contenders.push(contender)
}
if (hasDashboard) await writeDashboard()
await writeHour()
for (const { name, http } of contenders) if (name.startsWith('victoria')) await fetch(`${http}/internal/force_flush`)

console.log(
  '\n## PromQL range queries, milliseconds over HTTP\n\n| query | who | median | range | it / Oriel |\n|---|---|---|---|---|',
)
for (const one of hasDashboard ? [...QUESTIONS, PANELS] : QUESTIONS) {
  for (const query of one.queries) await compare(one, query)
  printTimes(one.title, await interleaved(contenders, one.rounds, (contender) => askAll(contender, one)))
}
console.log('\n| who | resident MB after |\n|---|---|')
AGENT.destroy()
for (const { name, pid } of contenders) console.log(`| ${name} | ${(usage(pid).residentBytes / 2 ** 20).toFixed(0)} |`)
for (const contender of contenders) await contender.close()

function question(title: string, query: string, rounds: number): Question {
  return { title, queries: [query], ...IN_AN_HOUR, rounds }
}

async function writeHour(): Promise<void> {
  const templates = Array.from({ length: GROUPS }, (_, group) =>
    remoteWriteTemplate('bench_requests_total', {
      series: SERIES,
      labels: { group: String(group), job: 'bench', instance: `10.0.0.${group}:8080` },
    }),
  )
  for (let i = SAMPLES; i >= 0; i--) {
    const requests = templates.map((template, group) =>
      template.at(endMs - i * STEP_MS, (n) => counterAt(n + SERIES * group, SAMPLES - i)),
    )
    await Promise.all(contenders.flatMap(({ http }) => requests.map((request) => sendUntilAcknowledged(http, request))))
  }
}

/** Counters that rise unevenly, each at a pace of its own; one in fifty starts again on the way. */
function counterAt(series: number, round: number): number {
  const pace = 1 + ((series * 7_919) % 97)
  const since = series % 50 === 0 && round > RESET_ROUND ? round - RESET_ROUND : round
  return since * pace + ((series * 31 + round * 17) % pace)
}

/** Megabytes that go up and down. */
function gaugeAt(series: number, round: number): number {
  return 2 ** 20 * (64 + ((series * 13) % 512) + ((series * 7 + round * 11) % 23))
}

/** 100 series for each of 1,000 pods, once a minute, as a cluster's exporters have them. */
async function writeDashboard(): Promise<void> {
  const kinds = [
    { metric: 'container_cpu_usage_seconds_total', valueAt: counterAt },
    { metric: 'container_network_receive_bytes_total', valueAt: counterAt },
    { metric: 'container_memory_working_set_bytes', valueAt: gaugeAt },
    { metric: 'kube_pod_container_status_restarts_total', valueAt: restartsAt },
  ]
  // 100 pods a request: 2,500 samples, about what Prometheus sends at once.
  const templates = Array.from({ length: PODS / 100 }, (_, block) =>
    kinds.map(({ metric, valueAt }) => {
      const labels = Array.from({ length: 2_500 }, (_, i) => {
        const pod = 100 * block + Math.floor(i / 25)
        const where = { namespace: `ns-${pod % 20}`, pod: `pod-${pod}`, node: `node-${pod % 50}`, cluster: 'bench' }
        return { __name__: metric, i: String(i % 25), ...where }
      })
      const template = templateOf(labels)
      return { at: (tMs: number, round: number) => template.at(tMs, (i) => valueAt(2_500 * block + i, round)) }
    }),
  ).flat()
  for (let tMs = endMs - DASHBOARD_MS - HOUR_MS, round = 0; tMs <= endMs; tMs += PANEL_STEP_MS, round++) {
    const requests = templates.map((template) => template.at(tMs, round))
    await Promise.all(contenders.flatMap(({ http }) => requests.map((request) => sendUntilAcknowledged(http, request))))
  }
}

/** Hardly ever. */
function restartsAt(series: number, round: number): number {
  return Math.floor((round + (series % 400)) / 400)
}

/** What the pages of kubernetes-mixin ask: sums of rates and of gauges by namespace, node and pod, ratios, ranks and joins. */
function panels(): string[] {
  const cpu = 'container_cpu_usage_seconds_total'
  const net = 'container_network_receive_bytes_total'
  const memory = 'container_memory_working_set_bytes'
  const restarts = 'kube_pod_container_status_restarts_total'
  return [
    `sum(rate(${cpu}{cluster="bench"}[5m]))`,
    `sum by (namespace) (rate(${cpu}{cluster="bench"}[5m]))`,
    `sum by (node) (rate(${cpu}[5m]))`,
    `topk(10, sum by (pod) (rate(${cpu}[5m])))`,
    `sum by (pod) (rate(${cpu}{namespace="ns-3"}[5m]))`,
    `sum(${memory}{cluster="bench"})`,
    `sum by (namespace) (${memory})`,
    `sum by (node) (${memory})`,
    `max by (pod) (${memory}{namespace="ns-7"})`,
    `sum by (pod) (${memory}{namespace="ns-3"}) / 1024`,
    `sum(rate(${net}[5m]))`,
    `sum by (namespace) (irate(${net}[5m]))`,
    `sum by (node) (rate(${net}[5m]))`,
    `topk(5, sum by (pod) (rate(${net}{namespace=~"ns-1.*"}[5m])))`,
    `sum by (namespace) (increase(${restarts}[1h])) > 0`,
    `count(${restarts})`,
    `count by (namespace) (count by (namespace, pod) (${restarts}))`,
    `sum by (namespace) (rate(${cpu}[5m])) / on (namespace) sum by (namespace) (${memory})`,
    `avg by (node) (${memory} offset 1h)`,
    `sum by (namespace) (rate(${cpu}{pod=~"pod-1.*"}[5m]))`,
  ]
}

async function compare(one: Question, query: string): Promise<void> {
  const answers = await Promise.all(contenders.map((contender) => ask(contender, query, one).then(comparable)))
  answers.forEach((answer, i) => {
    if (answer === answers[0]) return
    let at = 0
    while (answer[at] === answers[0]![at]) at++
    const [its, ours] = [answer, answers[0]!].map((text) => text.slice(Math.max(0, at - 40), at + 40))
    console.log(`| ${one.title} | ${contenders[i]!.name} | answers ${query} differently from Oriel: ${its} for ${ours} | | |`)
  })
}

/** All of a question's queries at once, as a page asks them. */
async function askAll(contender: Contender, one: Question): Promise<void> {
  await Promise.all(one.queries.map((query) => drain(contender, query, one)))
}

/**
 * Asks for a compressed answer, as Grafana does, and reads it to its end. It is not decompressed here: that would take as much of
 * the machine as a server does, and count for each.
 */
function drain(contender: Contender, query: string, one: Question): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = get(urlOf(contender, query, one), { agent: AGENT, headers: { 'accept-encoding': 'gzip' } }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${contender.name} answers ${query} with ${response.statusCode}`))
      response.on('end', resolve).on('error', reject).resume()
    })
    asked.on('error', reject)
  })
}

function ask(contender: Contender, query: string, one: Question): Promise<Response> {
  return fetch(urlOf(contender, query, one))
}

function urlOf({ http }: Contender, query: string, { rangeMs, stepMs }: Question): string {
  const parameters = new URLSearchParams({
    query,
    start: String((endMs - rangeMs) / 1_000),
    end: String(endMs / 1_000),
    step: String(stepMs / 1_000),
    // Oriel and VictoriaMetrics would answer a repeated query from their result caches; Prometheus knows neither.
    nocache: '1',
  })
  return `${http}/api/v1/query_range?${parameters.toString()}`
}

/** The answer as text that can be compared: series sorted, values rounded to 12 digits. */
async function comparable(response: Response): Promise<string> {
  const answer: unknown = await response.json()
  if (!isRecord(answer) || !isRecord(answer['data']) || !Array.isArray(answer['data']['result']))
    throw new Error(`unexpected answer: ${JSON.stringify(answer).slice(0, 300)}`)
  const series = answer['data']['result'].filter(isRecord).map(({ metric, values }) => {
    const points = Array.isArray(values)
      ? values.map((point: unknown) => (Array.isArray(point) ? `${Number(point[0])}=${Number(point[1]).toPrecision(12)}` : ''))
      : []
    return `${JSON.stringify(isRecord(metric) ? Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)) : metric)} ${points.join(' ')}`
  })
  return series.sort((a, b) => (a < b ? -1 : 1)).join('\n')
}
