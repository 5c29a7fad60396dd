// Random writes, failures, restarts and deletions: what is held in memory must answer what the engine answers, to the bit.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Matcher, NativeHistogram, SeriesSamples, SeriesScan } from '@oriel/model'
import { FIRST_SAMPLE_MS, labelsKey, silentTelemetry } from '@oriel/model'
import type { IndexRequest, QueryContext } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, makeQueryStats, StoreError } from '@oriel/store'
import type { TestSeries } from '@oriel/store/contract-suite'
import { metricBlock, NOON_MS, STALE } from '@oriel/store/contract-suite'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EngineClient } from '../../engine/client.ts'
import type { MetricStore, RecentSamples } from '../../metrics.ts'
import { openMetrics } from '../../metrics.ts'
import type { OpenEngine } from '../../open.ts'
import { openEngine } from '../../open.ts'
import { MemoryIndex } from '../postings/memory-index.ts'
import { SampleJournal } from '../journal/journal.ts'
import { openFiller } from './fill.ts'
import { RecentWindow } from './recent-window.ts'

// WINDOW_CASES=500 is the long form: some minutes.
const CASES = Number(process.env['WINDOW_CASES'] ?? 12)
const HOUR_MS = 3_600_000

const value = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 1e6 }) },
  { weight: 2, arbitrary: fc.double() },
  fc.constantFrom<number | typeof STALE | NativeHistogram>(STALE, NaN, -0, Infinity, histogram(1), histogram(2)),
)
/** Samples of some series: a run of regular times, or single ones, from half a day before noon to an hour after. */
const write = fc.record({
  kind: fc.constant('write' as const),
  tenant: fc.constantFrom('a', 'b'),
  series: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 5 }),
  startMs: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: HOUR_MS }) },
    fc.integer({ min: -12 * HOUR_MS, max: 0 }),
    fc.constantFrom(0, 900_000, 899_999, 12 * HOUR_MS - 30_000, -96 * HOUR_MS, 480 * HOUR_MS),
  ),
  stepMs: fc.constantFrom(15_000, 1_000, 60_001, 1),
  values: fc.array(value, { minLength: 1, maxLength: 40 }),
})
const read = fc.record({
  kind: fc.constant('read' as const),
  tenants: fc.constantFrom(['a'], ['b'], ['a', 'b']),
  matchers: fc.constantFrom<readonly Matcher[]>(
    [{ name: '__name__', op: '=', value: 'm0' }],
    [{ name: '__name__', op: '=~', value: 'm.' }],
    [
      { name: '__name__', op: '=', value: 'm1' },
      { name: 'i', op: '=~', value: '1|3' },
    ],
  ),
  startMs: fc.oneof(fc.integer({ min: -12 * HOUR_MS, max: HOUR_MS }), fc.integer({ min: 0, max: HOUR_MS })),
  lengthMs: fc.constantFrom(0, 60_000, HOUR_MS, 24 * HOUR_MS),
})
const matcher: fc.Arbitrary<Matcher> = fc.oneof(
  fc.record({
    name: fc.constant('__name__'),
    op: fc.constantFrom('=', '=~'),
    value: fc.constantFrom('m0', 'm1', 'm.*', 'm0|m2'),
  }),
  fc.record({
    name: fc.constantFrom('i', 'even', 'absent'),
    op: fc.constantFrom('=', '!=', '=~', '!~'),
    value: fc.constantFrom('', '1', '3|4', '[2-5]', '.*', '.+', 'y?', 'ye.', '2.?'),
  }),
)
const look = fc.record({
  kind: fc.constant('look' as const),
  matcherSets: fc.array(fc.array(matcher, { minLength: 1, maxLength: 3 }), { maxLength: 2 }),
  startMs: fc.constantFrom(-100 * HOUR_MS, -HOUR_MS, 0, 13 * HOUR_MS, 480 * HOUR_MS),
  lengthMs: fc.constantFrom(0, HOUR_MS, 24 * HOUR_MS),
})
const turn = fc.oneof(
  { weight: 8, arbitrary: write },
  { weight: 6, arbitrary: read },
  { weight: 4, arbitrary: look },
  { weight: 2, arbitrary: fc.constant({ kind: 'compress' as const }) },
  fc.record({
    kind: fc.constant('restart' as const),
    isFilled: fc.boolean(),
    isCrash: fc.boolean(),
    maxBytes: fc.constantFrom(2 ** 28, 60_000, 20_000),
    nowMs: fc.integer({ min: -HOUR_MS, max: 2 * HOUR_MS }),
  }),
  fc.record({ kind: fc.constant('fail' as const), isStored: fc.boolean(), write }),
  fc.record({ kind: fc.constant('delete' as const), startMs: fc.integer({ min: -HOUR_MS, max: HOUR_MS }) }),
)

