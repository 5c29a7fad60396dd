import type { LogBlock } from '@oriel/model'
import { openMemoryStore, RETRY_WINDOW_MS, StoreError, type Sink } from '@oriel/store'
import { ProtoWriter } from '@oriel/wire'
import { expect, test } from 'vitest'
import { openLogReceiver } from './receivers.ts'
import { DEFAULT_BATCH_LIMITS } from './batch.ts'
import { DEFAULT_INGEST_LIMITS } from './limits.ts'
import { DEFAULT_LOG_OPTIONS } from './log-streams.ts'
import { RecentIds, requestBase, RequestRows } from './retries.ts'
import { silentTelemetry } from '@oriel/model'

const DAY_NS = 86_400_000_000_000n
const NOW_MS = 20_000 * 86_400_000

/** A store that counts rows, and fails its next writes as told. */
class Recorder implements Sink {
  readonly bodies: string[] = []
  /** Keeps rows of these days only, then goes away: a torn insert. */
  tearAfterDays: ReadonlySet<number> | undefined
  failKeepingAll = false
  isUp = true
  readonly #ids = new Set<bigint>()

  async writeMetrics(): Promise<void> {}
  async writeSpans(): Promise<void> {}
  async deleteMetrics(): Promise<void> {}
  async purgeDeleted(): Promise<void> {}
  async writeLogs(blocks: readonly LogBlock[]): Promise<void> {
    if (!this.isUp) throw new StoreError('STORE_UNAVAILABLE', 'cannot write')
    for (const { records } of blocks)
      for (let row = 0; row < records.rows; row++) {
        const day = Number(records.tNs.at(row) / DAY_NS)
        if (this.tearAfterDays !== undefined && !this.tearAfterDays.has(day)) continue
        this.bodies.push(records.body.stringAt(row))
        this.#ids.add(records.requestId.at(row))
      }
    if (this.tearAfterDays !== undefined || this.failKeepingAll) throw new StoreError('STORE_UNAVAILABLE', 'cannot write: gone')
  }
  async recentRequests(): Promise<ReadonlySet<bigint>> {
    if (!this.isUp) throw new StoreError('STORE_UNAVAILABLE', 'cannot read')
    return this.#ids
  }
}

function open(sink: Sink) {
  return openLogReceiver({
    sink,
    telemetry: silentTelemetry,
    limits: DEFAULT_INGEST_LIMITS,
    batch: { ...DEFAULT_BATCH_LIMITS, minWaitMs: 1 },
    logs: DEFAULT_LOG_OPTIONS,
    now: () => NOW_MS,
  })
}

/** An OTLP request of one record for each time; 0 is "no time". */
function request(...timesNs: readonly bigint[]): Uint8Array {
  const writer = new ProtoWriter()
  const group = writer.open(1)
  const scope = writer.open(2)
  for (const time of timesNs) {
    const record = writer.open(2)
    writer.fixed64(1, time)
    const body = writer.open(5)
    writer.string(1, `at ${time}`)
    writer.close(body)
    writer.close(record)
  }
  writer.close(scope)
  writer.close(group)
  return writer.finish()
}

const MONDAY = 19_999n * DAY_NS
const TUESDAY = 20_000n * DAY_NS

test('a request sent again is acknowledged and adds nothing', async () => {
  const sink = new Recorder()
  const logs = open(sink)
  const body = request(MONDAY, TUESDAY)
  expect(await logs.otlp('a', body)).toEqual({ accepted: 2, rejected: 0, reason: '' })
  expect(await logs.otlp('a', body)).toEqual({ accepted: 2, rejected: 0, reason: '' })
  expect(sink.bodies).toHaveLength(2)
})

test('the same request of another tenant is another request', async () => {
  const sink = new Recorder()
  const logs = open(sink)
  await logs.otlp('a', request(MONDAY))
  await logs.otlp('b', request(MONDAY))
  expect(sink.bodies).toHaveLength(2)
})

test('the same request twice at one time shares a commit', async () => {
  const sink = new Recorder()
  const logs = open(sink)
  await Promise.all([logs.otlp('a', request(MONDAY)), logs.otlp('a', request(MONDAY))])
  expect(sink.bodies).toHaveLength(1)
})

