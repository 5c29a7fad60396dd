import type { Telemetry } from '@oriel/model'
import { FIRST_SAMPLE_MS, MS_PER_HOUR } from '@oriel/model'
import { inSlices } from '@oriel/store'
import { setTimeout as pause } from 'node:timers/promises'
import { Bindings } from '../../conditions.ts'
import type { EngineClient } from '../../engine/client.ts'
import type { SampleJournal } from '../journal/journal.ts'
import { RANK } from '../series-choice.ts'
import { timeConditions } from '../selection.ts'
import { untilInsertsEnded } from './inserts.ts'
import type { RecentWindow } from './recent-window.ts'
import { sealTail } from './seal.ts'
import { Tail } from './tail.ts'
import { sliceOf, sliceStartMs } from './time-slices.ts'

/** What filling needs beside the engine. */
export interface FillOptions {
  readonly now: () => number
  readonly telemetry: Telemetry
  /** Resolves when the engine can be asked for the first time. */
  readonly started: Promise<void>
  /** What samples are written by way of, where there is one. */
  readonly journal?: SampleJournal
}

/** Fills the window from the engine in the background: after a start, and whenever it had to be emptied. */
export interface WindowFiller {
  /** Fills again: the window was emptied. */
  refill(): void
  /** Resolves when the window is as full as filling makes it. */
  readonly filled: Promise<void>
  close(): void
}

/** Starts filling at once. Queries are answered by the engine until it is done. */
export function openFiller(client: EngineClient, window: RecentWindow, options: FillOptions): WindowFiller {
  return new Filler(client, window, options)
}

class Filler implements WindowFiller {
  filled: Promise<void>
  readonly #client: EngineClient
  readonly #window: RecentWindow
  readonly #options: FillOptions
  readonly #closing = new AbortController()

  constructor(client: EngineClient, window: RecentWindow, options: FillOptions) {
    this.#client = client
    this.#window = window
    this.#options = options
    this.filled = this.#fillUntilDone(0)
  }

