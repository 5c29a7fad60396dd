// PromQL range queries over 10,000 series x 1 h at 15 s, the same data in every contender, answers compared before they are timed.
import { getJson, isRecord } from '../e2e/read-back.ts'
import { remoteWrite, sendUntilAcknowledged } from '../e2e/senders.ts'
import type { Contender } from './contenders.ts'
import { startOrielContender, startPrometheus, startVictoriaMetrics } from './contenders.ts'
import { interleaved, printTimes } from './measure.ts'

const SERIES = 2_000
const GROUPS = 5
const STEP_MS = 15_000
const SAMPLES = 240 + 40
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 9)
const QUERIES = {
  'sum by (group)(rate) of 10,000 series': 'sum by (group) (rate(bench_requests_total[5m]))',
  'one series, raw': 'bench_requests_total{group="3", i="77"}',
  'one series, rate': 'rate(bench_requests_total{group="3", i="77"}[5m])',
  '2,000 series, avg': 'avg(bench_requests_total{group="1"})',
}

const endMs = Math.floor((Date.now() - 60_000) / STEP_MS) * STEP_MS
const contenders: Contender[] = []
for (const start of [startOrielContender, startPrometheus, startVictoriaMetrics]) {
  const contender = await start()
  if (contender !== undefined) contenders.push(contender)
}
for (let i = SAMPLES; i >= 0; i--) {
  const requests = Array.from({ length: GROUPS }, (_, group) =>
    remoteWrite('bench_requests_total', {
      series: SERIES,
      tMs: endMs - i * STEP_MS,
      value: (SAMPLES - i) * (group + 1),
      labels: { group: String(group), job: 'bench', instance: `10.0.0.${group}:8080` },
    }),
  )
  for (const contender of contenders) for (const request of requests) await sendUntilAcknowledged(contender.http, request)
}
for (const { name, http } of contenders) if (name.startsWith('victoria')) await fetch(`${http}/internal/force_flush`)

console.log(
  '\n## PromQL range queries, 1 h at 15 s step, milliseconds over HTTP\n\n| query | who | median | range | it / Oriel |\n|---|---|---|---|---|',
)
for (const [title, query] of Object.entries(QUERIES)) {
  const answers = await Promise.all(contenders.map((contender) => ask(contender, query)))
  answers.forEach((answer, i) => {
    if (answer !== answers[0])
      console.log(
        `| ${title} | ${contenders[i]!.name} | answers differently from Oriel: ${answer.slice(0, 80)} vs ${answers[0]!.slice(0, 80)} | | |`,
      )
  })
  printTimes(title, await interleaved(contenders, ROUNDS, async (contender) => void (await ask(contender, query))))
}
for (const contender of contenders) await contender.close()

/** The answer as text that can be compared: series sorted, values rounded to 12 digits. */
async function ask({ http }: Contender, query: string): Promise<string> {
  const parameters = new URLSearchParams({
    query,
    start: String((endMs - 3_600_000) / 1_000),
    end: String(endMs / 1_000),
    step: '15',
    nocache: '1', // Known to VictoriaMetrics alone: it would answer a repeated query from its result cache.
  })
  const answer = await getJson(`${http}/api/v1/query_range?${parameters.toString()}`)
  if (!isRecord(answer) || !isRecord(answer['data']) || !Array.isArray(answer['data']['result']))
    throw new Error(`unexpected answer to ${query}`)
  const series = answer['data']['result'].filter(isRecord).map(({ metric, values }) => {
    const points = Array.isArray(values)
      ? values.map((point: unknown) => (Array.isArray(point) ? `${Number(point[0])}=${Number(point[1]).toPrecision(12)}` : ''))
      : []
    return `${JSON.stringify(isRecord(metric) ? Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)) : metric)} ${points.join(' ')}`
  })
  return series.sort((a, b) => (a < b ? -1 : 1)).join('\n')
}
