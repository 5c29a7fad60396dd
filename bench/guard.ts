// What a label that explodes costs: a million series of one metric through the dictionary, past the metric's budget and without one.
//
// node --conditions=source --expose-gc bench/guard.ts [values=1000000]

import { METRIC_NAME } from '@oriel/model'
import { LabelBytes } from '@oriel/wire'
import { TenantGuard } from '../packages/ingest/src/guard/guard.ts'
import { DEFAULT_INGEST_LIMITS } from '../packages/ingest/src/limits.ts'
import { OpenMetricBlock } from '../packages/ingest/src/metrics-block.ts'
import { SeriesDictionary } from '../packages/ingest/src/metrics-dictionary.ts'
import { TenantMetrics } from '../packages/ingest/src/metrics-target.ts'

const VALUES = Number(process.argv[2] ?? 1_000_000)
const BODY = 2_000

function bytesOf(metric: string, user: number): LabelBytes {
  const bytes = new LabelBytes()
  for (const [name, value] of [
    [METRIC_NAME, metric],
    ['instance', '10.0.0.1:9090'],
    ['job', 'shop'],
    ['method', 'POST'],
    ['path', '/api/cart'],
    ['status', '200'],
    ['user_id', `user-${user}`],
  ] as const)
    bytes.add(name, value)
  return bytes
}

function run(title: string, maxSeriesPerMetric: number): void {
  globalThis.gc?.()
  const before = process.memoryUsage()
  const limits = { maxSeries: 0, maxSeriesPerMetric, metrics: [] }
  const guard = new TenantGuard(limits, { limited() {}, lifted() {} }, Date.now())
  const target = new TenantMetrics(new SeriesDictionary(DEFAULT_INGEST_LIMITS, { guard }), Date.now)
  const block = new OpenMetricBlock('t')
  const other = bytesOf('other_total', 1)
  for (const round of ['first', 'again']) {
    let others = 0
    let worstMs = 0
    const startMs = performance.now()
    let madeMs = 0
    for (let at = 0; at < VALUES; at += BODY) {
      const makeMs = performance.now()
      const series = Array.from({ length: BODY }, (_, i) => bytesOf('requests_total', at + i))
      const bodyMs = performance.now()
      madeMs += bodyMs - makeMs
      target.begin(block)
      for (const { bytes, length } of series) target.sample(target.series(bytes, 0, length), Date.now(), 0, 0x3ff0_0000)
      worstMs = Math.max(worstMs, performance.now() - bodyMs)
      if (target.sample(target.series(other.bytes, 0, other.length), Date.now(), 0, 0x3ff0_0000)) others++
      block.clear()
    }
    const spentMs = performance.now() - startMs - madeMs
    globalThis.gc?.()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    const grownMb = (heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers) / 2 ** 20
    console.log(
      `${title}, ${round}: ${((1_000 * spentMs) / VALUES).toFixed(2)} us a sample, longest body ${worstMs.toFixed(1)} ms, ` +
        `+${grownMb.toFixed(0)} MiB, ${others} bodies of others whole`,
    )
  }
}

run('guarded', 200_000)
run('unguarded', 0)
