// OTLP spans over HTTP, end to end on disk, then a trace by id; against Jaeger with its embedded disk store.
import { getJson } from '../e2e/read-back.ts'
import { sendUntilAcknowledged } from '../e2e/senders.ts'
import type { Contender } from './contenders.ts'
import { startJaeger, startOrielContender } from './contenders.ts'
import type { Cost } from './measure.ts'
import { interleaved, measureLoad, printCosts, printTimes } from './measure.ts'
import { tracesRequest } from './otlp.ts'

const SERVICES = ['gateway', 'order', 'payment', 'product']
const BODY_TRACES = 100
const SPANS_PER_TRACE = 10
const BODIES = Number(process.env['BENCH_BODIES'] ?? 400)
const SAMPLE_EVERY = 20
const ROUNDS = 5
// 32: as many senders as a handful of collectors have at work; fewer leave the blocks small.
const IN_FLIGHT = 32

const startNs = BigInt(Date.now() - 1_800_000) * 1_000_000n
const sampled = new Map<string, string[]>()
const contenders: Contender[] = []
const costs: Cost[] = []
for (const start of [startOrielContender, startJaeger]) {
  const contender = await start()
  if (contender === undefined) continue
  contenders.push(contender)
  const ids: string[] = []
  sampled.set(contender.name, ids)
  costs.push(
    await measureLoad(
      contender,
      BODIES * BODY_TRACES * SPANS_PER_TRACE,
      () => load(contender, ids),
      () => countSampled(contender, ids),
    ),
  )
}
printCosts(`OTLP spans: ${BODIES} bodies of ${BODY_TRACES * SPANS_PER_TRACE} spans, protobuf over HTTP`, 'spans', costs)
console.log('\n| query | who | median ms | range | it / Oriel |\n|---|---|---|---|---|')
printTimes(
  'ten traces by id',
  await interleaved(contenders, ROUNDS, async (contender) => {
    for (const id of sampled.get(contender.name)!.slice(0, 10)) await trace(contender, id)
  }),
)
for (const contender of contenders) await contender.close()

async function load(contender: Contender, ids: string[]): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      for (let i = next++; i < BODIES; i = next++) {
        const tNs = startNs + BigInt(Math.floor((i * 1_700_000) / BODIES)) * 1_000_000n
        const { traceIds, request } = tracesRequest(SERVICES[i % SERVICES.length]!, BODY_TRACES, tNs)
        if (i % SAMPLE_EVERY === 0) ids.push(...traceIds)
        await sendUntilAcknowledged(contender.otlpHttp, request)
      }
    }),
  )
}

/** Reads every trace of every twentieth body back by id and scales up: Jaeger has no call that counts spans. */
async function countSampled(contender: Contender, ids: readonly string[]): Promise<number> {
  let spans = 0
  for (const id of ids) spans += await trace(contender, id)
  return Math.round((spans * BODIES * BODY_TRACES) / ids.length)
}

async function trace({ name, http }: Contender, id: string): Promise<number> {
  const answer = await getJson(`${http}${name === 'Oriel' ? '/jaeger' : ''}/api/v3/traces/${id}`)
  return JSON.stringify(answer).split('"spanId"').length - 1
}
