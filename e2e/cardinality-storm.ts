// A sender whose deploy has put user ids into a label: `values` series of one metric, one sample each at one time, 2,000 a request.

import { parentPort, workerData } from 'node:worker_threads'
import { sendUntilAcknowledged, userSeries } from './senders.ts'

const { base, metric, values, tMs, value }: { base: string; metric: string; values: number; tMs: number; value: number } =
  workerData
const BODY = 2_000
let next = 0
await Promise.all(
  [0, 1].map(async () => {
    while (next < values) {
      const from = next
      next += BODY
      await sendUntilAcknowledged(base, userSeries(metric, { from, to: Math.min(values, from + BODY), tMs, value }))
    }
  }),
)
parentPort?.postMessage('done')