describe('what is held in memory', () => {
  let engine: OpenEngine
  let dataDir = ''
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'oriel-window-'))
    engine = openEngine({ dataDir })
    await engine.engine.started
  })
  afterAll(async () => {
    await engine.close()
    rmSync(dataDir, { recursive: true })
  })

  it('answers what the engine answers, to the bit', async () => {
    const counts = { reads: 0, recent: 0, scans: 0, looks: 0, remembered: 0 }
    await fc.assert(
      fc.asyncProperty(fc.array(turn, { minLength: 10, maxLength: 60 }), fc.boolean(), async (turns, isJournaled) => {
        for (const table of ['samples', 'samples_journal', 'series', 'histograms', 'label_values'])
          await engine.client.command(`TRUNCATE TABLE ${table}`)
        const failing = failingClient(engine.client)
        const plain = openMetrics(engine.client, { isOnlyWriter: false })
        let held = open(failing.client, { maxBytes: 2 ** 28, nowMs: NOON_MS, isJournaled })
        for (const one of turns) {
          switch (one.kind) {
            case 'write':
              await held.metrics.write([block(one)])
              break
            case 'look': {
              const range = { startMs: NOON_MS + one.startMs, endMs: NOON_MS + one.startMs + one.lengthMs }
              const request = { matcherSets: one.matcherSets, range, limit: 0 }
              expect(await lookUp(held.metrics, request)).toEqual(await lookUp(plain, request))
              counts.looks++
              if (held.memory.covers(request, contextFor('a')) !== undefined) counts.remembered++
              break
            }
            case 'fail':
              failing.fail(one.isStored)
              await expect(held.metrics.write([block(one.write)])).rejects.toThrow('for the test')
              failing.fail(undefined)
              break
            case 'compress':
              await held.recent.window.compressAll()
              break
            case 'delete':
              await held.metrics.delete({
                tenant: 'a',
                matchers: [{ name: '__name__', op: '=', value: 'm1' }],
                range: { startMs: NOON_MS + one.startMs, endMs: NOON_MS + one.startMs + 600_000 },
              })
              break
            case 'restart':
              await close(held, { isCrash: one.isCrash })
              held = open(failing.client, { maxBytes: one.maxBytes, nowMs: NOON_MS + one.nowMs, isJournaled })
              if (one.isFilled) await Promise.all([held.recent.filler.filled, held.memory.filled])
              break
            case 'read': {
              const range = { startMs: NOON_MS + one.startMs, endMs: NOON_MS + one.startMs + one.lengthMs }
              const context = contextFor(...one.tenants)
              const got = await held.metrics.source.samples({ matchers: one.matchers, range }, context)
              await held.journal?.move()
              const want = await plain.source.samples({ matchers: one.matchers, range }, contextFor(...one.tenants))
              expect(comparable(got)).toEqual(comparable(want))
              const scan = await held.metrics.source.scan({ matchers: one.matchers, range }, context)
              if (scan !== undefined) {
                expect(scanned(scan)).toEqual(comparable(want))
                counts.scans++
              }
              counts.reads++
              if (held.recent.window.covers(range.startMs)) counts.recent++
              break
            }
          }
        }
        await close(held)
        await Promise.all([held.recent.filler.filled, held.memory.filled])
      }),
      // A failure names its seed and path; making it smaller takes minutes: WINDOW_SHRINK=1.
      { numRuns: CASES, endOnFailure: process.env['WINDOW_SHRINK'] !== '1' },
    )
    // A suite in which the window never answers proves nothing of it.
    expect(counts.recent).toBeGreaterThan(counts.reads / 10)
    expect(counts.scans).toBeGreaterThan(counts.reads / 20)
    expect(counts.remembered).toBeGreaterThan(counts.looks / 10)
  }, 1_200_000)

  it('is complete at once in an empty store, and says so', async () => {
    await engine.client.command('TRUNCATE TABLE samples')
    const held = open(engine.client, { maxBytes: 2 ** 28, nowMs: NOON_MS })
    await held.recent.filler.filled
    expect(held.recent.window.completeFromMs).toBe(FIRST_SAMPLE_MS)
    await close(held)
  })

  it('holds nothing after a deletion that comes before the first write of a process', async () => {
    await engine.client.command('TRUNCATE TABLE samples')
    const labels = { __name__: 'm1' }
    const before = open(engine.client, { maxBytes: 2 ** 28, nowMs: NOON_MS })
    await before.metrics.write([metricBlock('kept', [{ labels, samples: [[NOON_MS, 1]] }])])
    await close(before)
    const held = open(engine.client, { maxBytes: 2 ** 28, nowMs: NOON_MS })
    await held.recent.filler.filled
    const range = { startMs: NOON_MS, endMs: NOON_MS + HOUR_MS }
    await held.metrics.delete({ tenant: 'other', matchers: [{ name: '__name__', op: '=', value: 'm1' }], range })
    const matchers: readonly Matcher[] = [{ name: '__name__', op: '=', value: 'm1' }]
    expect((await held.metrics.source.samples({ matchers, range }, contextFor('kept'))).tMs).toEqual(Float64Array.of(NOON_MS))
    await close(held)
  })

  it('drops the oldest samples when it has no more room, and answers older ranges with the engine', async () => {
    await engine.client.command('TRUNCATE TABLE samples')
    const held = open(engine.client, { maxBytes: 400_000, nowMs: NOON_MS })
    const { metrics, recent } = held
    await recent.filler.filled
    const labels = { __name__: 'grows' }
    for (let hour = 0; hour < 6; hour++) {
      const samples = Array.from({ length: 14_400 }, (_, i) => [NOON_MS + hour * HOUR_MS + 250 * i, Math.sqrt(i)] as const)
      await metrics.write([metricBlock('grown', [{ labels, samples }])])
      await recent.window.compressAll()
    }
    expect(recent.window.byteLength).toBeLessThan(800_000)
    expect(recent.window.completeFromMs).toBeGreaterThan(NOON_MS)
    expect(recent.window.completeFromMs).toBeLessThan(NOON_MS + 6 * HOUR_MS)
    const range = { startMs: NOON_MS, endMs: NOON_MS + 6 * HOUR_MS }
    const got = await metrics.source.samples(
      { matchers: [{ name: '__name__', op: '=', value: 'grows' }], range },
      contextFor('grown'),
    )
    expect(got.tMs.length).toBe(6 * 14_400)
    await close(held)
  })
})