test('records without a time are never taken for a retry', async () => {
  const sink = new Recorder()
  const logs = open(sink)
  await logs.otlp('a', request(0n))
  await logs.otlp('a', request(0n))
  expect(sink.bodies).toHaveLength(2)
})

test('a request that is stored although the engine went away is acknowledged', async () => {
  const sink = new Recorder()
  const logs = open(sink)
  sink.failKeepingAll = true
  expect(await logs.otlp('a', request(MONDAY))).toMatchObject({ accepted: 1 })
  sink.failKeepingAll = false
  await logs.otlp('a', request(MONDAY))
  expect(sink.bodies).toHaveLength(1)
})

test('after a torn insert the retry adds the missing day and only that', async () => {
  const sink = new Recorder()
  const logs = open(sink)
  sink.tearAfterDays = new Set([19_999])
  await expect(logs.otlp('a', request(MONDAY, TUESDAY))).rejects.toMatchObject({ code: 'INGEST_UNAVAILABLE' })
  sink.tearAfterDays = undefined
  await logs.otlp('a', request(MONDAY, TUESDAY))
  expect(sink.bodies).toEqual([`at ${MONDAY}`, `at ${TUESDAY}`])
})

test('a process that starts anew recognises what the one before stored', async () => {
  const sink = new Recorder()
  await open(sink).otlp('a', request(MONDAY))
  const next = open(sink)
  await next.recover()
  await next.otlp('a', request(MONDAY))
  expect(sink.bodies).toHaveLength(1)
})

test('a request that was refused by a full disk is stored by its retry', async () => {
  const store = openMemoryStore()
  let isFull = true
  const sink: Sink = {
    ...store.sink,
    writeLogs: (blocks) => (isFull ? Promise.reject(new StoreError('STORE_FULL', 'cannot write')) : store.sink.writeLogs(blocks)),
  }
  const logs = open(sink)
  await expect(logs.otlp('a', request(MONDAY))).rejects.toMatchObject({ code: 'INGEST_FULL' })
  isFull = false
  await logs.otlp('a', request(MONDAY))
  expect((await store.sink.recentRequests('logs')).size).toBe(1)
})

test('streams and resources come again after a commit that failed', async () => {
  const blocks: number[] = []
  let isFull = true
  const sink: Sink = {
    ...openMemoryStore().sink,
    writeLogs: async (written) => {
      blocks.push(written.reduce((sum, { streams }) => sum + streams.length, 0))
      if (isFull) throw new StoreError('STORE_FULL', 'cannot write')
    },
  }
  const logs = open(sink)
  await expect(logs.otlp('a', request(MONDAY))).rejects.toMatchObject({ code: 'INGEST_FULL' })
  isFull = false
  await logs.otlp('a', request(MONDAY))
  await logs.otlp('a', request(MONDAY + 1n))
  expect(blocks).toEqual([1, 1, 0])
})

test('ids are kept for the retry window and forgotten within another', () => {
  let nowMs = 0
  const recent = new RecentIds(() => nowMs)
  recent.add([7n])
  nowMs = RETRY_WINDOW_MS - 1
  recent.add([8n])
  expect([recent.has(7n), recent.has(8n)]).toEqual([true, true])
  nowMs = 2 * RETRY_WINDOW_MS - 1
  recent.add([9n])
  expect([recent.has(7n), recent.has(8n), recent.has(9n)]).toEqual([false, true, true])
  nowMs = 10 * RETRY_WINDOW_MS
  recent.add([])
  expect(recent.size).toBe(0)
})

test('ids of one request differ by day, and those of two requests on a day', () => {
  const recent = new RecentIds(() => 0)
  const ids = new Set<bigint>()
  for (const text of ['x', 'y']) {
    const rows = new RequestRows(requestBase('logs', 'a', new TextEncoder().encode(text)), recent)
    for (let day = 0; day < 100; day++) rows.select(day)
    for (const id of rows.ids) ids.add(id)
  }
  expect(ids.size).toBe(200)
})
