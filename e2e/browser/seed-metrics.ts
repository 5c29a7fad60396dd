import { ORIEL_URL } from './browser.ts'

const STEP_MS = 15_000
const STEPS = 60
const ns = (ms: number): string => `${Math.round(ms)}000000`

/** How many series `e2e_many` has. */
export const MANY_SERIES = 1_000

/** The last 15 minutes of four metrics through OTLP: a counter by route and status, 1,000 gauges, and a native histogram by route. */
export async function seedMetrics(nowMs: number, url: string = ORIEL_URL): Promise<void> {
  const times = Array.from({ length: STEPS }, (_, i) => nowMs - (STEPS - i) * STEP_MS)
  const many = Array.from({ length: MANY_SERIES }, (_, i) => i)
  await send(url, [
    {
      name: 'e2e_requests_total',
      description: 'Requests that the browser suite made up.',
      sum: {
        isMonotonic: true,
        aggregationTemporality: 2,
        dataPoints: ROUTES.flatMap(({ route, status, perStep }) =>
          times.map((tMs, i) => ({
            ...stamp(tMs, times[0] ?? tMs),
            asDouble: i * perStep,
            attributes: [attribute('route', route), attribute('status', status)],
          })),
        ),
      },
    },
    {
      name: 'e2e_latency_seconds',
      description: 'How long they took.',
      exponentialHistogram: {
        aggregationTemporality: 2,
        dataPoints: times.map((tMs, i) => histogramPoint(tMs, times[0] ?? tMs, i)),
      },
    },
  ])
  for (const tMs of times.filter((_, i) => i % 4 === 0)) {
    const dataPoints = many.map((i) => ({
      ...stamp(tMs, tMs),
      asDouble: (i % 50) + ((tMs / STEP_MS) % 7),
      attributes: [attribute('n', String(i))],
    }))
    await send(url, [{ name: 'e2e_many', description: 'Too many lines for a chart.', gauge: { dataPoints } }])
  }
}

const ROUTES = [
  { route: '/one', status: '200', perStep: 30 },
  { route: '/two', status: '200', perStep: 28 },
  { route: '/three', status: '200', perStep: 31 },
  { route: '/three', status: '500', perStep: 1 },
  { route: '/odd', status: '200', perStep: 400 },
]

function histogramPoint(tMs: number, startMs: number, i: number): object {
  const bucketCounts = [1, 4, 9, 4, 1, 0, 0, 1].map((count) => count * (i + 1))
  const count = bucketCounts.reduce((sum, one) => sum + one, 0)
  const positive = { offset: -4, bucketCounts: bucketCounts.map(String) }
  return { ...stamp(tMs, startMs), count: String(count), sum: count * 0.4, scale: 0, zeroCount: '0', positive, attributes: [] }
}

function stamp(tMs: number, startMs: number): { readonly timeUnixNano: string; readonly startTimeUnixNano: string } {
  return { timeUnixNano: ns(tMs), startTimeUnixNano: ns(startMs) }
}

function attribute(key: string, stringValue: string): object {
  return { key, value: { stringValue } }
}

async function send(url: string, metrics: readonly object[]): Promise<void> {
  const resource = { attributes: [attribute('service.name', 'e2e-metrics')] }
  const body = { resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: 'e2e' }, metrics }] }] }
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}/v1/metrics`, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`cannot seed ${url}: ${response.status} ${await response.text()}`)
}
