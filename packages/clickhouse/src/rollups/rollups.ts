// Rolls samples up in the background, and knows what is rolled up.

import type { Clock, Telemetry, TimeRange } from '@oriel/model'
import { MS_PER_HOUR } from '@oriel/model'
import type { EngineClient } from '../engine/client.ts'
import { nativeBlock, numbersField, stringsField } from '../native/index.ts'
import { DATABASE } from '../schema/index.ts'
import { RolledBlocks } from './blocks.ts'
import { blockOf, thinDayStatement, thinHoursStatement } from './thin.ts'

/** Rollups of the samples of a store that this process alone writes to. */
export interface Rollups {
  readonly blocks: RolledBlocks
  /** Rolls up everything that is whole by now; resolves when nothing is left to do. Runs by itself every minute once started. */
  run(): Promise<void>
  /** Reads what was rolled up before and begins to run; to be called when the engine is up. */
  start(): Promise<void>
  /** To be called before samples of these hours (since 1970) are written to their table, and again after. */
  noteWriting(hours: Iterable<number>): void
  /** To be called before samples in a range are deleted, and again after; resolves when a restart would know of it too. */
  noteDeleting(range: TimeRange): Promise<void>
  close(): Promise<void>
}

export interface RollupOptions {
  readonly now: Clock
  readonly telemetry: Telemetry
  /** Whether samples of a day can not be looked at just now, and so have not changed. */
  readonly isHidden?: (day: number) => boolean
}

const RUN_EVERY_MS = 60_000
// 5 min: what is late by more is rare, and only costs that its hour is rolled up once more.
const SETTLED_MS = 5 * 60_000
// A fifth of a core: queries and inserts go first.
const REST_SHARE = 4
const MOST_REST_MS = 30_000

/** Opens the rollups; nothing runs before `start` or `run`. */
export function openRollups(client: EngineClient, options: RollupOptions): Rollups {
  return new Roller(client, options)
}

class Roller implements Rollups {
  readonly blocks = new RolledBlocks()
  readonly #client: EngineClient
  readonly #now: Clock
  readonly #telemetry: Telemetry
  readonly #isHidden: (day: number) => boolean
  #running: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #isClosed = false
  #isLoaded = false

  constructor(client: EngineClient, { now, telemetry, isHidden = () => false }: RollupOptions) {
    this.#client = client
    this.#now = now
    this.#telemetry = telemetry
    this.#isHidden = isHidden
  }

  async start(): Promise<void> {
    if (this.#isClosed) return
    this.#timer = setInterval(() => void this.#runQuietly(), RUN_EVERY_MS)
    this.#timer.unref()
    await this.#load().catch((error: unknown) => {
      if (!this.#isClosed) this.#telemetry.log('warn', 'cannot read what is rolled up', { error })
    })
  }

  run(): Promise<void> {
    this.#running ??= this.#runAll(0).finally(() => (this.#running = undefined))
    return this.#running
  }

  noteWriting(hours: Iterable<number>): void {
    for (const hour of hours) this.blocks.touch(hour)
  }

  async noteDeleting({ startMs, endMs }: TimeRange): Promise<void> {
    const condemned = this.blocks.condemn(Math.floor(startMs / MS_PER_HOUR), Math.floor(endMs / MS_PER_HOUR))
    // No bucket has so many samples: after a restart none of these is taken for true.
    await this.#remember(condemned.map(({ hour, version }) => ({ kind: 'hour', bucket: hour, version, samples: NEVER })))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    await this.#running?.catch(() => {})
  }

  async #runQuietly(): Promise<void> {
    if (this.#running !== undefined) return
    this.#running = this.#runAll(REST_SHARE).finally(() => (this.#running = undefined))
    try {
      await this.#running
    } catch (error) {
      this.#telemetry.log('warn', 'cannot roll samples up', { error })
    }
  }

  /** Newest first: what people look at most. */
  async #runAll(restShare: number): Promise<void> {
    await this.#load()
    const counter = this.#telemetry.counter('oriel_rollup_blocks_total', 'Hours and days rolled up')
    const lastHour = Math.floor((this.#now() - SETTLED_MS) / MS_PER_HOUR) - 1
    for (const { day } of await this.#partitions()) {
      const due = await this.#dueHours(day, lastHour)
      for (const batch of batchesOf(due)) {
        if (this.#isClosed) return
        const startMs = performance.now()
        await this.#rollHours(batch)
        counter.add(batch.length, { kind: 'hour' })
        if (restShare > 0) await rest(Math.min(MOST_REST_MS, restShare * (performance.now() - startMs)))
      }
      if (lastHour >= 24 * day + 23 && !this.blocks.hasDay(day) && !this.#isClosed && (await this.#rollDay(day)))
        counter.add(1, { kind: 'day' })
    }
  }

  /** Hours of a day that are whole and not rolled up, the newest first. An hour without samples counts as rolled up; the first one never is (see `sampleHour`). */
  async #dueHours(day: number, lastHour: number): Promise<DueHour[]> {
    const hours = Array.from({ length: 24 }, (_, i) => 24 * day + 23 - i).filter((hour) => hour <= lastHour && hour > 0)
    const missing = hours.filter((hour) => !this.blocks.hasHour(hour))
    if (missing.length === 0) return []
    // Begun before they are counted: what is written from here on is noticed.
    const begun = missing.map((hour) => ({ hour, version: this.blocks.begin('hour', hour) }))
    const counts = await this.#countHours(day)
    return begun.map(({ hour, version }) => ({ hour, version, samples: counts.get(hour) ?? 0 }))
  }

  /** Hours of one version. */
  async #rollHours(batch: readonly DueHour[]): Promise<void> {
    const filled = batch.filter(({ samples }) => samples > 0).map(({ hour }) => hour)
    const version = batch[0]?.version ?? 0
    if (filled.length > 0) await this.#client.command(thinHoursStatement(filled, version), { settings: IN_ORDER })
    const ended = batch.filter(({ hour, samples }) => this.blocks.endHour(hour, { version, samples }))
    await this.#remember(ended.map(({ hour, samples }) => ({ kind: 'hour', bucket: hour, version, samples })))
  }

  async #rollDay(day: number): Promise<boolean> {
    const hours = this.blocks.hoursOf(day)
    if (hours === undefined) return false
    const version = this.blocks.begin('day', day)
    await this.#client.command(thinDayStatement(day, blockOf(day, version), hours))
    const block = { version, samples: 0 }
    const isTrue = this.blocks.endDay(day, block, hours)
    if (isTrue) await this.#remember([{ kind: 'day', bucket: day, ...block }])
    return isTrue
  }

