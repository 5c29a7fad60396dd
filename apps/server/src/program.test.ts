import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { makeTelemetry } from '@oriel/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { flagLayer, parseConfig } from './config-file.ts'
import type { Config } from './config.ts'
import { makeConfig } from './config.ts'
import type { RunningServer } from './program.ts'
import { startServer } from './program.ts'

// The real program with the real engine: started once, asked by fetch.
const dir = mkdtempSync(join(tmpdir(), 'oriel-server-'))
const prometheusFile = join(dir, 'prometheus.yml')
const webDir = join(dir, 'web')
const lines: string[] = []
let server: RunningServer

function configOf(flags: Record<string, string | boolean> = {}): Config {
  const any = '127.0.0.1:0'
  const free = { listen: any, otlp_grpc: any, otlp_http: any, 'compat.ports.loki': any, web_dir: webDir }
  return makeConfig([
    flagLayer({ data_dir: join(dir, 'data'), ...free, ...flags }),
    parseConfig(`prometheus: ${prometheusFile}`, '/o.yaml'),
  ])
}

beforeAll(async () => {
  writeFileSync(prometheusFile, '')
  mkdirSync(join(webDir, 'assets'), { recursive: true })
  writeFileSync(join(webDir, 'index.html'), '<p>page')
  writeFileSync(join(webDir, 'assets', 'a-1.js'), 'let a')
  writeFileSync(join(webDir, 'assets', 'a-1.js.gz'), gzipSync('let a'))
  writeFileSync(join(dir, 'secret.txt'), 'secret')
  const telemetry = makeTelemetry({ writeLine: (line) => lines.push(line) })
  server = await startServer(configOf(), { telemetry, readConfig: configOf })
})

afterAll(async () => {
  await server.close()
  rmSync(dir, { recursive: true, force: true })
})

function addressOf(name: string): string {
  return server.listeners.find((listener) => listener.name === name)?.address ?? ''
}

