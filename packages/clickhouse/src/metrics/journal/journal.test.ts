import { makeMetricBlock, MS_PER_HOUR, sampleHour, signedAt, silentTelemetry } from '@oriel/model'
import fc from 'fast-check'
import type { EngineClient } from '../../engine/client.ts'
import { expect, test, vi } from 'vitest'
import { Generation } from './generation.ts'
import { SampleJournal } from './journal.ts'

const NOON_MS = Date.UTC(2026, 10, 21, 12)

interface Row {
  readonly metric: number
  readonly series: number
  readonly tMs: number
  readonly value: number
}

const row = fc.record({
  metric: fc.integer({ min: 0, max: 2 }),
  series: fc.integer({ min: 0, max: 5 }),
  // Some lie about 1970.
  tMs: fc
    .tuple(
      fc.constantFrom(0, 0, 0, -NOON_MS),
      fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: -6 * MS_PER_HOUR, max: 2 * MS_PER_HOUR })),
    )
    .map(([base, ms]) => base + ms),
  value: fc.integer({ min: 0, max: 1_000 }),
})
const commits = fc.array(fc.array(row, { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 6 })

/** Ids whose order as numbers is not that of any one of their words. */
function idOf({ metric, series }: Row): readonly number[] {
  return [0xffff_ffff - series, 7, series % 2, metric]
}

function blockOf(rows: readonly Row[]) {
  const block = makeMetricBlock('t')
  for (const each of rows) {
    block.samples.metricId.push(0x8000_0000 + each.metric, 3 - each.metric)
    block.samples.seriesId.pushFrom(Uint32Array.from(idOf(each)), 0)
    block.samples.tMs.pushNumber(NOON_MS + each.tMs)
    block.samples.values.pushDouble(each.value)
  }
  return block
}

/** Rows as the engine would sort them: by metric, hour, id and time, all but that as unsigned numbers. */
function sortKey({ metricLow, metricHigh, id, tMs }: Moved): bigint[] {
  const wide = (words: readonly number[]) => words.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n)
  return [wide([metricLow, metricHigh]), BigInt(sampleHour(tMs)), wide(id), BigInt(tMs)]
}

interface Moved {
  readonly metricLow: number
  readonly metricHigh: number
  readonly id: readonly number[]
  readonly tMs: number
  readonly value: number
}

async function movedOf(generation: Generation): Promise<Moved[][]> {
  const blocks: Moved[][] = []
  for await (const { samples } of generation.sorted()) {
    const { rows, metricIds, seriesIds, times, values } = samples
    blocks.push(
      Array.from({ length: rows }, (_, i) => ({
        metricLow: metricIds[2 * i]!,
        metricHigh: metricIds[2 * i + 1]!,
        id: [...seriesIds.subarray(4 * i, 4 * i + 4)],
        tMs: signedAt(times, i),
        value: new Float64Array(values.slice(2 * i, 2 * i + 2).buffer)[0]!,
      })),
    )
  }
  return blocks
}

