// Series like those of PromLabs' demo service, which the compliance queries ask for.
import type { TestSeries } from '../../packages/wire/src/remote-write/testing.ts'
import type { Random } from './random-series.ts'
import { START_MS, STALE } from './random-series.ts'

// Two hours: the queries look an hour back from ten minutes in the second one.
const SPAN_MS = 7_200_000
const SCRAPE_MS = 5_000
const BOUNDS = ['0.0001', '0.001', '0.005', '0.01', '0.05', '0.1', '0.5', '1', '5', '+Inf']

/** Three instances of the demo service. */
export function demoSeries(random: Random): TestSeries[] {
  const series: TestSeries[] = []
  for (const port of ['10000', '10001', '10002']) {
    const at = { instance: `demo.promlabs.com:${port}`, job: 'demo' }
    const add = (name: string, labels: Readonly<Record<string, string>>, next: (tMs: number) => number | undefined) => {
      const samples: [number, number][] = []
      for (let tMs = START_MS; tMs < START_MS + SPAN_MS; tMs += SCRAPE_MS) {
        const value = next(tMs)
        if (value !== undefined) samples.push([tMs + 137, value])
      }
      series.push({ labels: sorted({ __name__: name, ...at, ...labels }), samples })
    }
    const counter = (step: number): (() => number) => {
      let total = random() * 100
      return () => (total = random() < 0.001 ? 0 : total + random() * step)
    }
    for (const type of ['buffers', 'cached', 'free', 'used']) {
      add('demo_memory_usage_bytes', { type }, () => Math.round(random() * 4e9))
    }
    for (const mode of ['idle', 'system', 'user']) add('demo_cpu_usage_seconds_total', { mode }, counter(3))
    add('demo_num_cpus', {}, () => 4)
    add('demo_disk_usage_bytes', {}, (tMs) => 1e9 + (tMs - START_MS) * 1_234)
    add('demo_batch_last_success_timestamp_seconds', {}, (tMs) => Math.floor(tMs / 60_000) * 60)
    add('demo_intermittent_metric', {}, (tMs) => intermittent(tMs))
    let counts = BOUNDS.map(() => 0)
    let seen = 0
    const calls = (tMs: number): readonly number[] => {
      if (tMs !== seen) {
        const added = Math.floor(random() * 9)
        counts = counts.map((count, i) => count + Math.floor(added * ((i + 1) / BOUNDS.length)))
        seen = tMs
      }
      return counts
    }
    const byTime = new Map<number, readonly number[]>()
    const countsAt = (tMs: number): readonly number[] => {
      const known = byTime.get(tMs) ?? calls(tMs)
      byTime.set(tMs, known)
      return known
    }
    const of = { method: 'GET', path: '/api/foo', status: '200' }
    for (const [i, le] of BOUNDS.entries())
      add('demo_api_request_duration_seconds_bucket', { ...of, le }, (tMs) => countsAt(tMs)[i])
    add('demo_api_request_duration_seconds_count', of, (tMs) => countsAt(tMs).at(-1))
    add('demo_api_request_duration_seconds_sum', of, counter(0.2))
  }
  return series.sort((a, b) => (JSON.stringify(a.labels) < JSON.stringify(b.labels) ? -1 : 1))
}

/** There for a minute, away for a minute, with a staleness marker in between. */
function intermittent(tMs: number): number | undefined {
  const second = Math.floor(tMs / 1_000) % 120
  if (second < 60) return 1
  return second < 65 ? STALE : undefined
}

function sorted(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
}