  async #remember(blocks: readonly StoredBlock[]): Promise<void> {
    if (blocks.length === 0) return
    const numbers = (field: 'bucket' | 'version' | 'samples') =>
      numbersField(
        field,
        blocks.map((block) => block[field]),
      )
    const kinds = stringsField(
      'kind',
      blocks.map(({ kind }) => kind),
    )
    const fields = [kinds, numbers('bucket'), numbers('version'), numbers('samples')]
    await this.#client.insert('rollup_blocks', nativeBlock(blocks.length, fields))
  }

  /** What was rolled up before this start, and has as many samples now as it had then. */
  async #load(): Promise<void> {
    if (this.#isLoaded) return
    const stored = await this.#client.query(
      'SELECT toString(kind) AS of, bucket, max(version) AS newest, toFloat64(argMax(samples, version)) AS had FROM rollup_blocks GROUP BY kind, bucket',
    )
    const days: { day: number; version: number }[] = []
    const hours = new Map<number, { hour: number; version: number; samples: number }[]>()
    for (const block of stored) {
      const [buckets, versions, samples] = [block.numbers('bucket'), block.numbers('newest'), block.doubles('had')]
      for (const [i, kind] of block.strings('of').entries()) {
        const bucket = buckets[i]!
        if (kind === 'day') days.push({ day: bucket, version: versions[i]! })
        else {
          const day = Math.floor(bucket / 24)
          hours.set(day, [...(hours.get(day) ?? []), { hour: bucket, version: versions[i]!, samples: samples[i]! }])
        }
      }
    }
    const rows = new Map((await this.#partitions()).map((partition) => [partition.day, partition.rows]))
    for (const [day, known] of hours) {
      const isWhole = this.#isAsBefore(day, known, rows.get(day) ?? 0)
      const counts = isWhole ? undefined : await this.#countHours(day)
      for (const { hour, version, samples } of known)
        this.blocks.load('hour', hour, { version, samples }, isWhole || samples === (counts?.get(hour) ?? 0))
    }
    this.#isLoaded = true
    for (const { day, version } of days)
      this.blocks.load('day', day, { version, samples: 0 }, this.blocks.hoursOf(day) !== undefined)
  }

  #isAsBefore(day: number, known: readonly { readonly samples: number }[], found: number): boolean {
    if (found === 0 && this.#isHidden(day)) return true
    return known.reduce((sum, { samples }) => sum + samples, 0) === found
  }

  /** Days that have samples, the newest first, with their number. Costs nothing: parts know it. */
  async #partitions(): Promise<{ readonly day: number; readonly rows: number }[]> {
    const sql = `SELECT partition, toFloat64(sum(rows)) AS found FROM system.parts
WHERE database = '${DATABASE}' AND table = 'samples' AND active GROUP BY partition ORDER BY toUInt32(partition) DESC`
    const blocks = await this.#client.query(sql)
    return blocks.flatMap((block) => {
      const found = block.doubles('found')
      return block.strings('partition').map((day, i) => ({ day: Number(day), rows: found[i]! }))
    })
  }

  async #countHours(day: number): Promise<Map<number, number>> {
    const sql = `SELECT hour, toFloat64(count()) AS found FROM samples WHERE hour >= ${24 * day} AND hour < ${24 * day + 24} GROUP BY hour`
    const counts = new Map<number, number>()
    for (const block of await this.#client.query(sql)) {
      const found = block.doubles('found')
      for (const [i, hour] of block.numbers('hour').entries()) counts.set(hour, found[i]!)
    }
    return counts
  }
}

interface DueHour {
  readonly hour: number
  readonly version: number
  readonly samples: number
}

interface StoredBlock {
  readonly kind: 'hour' | 'day'
  readonly bucket: number
  readonly version: number
  readonly samples: number
}

/** Hours that are rolled up together: of one version, few enough that the engine is not away for long. */
function batchesOf(due: readonly DueHour[]): DueHour[][] {
  const batches: DueHour[][] = []
  let samples = 0
  for (const hour of due) {
    const last = batches.at(-1)
    samples += hour.samples
    if (last !== undefined && last[0]?.version === hour.version && samples <= BATCH_SAMPLES) last.push(hour)
    else {
      batches.push([hour])
      samples = hour.samples
    }
  }
  return batches
}

// 10M samples are thinned in about a second.
const BATCH_SAMPLES = 10_000_000
const NEVER = 2 ** 53 - 1
// Groups follow the sort key: what the engine holds stays small however many series there are.
// Blocks are small, since each row holds a series' hour in arrays.
const IN_ORDER: Readonly<Record<string, number>> = {
  optimize_aggregation_in_order: 1,
  aggregation_in_order_max_block_bytes: 8_000_000,
  max_block_size: 16_384,
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })
}
