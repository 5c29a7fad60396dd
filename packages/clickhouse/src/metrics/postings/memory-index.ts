import { setTimeout as pause } from 'node:timers/promises'
import type { Clock, Gauge, MetricBlock, Telemetry, TimeRange } from '@oriel/model'
import { MS_PER_DAY } from '@oriel/model'
import type { IndexRequest, QueryContext } from '@oriel/store'
import type { EngineClient } from '../../engine/client.ts'
import type { DayRange } from '../selection.ts'
import { daysOf } from '../selection.ts'
import type { KnownSeries } from '../series-cache.ts'
import { SeriesCache } from '../series-cache.ts'
import { seriesOfBlock } from '../series-rows.ts'
import { untilInsertsEnded } from '../window/inserts.ts'
import { HELD_DAYS, TenantIndex } from './tenant-index.ts'
import { inSlices } from '@oriel/store'

/** What the index needs. */
export interface MemoryIndexOptions {
  readonly client: EngineClient
  readonly clock: Clock
  readonly telemetry: Telemetry
  /** Memory it may take; above it the index gives up until it is opened again, and the engine answers. */
  readonly maxBytes: number
  /** Resolves when the engine can be asked for the first time. */
  readonly started: Promise<void>
}

/** 512 MiB: two million series of ten labels. */
export const DEFAULT_INDEX_BYTES: number = 512 * 2 ** 20

/**
 * The series of the last days in memory, by their labels: a cache of the index in the engine, never the truth.
 *
 * It answers for days from `firstDay` on once it has read them from the engine; since every write passes `noteWritten` once it is
 * stored, it is complete from then on. A write whose outcome is unknown makes it start over (`reset`).
 */
export class MemoryIndex {
  readonly #options: MemoryIndexOptions
  readonly #bytes: Gauge
  readonly #series: Gauge
  readonly #closing = new AbortController()
  #tenants = new Map<string, TenantIndex>()
  #firstDay = 0
  #state: 'filling' | 'complete' | 'off' = 'filling'
  #work: Promise<void> | undefined
  /** Resolves when the index is complete, or is given up. */
  filled: Promise<void>

  constructor(options: MemoryIndexOptions) {
    this.#options = options
    this.#bytes = options.telemetry.gauge('oriel_index_bytes', 'Memory that the index of recent series takes.')
    this.#series = options.telemetry.gauge('oriel_index_series', 'Series that the index in memory holds.')
    this.filled = this.#fill(this.#startOver(this.#today() - DAYS_BEFORE), 0)
  }