  refill(): void {
    this.filled = this.filled.then(() => this.#fillUntilDone(performance.now()))
  }

  close(): void {
    this.#closing.abort()
  }

  /** `sinceMs`: inserts that began before it must have ended, by `performance.now()`; 0 for a start, when there are none. */
  async #fillUntilDone(sinceMs: number): Promise<void> {
    const { signal } = this.#closing
    const { started, telemetry } = this.#options
    const isStarted = await started.then(
      () => true,
      () => false,
    )
    for (let pauseMs = FIRST_PAUSE_MS; isStarted && !signal.aborted; pauseMs = Math.min(2 * pauseMs, LAST_PAUSE_MS)) {
      try {
        if (sinceMs > 0) await untilInsertsEnded(this.#client, sinceMs, signal)
        await this.#fill()
        return
      } catch (error) {
        if (signal.aborted) return
        telemetry.log('warn', 'cannot fill the window of recent samples yet', { error })
        await pause(pauseMs, undefined, { signal, ref: false }).catch(() => {})
      }
    }
  }

  /** Slice by slice, the latest first, so that the window serves what it has while it grows. */
  async #fill(): Promise<void> {
    const window = this.#window
    // Before the store is asked: a write that it does not show yet must not be passed over here.
    const { epoch } = window
    const holdsAll = window.prepareOlder(FIRST_SAMPLE_MS)
    await this.#options.journal?.move()
    const [any] = await this.#client.query('SELECT 1 AS one FROM samples LIMIT 1')
    if (window.epoch !== epoch) throw new Error('the window was emptied while it was filled')
    if (holdsAll && (any?.rows ?? 0) === 0) {
      window.completeFrom(FIRST_SAMPLE_MS)
      return
    }
    const newest = sliceOf(this.#options.now())
    for (let slice = newest; slice >= newest - FILLED_SLICES; slice--) {
      const isDone = FILLED_SHARE * window.byteLength > window.maxBytes || this.#closing.signal.aborted
      if (isDone || !(await this.#fillSlice(slice, slice === newest))) return
    }
  }

  /** Everything of a slice that the window does not have yet; with everything after it for the first. */
  async #fillSlice(slice: number, isNewest: boolean): Promise<boolean> {
    const window = this.#window
    const { epoch } = window
    const fromMs = sliceStartMs(slice)
    if (!window.prepareOlder(fromMs)) return false
    const untilMs = Math.min(window.completeFromMs, isNewest ? Infinity : sliceStartMs(slice + 1))
    await this.#options.journal?.moved({ startMs: fromMs, endMs: LAST_MS })
    for (const piece of await this.#pieces(fromMs, untilMs)) {
      if (!(await this.#fillPiece(piece, epoch, false))) await this.#fillPiece(piece, epoch, true)
    }
    // Looked at last, since nothing may have been read: then it is not known to be complete.
    if (window.epoch !== epoch) throw new Error('the window was emptied while it was filled')
    window.completeFrom(fromMs)
    return true
  }

  /** What to read, in pieces of bounded size. */
  async #pieces(fromMs: number, untilMs: number): Promise<Piece[]> {
    const bindings = new Bindings()
    const range = { startMs: fromMs, endMs: Math.min(untilMs - 1, LAST_MS) }
    const sql = `SELECT tenant, count() AS rows, toUnixTimestamp64Milli(max(t)) AS newest FROM samples
WHERE ${timeConditions(range, bindings).join(' AND ')} GROUP BY tenant`
    const pieces: Piece[] = []
    for (const block of await this.#client.query(sql, { params: bindings.params })) {
      const rows = block.numbers('rows')
      const newest = block.numbers('newest')
      for (const [i, tenant] of block.strings('tenant').entries()) {
        const count = Math.ceil(rows[i]! / PIECE_ROWS)
        const lengthMs = Math.ceil((newest[i]! - fromMs + 1) / count)
        for (let n = 0; n < count; n++) {
          const startMs = fromMs + n * lengthMs
          // The last piece is open to the end: more may have been written since.
          pieces.push({ tenant, startMs, endMs: n === count - 1 ? range.endMs : startMs + lengthMs - 1 })
        }
      }
    }
    return pieces
  }

  /** False, with nothing added, when two values of one time need to be told apart by their order of writing. */
  async #fillPiece({ tenant, startMs, endMs }: Piece, epoch: number, isRanked: boolean): Promise<boolean> {
    const bindings = new Bindings()
    const ofTenant = `tenant = ${bindings.text(tenant)}`
    const sql = `SELECT series_id AS id, toUnixTimestamp64Milli(t) AS at, value${isRanked ? `, ${RANK}` : ''} FROM samples
WHERE ${[ofTenant, ...timeConditions({ startMs, endMs }, bindings)].join(' AND ')}${isRanked ? ' ORDER BY rank' : ''}`
    const window = this.#window.tenant(tenant)
    const tail = new Tail()
    window.beginOlder(tail)
    try {
      for await (const block of this.#client.stream(sql, { params: bindings.params, settings: ONE_THREAD })) {
        if (this.#window.epoch !== epoch || this.#closing.signal.aborted) throw new Error('the window is no longer filled')
        const { buffer, byteOffset, length } = block.doubles('value')
        const values = new Uint32Array(buffer, byteOffset, 2 * length)
        window.appendOlder(tail, { rows: block.rows, ids: block.words('id'), times: block.words('at'), values })
      }
      const sealed = await inSlices(sealTail(tail, -Infinity))
      if (sealed.hasConflict && !isRanked) return false
      if (this.#window.epoch === epoch && tail.rows > 0) window.addOlder(tail, sealed)
      return true
    } finally {
      window.abandon(tail)
    }
  }
}

interface Piece {
  readonly tenant: string
  readonly startMs: number
  readonly endMs: number
}

// 4 slices: the last hour.
const FILLED_SLICES = MS_PER_HOUR / 900_000
// Half of the memory: the rest is for what comes.
const FILLED_SHARE = 2
// 2,000,000 rows: 48 MB while a piece is read.
const PIECE_ROWS = 2_000_000
const FIRST_PAUSE_MS = 1_000
const LAST_PAUSE_MS = 60_000
const LAST_MS = Date.UTC(2299, 11, 31)
// Filling is in the background: queries and writes come first.
const ONE_THREAD: Readonly<Record<string, number>> = { max_threads: 1 }