function contextFor(...tenants: string[]): QueryContext {
  return { tenants, signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
}

interface Held {
  readonly metrics: MetricStore
  readonly recent: RecentSamples
  readonly memory: MemoryIndex
  readonly journal?: SampleJournal
  /** Makes everything fail from here on, as for a process that is gone. */
  readonly kill: () => void
}

interface OpenOptions {
  readonly maxBytes: number
  readonly nowMs: number
  readonly isJournaled?: boolean
}

function open(engine: EngineClient, { maxBytes, nowMs, isJournaled = false }: OpenOptions): Held {
  const { client, kill } = mortalClient(engine)
  const window = new RecentWindow({ maxBytes })
  const options = { telemetry: silentTelemetry, started: Promise.resolve() }
  // 50 rows: some writes are moved at once, others wait for a read.
  const journaling = isJournaled && {
    journal: new SampleJournal(client, { telemetry: silentTelemetry, noteMoving: () => {}, moveRows: 50 }),
  }
  const recent = { window, filler: openFiller(client, window, { ...options, ...journaling, now: () => nowMs }) }
  const memory = new MemoryIndex({ client, ...options, clock: () => nowMs, maxBytes: 2 ** 28 })
  return {
    metrics: openMetrics(client, { isOnlyWriter: true, recent, memory, ...journaling }),
    recent,
    memory,
    ...journaling,
    kill,
  }
}

async function close(
  { recent: { window, filler }, memory, journal, kill }: Held,
  { isCrash = false }: { readonly isCrash?: boolean } = {},
): Promise<void> {
  if (!isCrash) await journal?.close()
  kill()
  filler.close()
  window.close()
  memory.close()
}

/** All look-ups of one request. */
async function lookUp({ source }: MetricStore, request: IndexRequest): Promise<unknown> {
  const names = await source.labelNames(request, contextFor('a'))
  const values = await Promise.all(['__name__', 'i', 'even'].map((name) => source.labelValues(name, request, contextFor('a'))))
  return { names, values, series: (await source.series(request, contextFor('a'))).map(labelsKey) }
}

/** A client that fails for good once it is killed. */
function mortalClient(client: EngineClient): { readonly client: EngineClient; readonly kill: () => void } {
  let isDead = false
  const check = (): void => {
    if (isDead) throw new StoreError('STORE_UNAVAILABLE', 'cannot reach the engine: killed for the test')
  }
  return {
    kill: () => (isDead = true),
    client: {
      async query(sql, options) {
        check()
        return client.query(sql, options)
      },
      stream(sql, options) {
        check()
        return client.stream(sql, options)
      },
      async command(sql, options) {
        check()
        await client.command(sql, options)
      },
      async insert(table, pieces, options) {
        check()
        await client.insert(table, pieces, options)
      },
      close: () => client.close(),
    },
  }
}

/** A client whose inserts can be made to fail, before or after they were done: the outcome a writer cannot know. */
function failingClient(client: EngineClient): { readonly client: EngineClient; fail(isStored: boolean | undefined): void } {
  let mode: boolean | undefined
  return {
    fail: (isStored) => (mode = isStored),
    client: {
      query: (sql, options) => client.query(sql, options),
      stream: (sql, options) => client.stream(sql, options),
      command: (sql, options) => client.command(sql, options),
      close: () => client.close(),
      async insert(table, pieces, options) {
        if (mode !== false) await client.insert(table, pieces, options)
        if (mode !== undefined) throw new StoreError('STORE_UNAVAILABLE', 'cannot insert: failed for the test')
      },
    },
  }
}

function block({ tenant, series, startMs, stepMs, values }: typeof write extends fc.Arbitrary<infer W> ? W : never) {
  return metricBlock(
    tenant,
    series.map((i): TestSeries => {
      const samples = values.map((of, n) => [NOON_MS + startMs + n * stepMs, of] as const)
      return { labels: { __name__: `m${i % 2}`, i: String(i), ...(i % 2 === 0 && { even: 'yes' }) }, samples }
    }),
  )
}

function histogram(count: number): NativeHistogram {
  return {
    schema: 0,
    zeroThreshold: 0.001,
    zeroCount: 0,
    count,
    sum: count,
    positiveSpans: [{ offset: 0, length: 1 }],
    positiveBuckets: Float64Array.of(count),
    negativeSpans: [],
    negativeBuckets: new Float64Array(0),
    customBounds: new Float64Array(0),
    resetHint: 'unknown',
  }
}

/** Everything of a scan, as `comparable` has it. */
function scanned(scan: SeriesScan): unknown {
  return scan.labels.map((of, i) => {
    const { tMs, values, stale, from, to } = scan.read(i)
    return {
      labels: labelsKey(of),
      tMs: [...tMs.subarray(from, to)],
      words: [...new Uint32Array(values.slice(from, to).buffer)],
      stale: stale === undefined ? Array.from({ length: to - from }, () => 0) : [...stale.subarray(from, to)],
      histograms: undefined,
    }
  })
}

/** Everything of an answer, the bits of its values as words. */
function comparable({ labels, offsets, tMs, values, stale, histograms }: SeriesSamples): unknown {
  const words = new Uint32Array(values.slice().buffer)
  return labels.map((of, i) => {
    const [start, end] = [offsets[i]!, offsets[i + 1]!]
    return {
      labels: labelsKey(of),
      tMs: [...tMs.subarray(start, end)],
      words: [...words.subarray(2 * start, 2 * end)],
      stale: [...stale.subarray(start, end)],
      histograms: histograms?.slice(start, end).map((one) => one?.count),
    }
  })
}
