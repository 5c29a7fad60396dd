// Everything hostile or broken that a network, a disk or a tired human can hand to Oriel, against a real server. Each case must get a
// clear error in the protocol's own shape, keep the good part where the protocol allows, and leave the server ready.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { compressSync } from 'snappy'
import { startBadTargets } from './bad-targets.ts'
import { pause, startOriel, usage } from './oriel.ts'
import { lokiValue, promValue } from './read-back.ts'
import { lokiPush, otlpTrace, remoteWrite, sendUntilAcknowledged } from './senders.ts'

const LAUNCHER = fileURLToPath(new URL('../apps/cli/bin/oriel.mjs', import.meta.url))
const MB = 2 ** 20
const freePorts = ['--listen', '127.0.0.1:0', '--otlp-grpc', '127.0.0.1:0', '--otlp-http', '127.0.0.1:0']

let passed = 0
let failed = 0
const scratch = mkdtempSync(join(tmpdir(), 'oriel-bad-'))
const targets = await startBadTargets()
writeFileSync(
  join(scratch, 'prometheus.yml'),
  `scrape_configs:\n${targets.map(({ job, port }) => `  - {job_name: ${job}, scrape_interval: 1s, scrape_timeout: 1s, body_size_limit: 1MB, static_configs: [{targets: ['127.0.0.1:${port}']}]}`).join('\n')}\n`,
)
writeFileSync(join(scratch, 'oriel.yaml'), `prometheus: ${join(scratch, 'prometheus.yml')}\n`)
const oriel = await startOriel({ args: ['--config', join(scratch, 'oriel.yaml')] })
const now = Date.now()
const nowNs = BigInt(now) * 1_000_000n
const residentBefore = usage(oriel.pid).residentBytes

await bodies()
await values()
await queries()
await sockets()
await scrapes()
await starts()