  get byteLength(): number {
    let bytes = 0
    for (const tenant of this.#tenants.values()) bytes += tenant.byteLength
    return bytes
  }

  /** The days asked for, if the index can answer for them. */
  covers({ range }: Pick<IndexRequest, 'range'>, { tenants }: QueryContext): DayRange | undefined {
    const days = daysOf(range)
    if (this.#state !== 'complete' || tenants.length !== 1) return undefined
    return days.first >= this.#firstDay && days.last < this.#firstDay + HELD_DAYS ? days : undefined
  }

  /** The first of the days that the index answers for. */
  get firstDay(): number {
    return this.#firstDay
  }

  /** The series of a tenant. Reads are of what is there when they begin. */
  of({ tenants }: QueryContext): TenantIndex {
    return this.#tenants.get(tenants[0] ?? '') ?? new TenantIndex(this.#firstDay)
  }

  /** To be called with every block once it is stored. */
  noteWritten(blocks: readonly MetricBlock[]): void {
    if (this.#state === 'off') return
    for (const { tenant, series } of blocks) {
      if (series.length === 0) continue
      for (const entry of series) {
        if (entry.day >= this.#firstDay + HELD_DAYS) return this.reset(entry.day)
        this.#tenant(tenant).add(entry)
      }
    }
    this.#maintain()
  }

  /** To be called before and after series of days that the range touches are taken from the index in the engine. */
  noteRemoved(range: TimeRange): void {
    if (daysOf(range).last >= this.#firstDay) this.reset()
  }

  /** Forgets everything and reads it again. `newestDay`: a day that series are written on, today if not said. */
  reset(newestDay: number = this.#today()): void {
    if (this.#state === 'off') return
    const tenants = this.#startOver(newestDay - DAYS_BEFORE)
    const sinceMs = performance.now()
    this.filled = this.filled.then(() => this.#fill(tenants, sinceMs))
  }

  /** Series that hold any of the matcher sets, in no order, at most `most`. */
  async find(
    { matcherSets }: Pick<IndexRequest, 'matcherSets'>,
    days: DayRange,
    { tenants, signal }: QueryContext,
    most: number,
  ): Promise<KnownSeries[]> {
    const index = this.#tenants.get(tenants[0] ?? '')
    const refs: number[] = []
    if (index === undefined) return []
    await inSlices(
      index.find(matcherSets, days, (ref) => refs.push(ref) < most),
      signal,
    )
    return refs.map((ref) => index.known(ref))
  }

  /** Values of a label, or the names of labels where `label` is absent, over the series that match. Sorted, at most `limit` unless 0. */
  async texts(
    { matcherSets, limit }: IndexRequest,
    days: DayRange,
    { tenants, signal }: QueryContext,
    label?: string,
  ): Promise<string[]> {
    const index = this.#tenants.get(tenants[0] ?? '')
    const found = index === undefined ? [] : [...(await inSlices(index.texts(matcherSets, days, label), signal))].sort()
    return limit > 0 ? found.slice(0, limit) : found
  }

  close(): void {
    this.#closing.abort()
    this.#state = 'off'
    this.#tenants = new Map()
  }

  #today(): number {
    return Math.floor(this.#options.clock() / MS_PER_DAY)
  }

  #tenant(name: string): TenantIndex {
    let tenant = this.#tenants.get(name)
    if (tenant === undefined) this.#tenants.set(name, (tenant = new TenantIndex(this.#firstDay)))
    return tenant
  }

  #startOver(firstDay: number): ReadonlyMap<string, TenantIndex> {
    this.#state = 'filling'
    this.#firstDay = firstDay
    this.#tenants = new Map()
    return this.#tenants
  }

  /** Reads what is stored into `tenants`, unless the index starts over meanwhile. `sinceMs` as in `untilInsertsEnded`, or 0. */
  async #fill(tenants: ReadonlyMap<string, TenantIndex>, sinceMs: number): Promise<void> {
    const { client, started, telemetry } = this.#options
    const { signal } = this.#closing
    const isCurrent = (): boolean => this.#tenants === tenants && this.#state === 'filling' && !signal.aborted
    const isStarted = await started.then(
      () => true,
      () => false,
    )
    while (isStarted && isCurrent()) {
      try {
        if (sinceMs > 0) await untilInsertsEnded(client, sinceMs, signal)
        await this.#read(isCurrent)
        if (isCurrent()) this.#state = 'complete'
      } catch (error) {
        if (!isCurrent()) return
        telemetry.log('warn', 'cannot read the index of recent series yet', { error })
        await pause(RETRY_AFTER_MS, undefined, { signal, ref: false }).catch(() => {})
      }
    }
  }

  async #read(isCurrent: () => boolean): Promise<void> {
    const cache = new SeriesCache({ limit: 10_000 })
    const sql = 'SELECT tenant, day, id, metric, labels FROM series WHERE day >= {first:UInt32}'
    const options = { params: { first: Math.max(0, this.#firstDay) }, settings: SMALL_BLOCKS }
    for await (const block of this.#options.client.stream(sql, options)) {
      if (!isCurrent()) return
      const names = block.strings('tenant')
      const days = block.numbers('day')
      for (const [row, { id, labels }] of seriesOfBlock(block, cache).entries()) {
        this.#tenant(names[row]!).add({ id, labels, day: days[row]! })
      }
      this.#maintain()
    }
  }

  #giveUp(bytes: number): void {
    const { maxBytes, telemetry } = this.#options
    telemetry.log('warn', 'the index of recent series takes too much memory: the engine answers for it', { bytes, maxBytes })
    this.#state = 'off'
    this.#tenants = new Map()
  }

  #maintain(): void {
    const { maxBytes } = this.#options
    const bytes = this.byteLength
    this.#bytes.set(bytes)
    this.#series.set([...this.#tenants.values()].reduce((sum, { series }) => sum + series, 0))
    if (bytes > maxBytes) {
      this.#giveUp(bytes)
      return
    }
    if (this.#work !== undefined || this.#closing.signal.aborted) return
    const waiting = [...this.#tenants.values()].filter(({ needsPostings }) => needsPostings)
    if (waiting.length === 0) return
    this.#work = this.#makePostings(waiting).finally(() => {
      this.#work = undefined
    })
  }

  async #makePostings(waiting: readonly TenantIndex[]): Promise<void> {
    for (const tenant of waiting) await inSlices(tenant.makePostings())
  }
}

const RETRY_AFTER_MS = 2_000
// Today, yesterday, and the day before it: what dashboards show and rules look at.
const DAYS_BEFORE = 2
// 2,048 rows: making the labels of a block holds the thread for some milliseconds.
const SMALL_BLOCKS: Readonly<Record<string, number>> = { max_block_size: 2_048, max_threads: 1 }
