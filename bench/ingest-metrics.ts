// Remote write 1.0, 2,000 series x 1 sample a body, known series, stored and queryable; against Prometheus and VictoriaMetrics.
import { promValue } from '../e2e/read-back.ts'
import type { PreparedRequest } from '../e2e/senders.ts'
import { remoteWriteTemplate, sendUntilAcknowledged } from '../e2e/senders.ts'
import type { Contender } from './contenders.ts'
import { startOrielContender, startPrometheus, startVictoriaMetrics } from './contenders.ts'
import type { Cost } from './measure.ts'
import { measureLoad, printCosts } from './measure.ts'

const BODY_SERIES = 2_000
const GROUPS = 50
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 60)
const STEP_MS = 15_000
// 50: the shards that a Prometheus sender grows to when it has something to catch up with.
const IN_FLIGHT = 50

const templates = Array.from({ length: GROUPS }, (_, group) =>
  remoteWriteTemplate('bench_requests_total', {
    series: BODY_SERIES,
    labels: { group: String(group), job: 'bench', instance: `10.0.0.${group}:8080`, path: '/api/v1/orders', status: '200' },
  }),
)
const costs: Cost[] = []
for (const start of [startOrielContender, startPrometheus, startVictoriaMetrics]) {
  const contender = await start()
  if (contender === undefined) continue
  costs.push(await run(contender))
  await contender.close()
}
printCosts(`Remote write 1.0: ${BODY_SERIES * GROUPS} series x ${ROUNDS} samples, ${BODY_SERIES} x 1 bodies`, 'samples', costs)

async function run(contender: Contender): Promise<Cost> {
  const startMs = Date.now() - (ROUNDS + 1) * STEP_MS
  // The first round makes the series known and is not counted.
  await send(contender, bodies(startMs))
  const items = BODY_SERIES * GROUPS * ROUNDS
  return measureLoad(
    contender,
    items,
    async () => {
      await send(contender, allRounds(startMs))
    },
    async () => {
      await pauseForVictoria(contender)
      return (await promValue(contender.http, 'sum(count_over_time(bench_requests_total[1d]))')) - BODY_SERIES * GROUPS
    },
  )
}

/** VictoriaMetrics makes new samples visible only after about a second and hides the last 30 s; both are its documented defaults. */
async function pauseForVictoria({ name, http }: Contender): Promise<void> {
  if (name.startsWith('victoria')) await fetch(`${http}/internal/force_flush`)
}

function* allRounds(startMs: number): Generator<PreparedRequest> {
  for (let round = 1; round <= ROUNDS; round++) yield* bodies(startMs + round * STEP_MS)
}

/** One round: every series once, at `tMs`. Compressed as they are sent, so that a round is not held in memory. */
function* bodies(tMs: number): Generator<PreparedRequest> {
  for (const template of templates) yield template.at(tMs, tMs % 100_000)
}

async function send(contender: Contender, requests: Iterator<PreparedRequest>): Promise<void> {
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      for (let next = requests.next(); next.done !== true; next = requests.next())
        await sendUntilAcknowledged(contender.http, next.value)
    }),
  )
}
