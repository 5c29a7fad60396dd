// OTLP logs over HTTP, end to end on disk, then searches over them; against Loki.
import { isRecord, getJson, lokiValue } from '../e2e/read-back.ts'
import { sendUntilAcknowledged } from '../e2e/senders.ts'
import type { Contender } from './contenders.ts'
import { startLoki, startOrielContender } from './contenders.ts'
import type { Cost } from './measure.ts'
import { interleaved, measureLoad, printCosts, printTimes } from './measure.ts'
import { logsRequest } from './otlp.ts'

const SERVICES = ['gateway', 'order', 'payment', 'product']
const BODY_RECORDS = 2_000
const BODIES = Number(process.env['BENCH_BODIES'] ?? 400)
const ROUNDS = 5
// 32: as many senders as a handful of collectors have at work; fewer leave the blocks small.
const IN_FLIGHT = 32

const startNs = BigInt(Date.now() - 1_800_000) * 1_000_000n
const contenders: Contender[] = []
const costs: Cost[] = []
for (const start of [startOrielContender, startLoki]) {
  const contender = await start()
  if (contender === undefined) continue
  contenders.push(contender)
  costs.push(
    await measureLoad(
      contender,
      BODIES * BODY_RECORDS,
      () => load(contender),
      () => lokiValue(contender.http, 'sum(count_over_time({service_name=~".+"}[1h]))'),
    ),
  )
}
printCosts(`OTLP logs: ${BODIES} bodies of ${BODY_RECORDS} records, protobuf over HTTP`, 'records', costs)

console.log('\n| query over all records | who | median ms | range | it / Oriel |\n|---|---|---|---|---|')
const range = { start: String(startNs), end: String(startNs + 1_800_000_000_000n) }
const QUERIES = {
  'needle (100 newest lines with a rare word)': { query: '{service_name=~".+"} |= "user-4242 "', limit: '100', ...range },
  'regex (100 newest lines)': { query: '{service_name="payment"} |~ "answered 500 in 8[0-9]+ ms"', limit: '100', ...range },
  'count by service, 30 s steps': {
    query: 'sum by (service_name) (count_over_time({service_name=~".+"}[1m]))',
    step: '30',
    ...range,
  },
}
for (const [title, parameters] of Object.entries(QUERIES)) {
  printTimes(
    title,
    await interleaved(contenders, ROUNDS, async ({ http }) => {
      const answer = await getJson(`${http}/loki/api/v1/query_range?${new URLSearchParams(parameters).toString()}`)
      if (!isRecord(answer) || answer['status'] !== 'success') throw new Error(`no success for ${title}`)
    }),
  )
}
for (const contender of contenders) await contender.close()

/** The records of one body are 1 us apart; bodies of one service follow each other, so that time rises as it does in life. */
async function load(contender: Contender): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      for (let i = next++; i < BODIES; i = next++) {
        const tNs = startNs + BigInt(Math.floor((i * 1_700_000) / BODIES)) * 1_000_000n
        await sendUntilAcknowledged(contender.otlpHttp, logsRequest(SERVICES[i % SERVICES.length]!, BODY_RECORDS, tNs))
      }
    }),
  )
}