const grownMb = (usage(oriel.pid).residentBytes - residentBefore) / MB
expect('memory after all of it', grownMb < 400, `grew by ${grownMb.toFixed(0)} MB`)
expect('still ready', (await fetch(`${oriel.http}/-/ready`)).status === 200, 'not ready')
const counted = /oriel_\w*(?:reject|refus)\w*(?:\{[^}]*\})? [1-9]/.test(await (await fetch(`${oriel.http}/metrics`)).text())
expect('refusals are counted in /metrics', counted, 'no counter of refusals above zero')
await oriel.close()
for (const { close } of targets) close()
rmSync(scratch, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

async function bodies(): Promise<void> {
  const write = remoteWrite('good', { series: 3, tMs: now, value: 1 })
  const paths = ['/v1/logs', '/v1/traces', '/v1/metrics']
  for (const path of paths) {
    await refused(
      `${path}: truncated protobuf`,
      path,
      { 'content-type': 'application/x-protobuf' },
      Uint8Array.of(0x0a, 0x7f, 1, 2),
      [400],
    )
    await refused(
      `${path}: a length that lies`,
      path,
      { 'content-type': 'application/x-protobuf' },
      Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f),
      [400],
    )
    await refused(`${path}: broken JSON`, path, { 'content-type': 'application/json' }, text('{"resourceLogs": ['), [400])
    await refused(`${path}: content type nobody speaks`, path, { 'content-type': 'text/csv' }, text('a,b'), [415])
    await refused(
      `${path}: encoding nobody speaks`,
      path,
      { 'content-type': 'application/x-protobuf', 'content-encoding': 'rot13' },
      text('x'),
      [415, 400],
    )
    await refused(
      `${path}: gzip that is none`,
      path,
      { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
      text('not gzip'),
      [400],
    )
    await refused(
      `${path}: gzip bomb`,
      path,
      { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
      bytes(gzipSync(Buffer.alloc(300 * MB))),
      [413, 400],
    )
    await refused(
      `${path}: zstd bomb`,
      path,
      { 'content-type': 'application/x-protobuf', 'content-encoding': 'zstd' },
      bytes(zstdCompressSync(Buffer.alloc(300 * MB))),
      [413, 400],
    )
    await refused(
      `${path}: body over the limit`,
      path,
      { 'content-type': 'application/x-protobuf' },
      new Uint8Array(70 * MB),
      [413],
    )
  }
  await refused('remote write: truncated', write.path, write.headers, bytes(compressSync(Buffer.from([0x0a, 0x7f, 1]))), [400])
  await refused('remote write: snappy that is none', write.path, write.headers, text('not snappy'), [400])
  await refused(
    'remote write: snappy that promises 4 GB',
    write.path,
    write.headers,
    Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0),
    [400, 413],
  )
  await refused(
    'remote write: unknown message',
    write.path,
    { ...write.headers, 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v9.Request' },
    write.body,
    [415],
  )
  await refused(
    'Loki: labels that do not parse',
    '/loki/api/v1/push',
    { 'content-type': 'application/json' },
    text(JSON.stringify({ streams: [{ stream: { 'bad name!': 'x' }, values: [['abc', 'line']] }] })),
    [400],
  )
  await refused(
    'Loki: truncated protobuf',
    '/loki/api/v1/push',
    { 'content-type': 'application/x-protobuf' },
    bytes(compressSync(Buffer.from([0x0a, 0x7f, 1]))),
    [400],
  )
  await refused(
    'a tenant id that is a path',
    '/loki/api/v1/push',
    { 'content-type': 'application/json', 'x-scope-orgid': '../../etc' },
    lokiPush({ a: 'b' }, { lines: 1, tNs: nowNs, text: 'x' }).body,
    [400, 401],
  )
}

async function values(): Promise<void> {
  const labels = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`label_${i}`, 'x']))
  const many = remoteWrite('many', { series: 1, tMs: now, value: 1, labels })
  await refused('10,000 labels on one series', many.path, { ...many.headers }, many.body, [400, 204])
  expect('... and the series is not stored', (await promValue(oriel.http, 'count(many)')) === 0, 'it is')
  const future = remoteWrite('future', { series: 1, tMs: now + 86_400_000, value: 1 })
  await refused('a sample of tomorrow', future.path, future.headers, future.body, [400])
  for (const [name, value] of [
    ['nan', Number.NaN],
    ['inf', Number.POSITIVE_INFINITY],
  ] as const) {
    const request = remoteWrite(`special_${name}`, { series: 1, tMs: now, value })
    await sendUntilAcknowledged(oriel.http, request)
    expect(
      `a sample of ${name} is a value like any other`,
      Object.is(await promValue(oriel.http, `special_${name}`), value),
      'it is not',
    )
  }
  const mixed = {
    resourceMetrics: [
      {
        scopeMetrics: [
          {
            metrics: [
              { name: 'mixed_good', gauge: { dataPoints: [{ timeUnixNano: String(nowNs), asDouble: 7 }] } },
              {
                name: 'mixed_bad',
                exponentialHistogram: {
                  aggregationTemporality: 2,
                  dataPoints: [
                    { timeUnixNano: String(nowNs), count: '1', scale: -10, positive: { offset: 0, bucketCounts: ['1'] } },
                  ],
                },
              },
            ],
          },
        ],
      },
    ],
  }
  const response = await fetch(`${oriel.otlpHttp}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(mixed),
  })
  const answer = await response.text()
  expect(
    'good and bad points in one OTLP request: partial success that says why',
    response.status === 200 && /"rejectedDataPoints":\s*"?1/.test(answer) && /errorMessage/.test(answer),
    `${response.status} ${answer}`,
  )
  expect('... and the good one is stored', (await promValue(oriel.http, 'mixed_good')) === 7, 'it is not')
}

async function queries(): Promise<void> {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['PromQL', `/api/v1/query?query=${encodeURIComponent('sum(rate(x[5m])')}`, /1:\d+: parse error/],
    ['PromQL, bad regex', `/api/v1/query?query=${encodeURIComponent('x{a=~"("}')}`, /regex|missing/],
    ['PromQL, too many points', `/api/v1/query_range?query=x&start=0&end=${now / 1_000}&step=1`, /11,?000/],
    ['PromQL, end before start', '/api/v1/query_range?query=x&start=10&end=1&step=1', /end/],
    ['LogQL', `/loki/api/v1/query_range?query=${encodeURIComponent('{app="a" | json')}`, /line 1|1:\d+|col/],
    ['LogQL, matches everything', `/loki/api/v1/query_range?query=${encodeURIComponent('{app=~".*"}')}`, /matcher/],
    ['TraceQL', `/tempo/api/search?q=${encodeURIComponent('{ .a = ')}`, /1:\d+|line 1/],
    ['a trace id that is none', '/tempo/api/traces/zzz', /trace/i],
  ]
  for (const [title, path, pattern] of cases) {
    const response = await fetch(oriel.http + path)
    const answer = await response.text()
    expect(
      `${title}: refused with the place and the reason`,
      response.status >= 400 && response.status < 500 && pattern.test(answer),
      `${response.status} ${answer.slice(0, 200)}`,
    )
  }
  await refused(
    'a query of 5 MB',
    '/api/v1/query',
    { 'content-type': 'application/x-www-form-urlencoded' },
    text(`query=${'x'.repeat(5 * MB)}`),
    [413, 400],
  )
}

async function sockets(): Promise<void> {
  const { hostname, port } = new URL(oriel.http)
  const half = connect(Number(port), hostname)
  half.write(
    'POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{"resourceLogs": []}POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-le',
  )
  const [first] = await Promise.race([once(half, 'data'), pause(5_000).then(() => [Buffer.alloc(0)])])
  half.destroy()
  expect(
    'pipelining cut in the middle: the whole request is answered',
    /HTTP\/1.1 200/.test(String(first)),
    String(first).slice(0, 100),
  )
  const garbage = connect(Number(port), hostname)
  garbage.on('error', () => undefined)
  garbage.write('\u0000\u0001\u0002 not http at all\r\n\r\n')
  await Promise.race([once(garbage, 'close'), pause(5_000)])
  garbage.destroy()
  const [host = '', grpcPort = ''] = oriel.grpc.split(':')
  const grpc = connect(Number(grpcPort), host)
  grpc.on('error', () => undefined)
  grpc.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u00ff\u00ff\u00ff\u00ff')
  await Promise.race([once(grpc, 'close'), pause(5_000)])
  grpc.destroy()
  const { request, traceId } = otlpTrace('after', { spans: 1, tNs: nowNs })
  await sendUntilAcknowledged(oriel.http, request)
  expect(
    'after garbage on every port a request is taken',
    (await fetch(`${oriel.http}/api/oriel/traces/${traceId}`)).status === 200,
    'it is not',
  )
}

async function scrapes(): Promise<void> {
  await pause(6_000)
  for (const { job, isUp } of targets) {
    const up = await promValue(oriel.http, `up{job="${job}"}`)
    expect(`scrape target that ${job.replaceAll('_', ' ')}: up is ${isUp}`, up === isUp, `up is ${up}`)
  }
  const listed = await (await fetch(`${oriel.http}/api/v1/targets`)).text()
  expect(
    'the target list says why a target is down',
    /timeout|timed out|deadline/i.test(listed) && /limit|too large|exceed/i.test(listed),
    listed.slice(0, 300),
  )
}

async function starts(): Promise<void> {
  await dies(
    'a second server on the data directory',
    ['serve', '--data-dir', oriel.dataDir, ...freePorts],
    new RegExp(`${oriel.dataDir}[\\s\\S]*\\d+|\\d+[\\s\\S]*${oriel.dataDir}`),
  )
  await dies(
    'a port in use',
    [
      'serve',
      '--data-dir',
      join(scratch, 'other'),
      '--listen',
      oriel.http.replace('http://', ''),
      '--otlp-grpc',
      '127.0.0.1:0',
      '--otlp-http',
      '127.0.0.1:0',
    ],
    new RegExp(`${new URL(oriel.http).port}.*in use|in use.*${new URL(oriel.http).port}`),
  )
  await dies('a config that is not there', ['serve', '--config', join(scratch, 'absent.yaml'), ...freePorts], /absent\.yaml/)
  mkdirSync(join(scratch, 'folder.yaml'))
  await dies('a config that cannot be read', ['serve', '--config', join(scratch, 'folder.yaml'), ...freePorts], /folder\.yaml/)
  writeFileSync(join(scratch, 'typo.yaml'), 'listen: 127.0.0.1:0\nprometeus: x.yml\n')
  await dies(
    'a config with a typing error',
    ['serve', '--config', join(scratch, 'typo.yaml'), ...freePorts],
    /2[\s\S]*prometeus[\s\S]*prometheus/,
  )
  await dies(
    'every address without saying so',
    [
      'serve',
      '--data-dir',
      join(scratch, 'open'),
      '--listen',
      '0.0.0.0:0',
      '--otlp-grpc',
      '127.0.0.1:0',
      '--otlp-http',
      '127.0.0.1:0',
    ],
    /insecure/,
  )
  expect(
    'the first server noticed nothing',
    (await lokiValue(oriel.http, 'sum(count_over_time({app="none"}[1m]))')) === 0,
    'it did',
  )
}

async function dies(title: string, args: readonly string[], pattern: RegExp): Promise<void> {
  const child = spawn(process.execPath, [LAUNCHER, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const code: unknown = await Promise.race([
    once(child, 'exit').then(([status]: unknown[]) => status),
    pause(15_000).then(() => 'still running'),
  ])
  if (code === 'still running') child.kill('SIGKILL')
  expect(
    `${title}: does not start and says why`,
    typeof code === 'number' && code !== 0 && pattern.test(stderr) && !/\n\s+at /.test(stderr),
    `exit ${String(code)}: ${stderr.slice(-400)}`,
  )
}

async function refused(
  title: string,
  path: string,
  headers: Record<string, string>,
  body: Uint8Array<ArrayBuffer>,
  statuses: readonly number[],
): Promise<void> {
  const outcome = await fetch(oriel.http + path, { method: 'POST', headers, body }).then(
    async (response) => ({ status: response.status, answer: await response.text() }),
    (error: unknown) => ({ status: 0, answer: String(error) }),
  )
  // A server may close the connection on a body that is too large before it was sent: that is a refusal too, but a poor one.
  expect(
    `${title}: ${statuses[0]}`,
    statuses.includes(outcome.status) && (outcome.status === 204 || outcome.answer.length > 5),
    `${outcome.status} ${outcome.answer.slice(0, 200)}`,
  )
}

function expect(title: string, isTrue: boolean, otherwise: string): void {
  if (isTrue) passed++
  else {
    failed++
    console.log(`FAIL ${title}: ${otherwise}`)
  }
}

function text(value: string): Uint8Array<ArrayBuffer> {
  return bytes(Buffer.from(value))
}

function bytes(buffer: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer)
}