describe('the server', () => {
  it('listens before it is ready, and says 503 to senders until then', async () => {
    const early = await fetch(`http://${addressOf('otlp-http')}/v1/logs`, { method: 'POST', body: '' })
    const healthy = await fetch(`${server.url}/-/healthy`)
    expect([healthy.status, early.status === 503 ? early.headers.get('retry-after') : '1']).toEqual([200, '1'])
  })

  it('is ready once the engine is', async () => {
    await server.ready
    expect((await fetch(`${server.url}/-/ready`)).status).toBe(200)
    const status: unknown = await (await fetch(`${server.url}/api/oriel/status`)).json()
    expect(status).toMatchObject({ engine: { state: 'ready', restarts: 0 }, isSelfOn: true })
  })

  it('logs one line for each listener', async () => {
    await server.ready
    for (const name of ['http', 'otlp-http', 'otlp-grpc']) {
      expect(lines.filter((line) => line.includes(`msg="Listening on" name=${name} address=127.0.0.1:`))).toHaveLength(1)
    }
  })

  it('answers what it was sent: traces in by OTLP, out by four APIs', async () => {
    await server.ready
    const traceId = '0af7651916cd43dd8448eb211c80319c'
    const startTimeUnixNano = `${Date.now() - 1_000}000000`
    const span = {
      traceId,
      spanId: 'b7ad6b7169203331',
      name: 'GET /',
      kind: 2,
      startTimeUnixNano,
      endTimeUnixNano: startTimeUnixNano,
    }
    const attributes = [{ key: 'service.name', value: { stringValue: 'shop' } }]
    const sent = await fetch(`http://${addressOf('otlp-http')}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans: [span] }] }] }),
    })
    expect(sent.status).toBe(200)
    const paths = [
      `/tempo/api/traces/${traceId}`,
      `/jaeger/api/traces/${traceId}`,
      `/api/oriel/traces/${traceId}`,
      '/jaeger/api/services',
    ]
    for (const path of paths) {
      const response = await fetch(server.url + path)
      expect([path, response.status, (await response.text()).includes('shop')]).toEqual([path, 200, true])
    }
  })

  it('takes logs at the main port and answers them as Loki', async () => {
    await server.ready
    const values = [[`${Date.now() - 1_000}000000`, 'hello']]
    const pushed = await fetch(`${server.url}/loki/api/v1/push`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ streams: [{ stream: { service_name: 'pushed' }, values }] }),
    })
    expect(pushed.status).toBe(204)
    const query = encodeURIComponent('{service_name="pushed"}')
    const answer: unknown = await (await fetch(`${server.url}/loki/api/v1/query_range?query=${query}`)).json()
    expect(answer).toMatchObject({ data: { result: [{ values }] } })
  })

  it('scrapes what is added, shows it as a target and answers its samples, those from before 1970 too', async () => {
    await server.ready
    const target = createServer((_request, response) => {
      response
        .setHeader('content-type', 'application/openmetrics-text; version=1.0.0')
        .end('shop_orders_total 3\nshop_opened 5 -1.5\n# EOF\n')
    })
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
    const bound = target.address()
    const address = `127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`
    server.addScrapeTargets([{ job: 'shop', address }])
    await expect.poll(() => answerTo('shop_orders_total'), { timeout: 20_000 }).toContain('"3"')
    expect(await (await fetch(`${server.url}/api/v1/targets`)).text()).toContain(address)
    const opened = { data: { result: [{ metric: { job: 'shop' }, value: [-1, '5'] }] } }
    expect(await get('query?query=shop_opened&time=-1')).toMatchObject(opened)
    const range = await get('query_range?query=timestamp(shop_opened)&start=-3&end=0&step=1')
    expect(range).toMatchObject({ data: { result: [{ values: [-1, 0].map((t) => [t, '-1.5']) }] } })
    expect(await get('series?match[]=shop_opened&start=1969-12-31T00:00:00Z&end=-1')).toMatchObject({ data: [{ job: 'shop' }] })
    target.close()
  })

  it('reads prometheus.yml again on reload, and keeps the old one when the new one is bad', async () => {
    await server.ready
    writeFileSync(prometheusFile, 'scrape_configs: [{job_name: later}]')
    expect((await fetch(`${server.url}/-/reload`, { method: 'POST' })).status).toBe(200)
    writeFileSync(prometheusFile, 'scrape_configs: [{job_name: later}, {job_name: later}]')
    expect((await fetch(`${server.url}/-/reload`, { method: 'POST' })).status).toBe(400)
    expect(await (await fetch(`${server.url}/api/v1/status/config`)).json()).toMatchObject({
      data: { yaml: 'scrape_configs:\n  - job_name: later\n' },
    })
  })

  it('traces its own requests down to the reads of the store, joined to the trace of the caller', async () => {
    await server.ready
    const traceId = 'ab'.repeat(16)
    const headers = { traceparent: `00-${traceId}-${'cd'.repeat(8)}-01` }
    await fetch(`${server.url}/api/v1/query?query=up`, { headers })
    const request = { name: 'GET /api/v1/query', kind: 'server', service: 'oriel', parentSpanId: 'cd'.repeat(8) }
    const read = { name: expect.stringMatching(/^store metrics\./), kind: 'client', service: 'oriel' }
    const wanted = expect.arrayContaining([expect.objectContaining(request), expect.objectContaining(read)])
    await expect.poll(() => spansOf(traceId), { timeout: 20_000, interval: 500 }).toEqual(wanted)
  })

  it('counts requests in its own metrics', async () => {
    await server.ready
    const text = await (await fetch(`${server.url}/metrics`)).text()
    expect(text).toContain('oriel_http_requests_total{handler="/loki/api/v1/query_range",method="GET",code="200"} 1')
    expect(text).toContain('oriel_engine_up 1')
  })

  it('serves the page for every place within it, and hashed files for a year', async () => {
    for (const path of ['/', '/services/shop', '/explore/metrics']) {
      const page = await fetch(server.url + path, { headers: { accept: 'text/html' } })
      expect([path, page.status, await page.text(), page.headers.get('cache-control')]).toEqual([
        path,
        200,
        '<p>page',
        'no-cache',
      ])
    }
    const script = await fetch(`${server.url}/assets/a-1.js`, { headers: { 'accept-encoding': 'gzip' } })
    expect([await script.text(), script.headers.get('content-encoding')]).toEqual(['let a', 'gzip'])
    expect(script.headers.get('cache-control')).toContain('immutable')
    const again = await fetch(`${server.url}/assets/a-1.js`, { headers: { 'if-none-match': script.headers.get('etag') ?? '' } })
    expect(again.status).toBe(304)
  })

  it('greets a program at the root, and answers 404 for files that are not there', async () => {
    expect(await (await fetch(`${server.url}/`)).json()).toMatchObject({ name: 'oriel' })
    expect((await fetch(`${server.url}/assets/none.js`, { headers: { accept: 'text/html' } })).status).toBe(404)
  })

  it('serves nothing beside the directory of the page', async () => {
    for (const path of ['/..%2fsecret.txt', '/assets/..%2f..%2fsecret.txt', '/%2e%2e/secret.txt', '/secret.txt%00']) {
      expect(await (await fetch(server.url + path)).text()).not.toBe('secret')
      expect((await fetch(server.url + path)).status).toBe(404)
    }
  })

  it("opens another product's port with its API at the native root and nothing else", async () => {
    await server.ready
    const loki = `http://${addressOf('loki')}`
    expect((await fetch(`${loki}/loki/api/v1/labels`)).status).toBe(200)
    expect((await fetch(`${loki}/ready`)).status).toBe(200)
    expect((await fetch(`${loki}/api/v1/query?query=1`)).status).toBe(404)
  })

  it('refuses a second start on the same directory', async () => {
    await expect(startServer(configOf(), { telemetry: makeTelemetry({ writeLine: () => {} }) })).rejects.toMatchObject({
      code: 'CLICKHOUSE_DATA_IN_USE',
    })
  })

  it('names the port in use and the flag that chooses another', async () => {
    const taken = addressOf('http')
    const second = startServer(configOf({ listen: taken, data_dir: join(dir, 'second') }), {
      telemetry: makeTelemetry({ writeLine: () => {} }),
    })
    await expect(second).rejects.toThrow(`cannot listen on ${taken} (http): port ${taken.split(':')[1]} is in use`)
    await expect(second).rejects.toThrow('--listen HOST:PORT')
  })

  it('refuses to listen beyond this machine without --insecure', async () => {
    await expect(startServer(configOf({ listen: '0.0.0.0:0' }))).rejects.toMatchObject({ code: 'SERVER_NOT_LOOPBACK' })
  })
})

async function spansOf(traceId: string): Promise<unknown> {
  const answer: unknown = await (await fetch(`${server.url}/api/oriel/traces/${traceId}`)).json()
  return Object(answer).spans
}

async function answerTo(query: string): Promise<string> {
  return (await fetch(`${server.url}/api/v1/query?query=${query}`)).text()
}

async function get(path: string): Promise<unknown> {
  return (await fetch(`${server.url}/api/v1/${path}`)).json()
}
