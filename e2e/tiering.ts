// Old samples in a bucket: the same answers from both tiers, a bucket that goes away under queries, writes and starts, and comes back.
//
// Needs an S3-compatible server: `pip install moto[server]`, and moto_server in the PATH or its path in ORIEL_MOTO; skipped with a word
// without one.

import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Server, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, pause, startOriel } from './oriel.ts'
import { promValue } from './read-back.ts'
import { remoteWrite, sendUntilAcknowledged } from './senders.ts'

const MOTO = process.env['ORIEL_MOTO'] ?? 'moto_server'
const DAY_MS = 86_400_000
let passed = 0
let failed = 0

if (spawnSync(MOTO, ['--help']).status !== 0) {
  console.log('skip tiering: no moto_server (pip install moto[server], or ORIEL_MOTO)\n0 passed, 0 failed, 1 skipped')
  process.exit(0)
}

/** A road to the bucket that can be cut. */
class Road {
  #server: Server | undefined
  readonly #sockets = new Set<Socket>()
  readonly #from: number
  readonly #to: number

  constructor(from: number, to: number) {
    this.#from = from
    this.#to = to
  }

  async open(): Promise<void> {
    this.#server = createServer((near) => {
      const far = connect(this.#to, '127.0.0.1')
      for (const socket of [near, far]) {
        this.#sockets.add(socket)
        socket.on('error', () => {}).on('close', () => [near, far].forEach((each) => each.destroy()))
      }
      near.pipe(far)
      far.pipe(near)
    })
    await new Promise<void>((resolve) => this.#server?.listen(this.#from, '127.0.0.1', resolve))
  }

  close(): void {
    this.#server?.close()
    for (const socket of this.#sockets) socket.destroy()
    this.#sockets.clear()
  }
}

const [motoPort, bucketPort] = [await freePort(), await freePort()]
const moto = spawn(MOTO, ['-H', '127.0.0.1', '-p', String(motoPort)], { stdio: 'ignore' })
const road = new Road(bucketPort, motoPort)
const dir = mkdtempSync(join(tmpdir(), 'oriel-tiering-'))
const configFile = join(dir, 'oriel.yaml')
writeFileSync(join(dir, 'secret'), 'oriel-test-secret\n')
writeFileSync(
  configFile,
  `storage:
  cold:
    endpoint: http://127.0.0.1:${bucketPort}/old/oriel/
    after: 1d
    access_key_id: test
    secret_access_key_file: secret
`,
)
const options = { dataDir: join(dir, 'data'), args: ['--config', configFile] }
const now = Date.now()
const old = now - 5 * DAY_MS
const written = Array.from({ length: 40 }, (_, i) => [old + 15_000 * i, now - 15_000 * (40 - i)]).flat()
const OLD_QUERY = `sum(sum_over_time(tiered[15m]))`
const BOTH = `sum(count_over_time(tiered[7d]))`
const RECENT = `sum(count_over_time(tiered[1h]))`
const oldS = (old + 700_000) / 1_000
try {
  await untilUp(motoPort)
  await fetch(`http://127.0.0.1:${motoPort}/old`, { method: 'PUT' })
  await road.open()
  await play()
} finally {
  moto.kill()
  road.close()
  rmSync(dir, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

async function play(): Promise<void> {
  let oriel = await startOriel(options)
  for (const [i, tMs] of written.entries()) await write(oriel.http, tMs, i)
  const before = await answers(oriel.http)
  expect('samples of five days ago and of now are there', before[1] === 240, String(before))
  await oriel.close()

  oriel = await startOriel(options)
  const objects = await untilTrue(async () => (await objectCount()) > 0)
  expect('a start moves the old day to the bucket', objects, 'nothing is in it')
  await pause(2_000)
  const moved = await answers(oriel.http)
  expect(
    'the answers over both tiers are the same',
    String(moved) === String(before),
    `${String(moved)} and not ${String(before)}`,
  )
  const files = spawnSync('grep', ['-rl', 'oriel-test-secret', options.dataDir]).stdout.toString()
  expect('the secret is in no file of the data directory', files === '', files)

  road.close()
  await awayWhileRunning(oriel.http)
  await oriel.kill('SIGKILL')

  oriel = await startOriel(options)
  const isSaid = await untilTrue(async () => oriel.stderr().includes('the bucket is left out'))
  expect('a start without the bucket is ready, and says so', isSaid, oriel.stderr())
  const refused = await refusal(oriel.http)
  expect('old days are refused by name', /cannot read samples of \d{4}-\d\d-\d\d.*does not answer/.test(refused), refused)
  await write(oriel.http, Date.now(), 1)
  await write(oriel.http, old + 1_000_000, 1)
  expect('recent samples are read and written', (await promValue(oriel.http, RECENT)) === 126, 'they are not')

  await road.open()
  const isBack = await untilTrue(async () => String(await answers(oriel.http)) === `${before[0]},${240 + 9}`)
  expect(
    'the bucket back, everything is there, what came late and meanwhile too',
    isBack,
    String(await answers(oriel.http).catch(String)),
  )
  await oriel.close()

  writeFileSync(configFile, '')
  const words = await startOriel(options).then(
    async (server) => {
      await server.close()
      return 'it started'
    },
    (error: unknown) => String(error),
  )
  expect('a start that has forgotten its bucket says so', words.includes('Set storage.cold as it was'), words)
}

async function awayWhileRunning(http: string): Promise<void> {
  const refused = await refusal(http)
  expect('a bucket that goes away: old days fail and name it', /S3 disk|S3_ERROR|onnection refused/.test(refused), refused)
  expect('recent samples are still read', (await promValue(http, RECENT)) === 120, 'they are not')
  const startMs = performance.now()
  await write(http, Date.now(), 1)
  expect('and written, at once', performance.now() - startMs < 5_000, `after ${performance.now() - startMs} ms`)
}

function write(http: string, tMs: number, value: number): Promise<unknown> {
  return sendUntilAcknowledged(http, remoteWrite('tiered', { series: 3, tMs, value }))
}

async function answers(http: string): Promise<number[]> {
  return [await promValue(http, OLD_QUERY, oldS), await promValue(http, BOTH)]
}

async function refusal(http: string): Promise<string> {
  const response = await fetch(`${http}/api/v1/query?query=${encodeURIComponent(OLD_QUERY)}&time=${oldS}`)
  return `${response.status} ${await response.text()}`
}

async function objectCount(): Promise<number> {
  const listed = await fetch(`http://127.0.0.1:${motoPort}/old?list-type=2`)
  return (await listed.text()).split('<Key>').length - 1
}

async function untilUp(port: number): Promise<void> {
  await untilTrue(async () => (await fetch(`http://127.0.0.1:${port}/`)).status > 0)
}

async function untilTrue(isTrue: () => Promise<boolean>): Promise<boolean> {
  for (let i = 0; i < 180; i++) {
    if (await isTrue().catch(() => false)) return true
    await pause(500)
  }
  return false
}

function expect(title: string, isTrue: boolean, otherwise: string): void {
  if (isTrue) passed++
  else {
    failed++
    console.log(`FAIL ${title}: ${otherwise}`)
  }
}