function compareKeys(a: readonly bigint[], b: readonly bigint[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! < b[i]! ? -1 : 1
  return 0
}

function expectedOf(written: readonly Row[][]): Map<string, number> {
  const last = new Map<string, number>()
  for (const each of written.flat()) last.set(`${idOf(each).join()}@${NOON_MS + each.tMs}`, each.value)
  return last
}

test('of each series and time the value written last moves, in the order of the sort key', async () => {
  await fc.assert(
    fc.asyncProperty(commits, commits, async (first, second) => {
      let generation = new Generation(1)
      for (const written of [first, second]) {
        for (const rows of written) generation.add(generation.chunkOf(blockOf(rows)))
        const blocks = await movedOf(generation)
        const moved = new Map(blocks.flat().map(({ id, tMs, value }) => [`${id.join()}@${tMs}`, value]))
        expect(moved).toEqual(expectedOf(written))
        expect(moved.size).toBe(blocks.flat().length)
        const hours = new Set(written.flat().map(({ tMs }) => sampleHour(NOON_MS + tMs)))
        expect(generation.hours()).toEqual(hours)
        // Many hours are one block, which the engine sorts.
        if (hours.size <= 4) for (const block of blocks) expect(block.map(sortKey)).toEqual(block.map(sortKey).sort(compareKeys))
        generation = generation.next(2)
      }
    }),
    { numRuns: 300 },
  )
})

test('more than a block holds moves in several, each in order, nothing lost at their ends', async () => {
  const generation = new Generation(1)
  const [series, times] = [30_000, 8]
  for (let t = 0; t < times; t++) {
    const rows = Array.from({ length: series }, (_, i) => ({ metric: i % 3, series: i, tMs: t, value: series * t + i }))
    generation.add(generation.chunkOf(blockOf(rows)))
  }
  // One series that is longer than a block.
  const long = Array.from({ length: 270_000 }, (_, i) => ({ metric: 1, series: series, tMs: i, value: i }))
  generation.add(generation.chunkOf(blockOf(long)))
  const blocks = await movedOf(generation)
  expect(blocks.length).toBeGreaterThan(2)
  const moved = blocks.flat()
  const values = new Map<number, number[]>()
  let [last, disorder]: [bigint[], number] = [[], 0]
  for (const each of moved) {
    const key = sortKey(each)
    if (compareKeys(last, key) >= 0 && last.length > 0) disorder++
    last = key
    const own = 0xffff_ffff - each.id[0]!
    values.set(own, [...(values.get(own)?.slice(0, times) ?? []), each.value])
  }
  expect(moved.length).toBe(series * times + long.length)
  expect(disorder).toBe(0)
  for (let i = 0; i < series; i++) expect(values.get(i)).toEqual(Array.from({ length: times }, (_, t) => series * t + i))
})

test('what a process left is read back as it was written, whatever it named its series', async () => {
  await fc.assert(
    fc.asyncProperty(commits, commits, async (before, written) => {
      const first = new Generation(1)
      for (const rows of before) first.add(first.chunkOf(blockOf(rows)))
      const left = first.next(2)
      const words = written.map((rows) => left.chunkOf(blockOf(rows)).chunk.words.slice())
      const restored = new Generation(2)
      for (const each of words) restored.restore('t', each)
      const moved = new Map((await movedOf(restored)).flat().map(({ id, tMs, value }) => [`${id.join()}@${tMs}`, value]))
      expect(moved).toEqual(expectedOf(written))
      expect(restored.rows).toBe(written.flat().length)
    }),
    { numRuns: 300 },
  )
})

/** An engine that only takes inserts, slowly: what is asked of it by name, in order. */
function slowClient(told: string[]): EngineClient {
  return {
    query: () => Promise.resolve([]),
    async *stream() {},
    command: async (sql) => void told.push(sql.split(' ').slice(0, 5).join(' ')),
    async insert(table, pieces) {
      told.push(`${table} begins`)
      let bytes = 0
      for await (const piece of pieces) bytes += piece.length
      await new Promise((resolve) => setTimeout(resolve, 20))
      told.push(`${table} ${bytes > 0 ? 'ends' : 'is empty'}`)
    },
    close() {},
  }
}

test('what is being appended while all is asked to move is moved after it, not dropped with it', async () => {
  const told: string[] = []
  const journal = new SampleJournal(slowClient(told), { telemetry: silentTelemetry, noteMoving: () => {} })
  await journal.append([blockOf([{ metric: 0, series: 0, tMs: 0, value: 1 }])])
  const appended = journal.append([blockOf([{ metric: 0, series: 1, tMs: 0, value: 1 }])])
  await Promise.all([appended, journal.move()])
  const append = ['samples_journal begins', 'samples_journal ends']
  expect(told).toEqual([...append, ...append, 'samples begins', 'samples ends', 'ALTER TABLE samples_journal DROP PARTITION'])
  await journal.close()
})

test('asking again and again, with nothing left or something new, always ends', async () => {
  const told: string[] = []
  const journal = new SampleJournal(slowClient(told), { telemetry: silentTelemetry, noteMoving: () => {} })
  for (let round = 0; round < 3; round++) {
    await journal.move()
    await Promise.all([journal.move(), journal.moved({ startMs: 0, endMs: 2 * NOON_MS })])
    await journal.append([blockOf([{ metric: 0, series: 0, tMs: round, value: 1 }])])
    await Promise.all([journal.moved({ startMs: NOON_MS, endMs: NOON_MS + 10 }), journal.move()])
  }
  expect(told.filter((each) => each === 'samples ends')).toHaveLength(3)
  await journal.close()
})

test('few samples a series are waited for while they go on coming, and no longer than a minute', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  try {
    const told: string[] = []
    const client: EngineClient = {
      ...slowClient([]),
      async insert(table, pieces) {
        for await (const piece of pieces) expect(piece.length).toBeGreaterThan(0)
        told.push(`${table} at ${Math.round(performance.now() / 1_000)}`)
      },
    }
    const begin = performance.now() / 1_000
    const journal = new SampleJournal(client, { telemetry: silentTelemetry, noteMoving: () => {} })
    const appendFor = async (seconds: number, series: (second: number) => number) => {
      for (let second = 0; second < seconds; second++) {
        await journal.append([blockOf([{ metric: 0, series: series(second), tMs: second, value: 1 }])])
        await vi.advanceTimersByTimeAsync(1_000)
      }
    }
    const moves = () => told.filter((each) => each.startsWith('samples at')).map((each) => Number(each.split(' ')[2]) - begin)
    // Ever new series: one sample each.
    await appendFor(70, (second) => second)
    const [first] = moves()
    expect(first).toBeGreaterThan(55)
    expect(first).toBeLessThan(65)
    // They have ended: what is left goes at the next look.
    await vi.advanceTimersByTimeAsync(40_000)
    expect(moves()).toHaveLength(2)
    // One series has enough.
    await appendFor(35, () => 0)
    expect(moves()).toHaveLength(3)
    await journal.close()
  } finally {
    vi.useRealTimers()
  }
})
