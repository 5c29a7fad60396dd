import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Shop } from './index.ts'
import { startShop } from './index.ts'

// Port 9 (discard): nothing listens there, and a shop must run whether its telemetry is taken or not.
const NOWHERE = 'http://127.0.0.1:9'
const MAX_WAIT_MS = 20_000

let shop: Shop

beforeAll(async () => {
  shop = await startShop({ otlpGrpcEndpoint: NOWHERE, otlpHttpEndpoint: NOWHERE, ratePerSecond: 20 })
}, 60_000)

afterAll(() => shop.close(), 20_000)

test('every service is healthy and ready', async () => {
  for (const { address } of shop.scrapeTargets) {
    expect(await (await fetch(`http://${address}/health`)).json()).toEqual({ status: 'healthy' })
    expect((await fetch(`http://${address}/health/ready`)).status).toBe(200)
  }
})

test('shoppers buy, and payments are counted with an exemplar', async () => {
  await until(async () => (await sampleOf('payment', 'payment_requests_total', 'status="succeeded"')) > 0)
  const text = await metricsOf('gateway')
  expect(text).toMatch(/http_requests_total\{.*\} \d+ # \{trace_id="[0-9a-f]{32}"/)
})

test('a bad deploy makes pricing fail, and switching it off rolls back', async () => {
  const answer = await fetch(`http://${shop.controlAddress}/faults/bad-deploy`, { method: 'POST' })
  expect(await answer.json()).toEqual({ current: 'bad-deploy' })
  await until(async () => (await sampleOf('pricing', 'http_requests_total', 'status="500"')) > 0)
  await shop.setFault('none')
  expect(await sampleOf('pricing', 'http_requests_total', 'status="500"')).toBe(0)
})

test('an unknown fault is refused with the list of faults', async () => {
  const answer = await fetch(`http://${shop.controlAddress}/faults/gremlins`, { method: 'POST' })
  expect(answer.status).toBe(404)
  expect(await answer.text()).toContain('stripe-timeout')
})

async function metricsOf(job: string): Promise<string> {
  const address = shop.scrapeTargets.find((target) => target.job === job)?.address
  return (await fetch(`http://${address}/metrics`)).text()
}

async function sampleOf(job: string, metric: string, label: string): Promise<number> {
  const lines = (await metricsOf(job)).split('\n').filter((line) => line.startsWith(`${metric}{`) && line.includes(label))
  return lines.reduce((sum, line) => sum + Number(/\} (\d+)/.exec(line)?.[1] ?? 0), 0)
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + MAX_WAIT_MS
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`still not true after ${MAX_WAIT_MS} ms`)
    await new Promise((resolve) => {
      setTimeout(resolve, 100)
    })
  }
}
