// A million active series, by remote write: what they take in memory once all is quiet, and how long looking among them takes over HTTP.
//
// 100 metrics of 10,000 pods each. BENCH_METRICS=10 for a tenth of it.
import { pause, processTree, usage } from '../e2e/oriel.ts'
import { isRecord } from '../e2e/read-back.ts'
import { sendUntilAcknowledged, templateOf } from '../e2e/senders.ts'
import type { Contender } from './contenders.ts'
import { startOrielContender, startPrometheus } from './contenders.ts'
import { interleaved, median } from './measure.ts'

const METRICS = Number(process.env['BENCH_METRICS'] ?? 100)
const PODS = 10_000
const BODY_SERIES = 2_000
const STEP_MS = 15_000
const SAMPLES = 4
const IN_FLIGHT = 8
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 15)
// 60 s: indexes are made, garbage is collected, merges are done.
const REST_MS = Number(process.env['BENCH_REST_MS'] ?? 60_000)

interface Question {
  readonly title: string
  readonly path: string
  readonly parameters: Readonly<Record<string, string>>
}

const QUESTIONS: readonly Question[] = [
  { title: 'label names', path: '/labels', parameters: {} },
  { title: 'values of a label, 10,000', path: '/label/pod/values', parameters: {} },
  { title: 'names of metrics', path: '/label/__name__/values', parameters: {} },
  values('values of a label by a regex, prefix', '{pod=~"shop-12.*"}'),
  values('values of a label by a regex, suffix', '{pod=~".*-77"}'),
  values('values of a label, half of all series', '{namespace=~"ns-[0-4]."}'),
  lookup('series by a regex, prefix', '{pod=~"shop-12.*", container="app", __name__=~"bench_.*_1._total"}'),
  lookup('series by a regex, literals', '{pod=~"shop-1-1|shop-22-2|shop-333-33|none"}'),
  lookup('series by a regex, suffix', '{pod=~".*-17"}'),
  lookup('series by a regex, one metric', 'bench_requests_7_total{pod=~"shop-[3-5].*7"}'),
  count('count by a regex, prefix', 'count({pod=~"shop-12.*"})'),
  count('count by a regex, suffix', 'count by (namespace) ({__name__=~"bench_.*", pod=~".*-17"})'),
  { title: 'status/tsdb', path: '/status/tsdb', parameters: {} },
]

const contenders: Contender[] = []
for (const start of [startOrielContender, startPrometheus]) {
  const contender = await start()
  if (contender !== undefined) contenders.push(contender)
}
const lastMs = Date.now()
await write()
await pause(REST_MS)

console.log(
  `\n## ${METRICS * PODS} active series: resident memory of all processes\n\n| who | MiB | bytes a series | of which |\n|---|---|---|---|`,
)
const resident = contenders.map(({ pid }) => usage(pid).residentBytes)
contenders.forEach(({ name, pid }, i) => {
  const parts = processTree(pid).map((id) => mib(ownBytes(id)))
  console.log(`| ${name} | ${mib(resident[i]!)} | ${(resident[i]! / METRICS / PODS).toFixed(0)} | ${parts.join(' + ')} |`)
})
console.log('\n## Look-ups over HTTP, milliseconds\n\n| question | who | answers | p50 | max |\n|---|---|---|---|---|')
for (const question of QUESTIONS) {
  const found = await Promise.all(contenders.map((contender) => answersOf(contender, question)))
  const times = await interleaved(contenders, ROUNDS, (contender) => ask(contender, question).then(() => {}))
  contenders.forEach(({ name }, i) => {
    const took = times.get(name)!
    console.log(`| ${question.title} | ${name} | ${found[i]!} | ${median(took).toFixed(1)} | ${Math.max(...took).toFixed(1)} |`)
  })
}
console.log('\n| who | resident MiB after |\n|---|---|')
for (const { name, pid } of contenders) console.log(`| ${name} | ${mib(usage(pid).residentBytes)} |`)
for (const contender of contenders) await contender.close()

/** Every series at each of the last few steps, the same to all. */
async function write(): Promise<void> {
  const templates: { at: ReturnType<typeof templateOf>['at'] }[] = []
  for (let metric = 0; metric < METRICS; metric++) {
    for (let from = 0; from < PODS; from += BODY_SERIES) {
      templates.push(templateOf(Array.from({ length: BODY_SERIES }, (_, i) => labelsOf(metric, from + i))))
    }
  }
  for (let step = 0; step < SAMPLES; step++) {
    const tMs = lastMs - (SAMPLES - 1 - step) * STEP_MS
    const waiting = templates.values()
    await Promise.all(
      Array.from({ length: IN_FLIGHT }, async () => {
        for (const template of waiting) {
          const request = template.at(tMs, step * 37)
          for (const { http } of contenders) await sendUntilAcknowledged(http, request)
        }
      }),
    )
  }
}

/** As the exporter of a cluster's containers has them. */
function labelsOf(metric: number, pod: number): Record<string, string> {
  return {
    __name__: `bench_requests_${metric}_total`,
    cluster: 'bench-eu-1',
    container: pod % 4 === 0 ? 'proxy' : 'app',
    instance: `10.0.${Math.floor((pod % 500) / 250)}.${pod % 250}:8080`,
    job: 'kubernetes-pods',
    namespace: `ns-${pod % 100}`,
    node: `node-${pod % 500}`,
    pod: `shop-${pod}-${pod % 97}`,
  }
}

function values(title: string, selector: string): Question {
  return { title, path: '/label/pod/values', parameters: { 'match[]': selector } }
}

function lookup(title: string, selector: string): Question {
  return { title, path: '/series', parameters: { 'match[]': selector } }
}

function count(title: string, query: string): Question {
  return { title, path: '/query', parameters: { query } }
}

async function ask({ http }: Contender, { path, parameters }: Question): Promise<string> {
  const times =
    path === '/query'
      ? { time: String(lastMs / 1_000) }
      : { start: String((lastMs - 3_600_000) / 1_000), end: String(lastMs / 1_000) }
  const response = await fetch(`${http}/api/v1${path}?${new URLSearchParams({ ...parameters, ...times }).toString()}`)
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${path} answers ${response.status}: ${text.slice(0, 300)}`)
  return text
}

/** What there is to compare: how many texts or series, the sum of counts, the number of series. */
async function answersOf(contender: Contender, question: Question): Promise<number> {
  const answer: unknown = JSON.parse(await ask(contender, question))
  const data = isRecord(answer) ? answer['data'] : undefined
  if (Array.isArray(data)) return data.length
  if (!isRecord(data)) return NaN
  if (isRecord(data['headStats'])) return Number(data['headStats']['numSeries'])
  const result: unknown[] = Array.isArray(data['result']) ? data['result'] : []
  return result.reduce(
    (sum: number, one) => sum + (isRecord(one) && Array.isArray(one['value']) ? Number(one['value'][1]) : 0),
    0,
  )
}

/** Resident bytes of one process. */
function ownBytes(pid: number): number {
  return (
    usage(pid).residentBytes -
    processTree(pid)
      .slice(1)
      .reduce((sum, id) => sum + usage(id).residentBytes, 0)
  )
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0)
}
