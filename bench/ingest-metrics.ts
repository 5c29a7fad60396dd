// Remote write 1.0, 2,000 series x 1 sample a body, known series, stored and queryable; against Prometheus and VictoriaMetrics.
import { promValue } from '../e2e/read-back.ts'
import type { PreparedRequest } from '../e2e/senders.ts'
import { remoteWrite, sendUntilAcknowledged } from '../e2e/senders.ts'
import type { Contender } from './contenders.ts'
import { startOrielContender, startPrometheus, startVictoriaMetrics } from './contenders.ts'
import type { Cost } from './measure.ts'
import { measureLoad, printCosts } from './measure.ts'

const BODY_SERIES = 2_000
const GROUPS = 10
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 120)
const STEP_MS = 15_000
const IN_FLIGHT = 4

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
      for (let round = 1; round <= ROUNDS; round++) await send(contender, bodies(startMs + round * STEP_MS))
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

function bodies(tMs: number): PreparedRequest[] {
  return Array.from({ length: GROUPS }, (_, group) =>
    remoteWrite('bench_requests_total', {
      series: BODY_SERIES,
      tMs,
      value: tMs % 100_000,
      labels: { group: String(group), job: 'bench', instance: `10.0.0.${group}:8080`, path: '/api/v1/orders', status: '200' },
    }),
  )
}

async function send(contender: Contender, requests: readonly PreparedRequest[]): Promise<void> {
  for (let i = 0; i < requests.length; i += IN_FLIGHT) {
    await Promise.all(requests.slice(i, i + IN_FLIGHT).map((request) => sendUntilAcknowledged(contender.http, request)))
  }
}
