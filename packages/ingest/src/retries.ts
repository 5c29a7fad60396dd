// Recognising retries of logs and traces, so that a request stored once is never stored twice.
//
// A request is its decompressed body, hashed with tenant and signal. Its rows carry `requestId`: that hash mixed with the day (UTC) of
// the row's time, because the store's unit of all-or-nothing is one part, and a part never holds rows of two days. After a torn insert
// a retry is therefore told day by day: days that are stored are skipped, the others are written.
//
// Rows whose time is the moment of arrival carry 0 and are never skipped: two equal bodies without times may well be two events.

import { hash } from 'node:crypto'
import type { Clock } from '@oriel/model'
import { RETRY_WINDOW_MS } from '@oriel/store'
import type { CommitQueue } from './batch.ts'
import { IngestError } from './errors.ts'

/** What one request is called in its rows. A decoder asks `select` for each row's day, skips the row when `isStored`, else stamps it. */
export class RequestRows {
  low = 0
  high = 0
  /** Whether rows of the selected day are in the store already. */
  isStored = false
  /** Whether there were rows without a time of their own, which cannot be recognised. */
  hasUnnamed = false
  readonly #base: bigint
  readonly #recent: RecentIds
  readonly #idOfDay = new Map<number, bigint>()
  #day = -1

  constructor(base: bigint, recent: RecentIds) {
    this.#base = base
    this.#recent = recent
  }

  /** Makes `low`, `high` and `isStored` those of rows of `day` (days since 1970). */
  select(day: number): void {
    if (day === this.#day) return
    this.#day = day
    let id = this.#idOfDay.get(day)
    if (id === undefined) {
      id = mixed(this.#base, day)
      this.#idOfDay.set(day, id)
    }
    this.low = Number(id & 0xffff_ffffn)
    this.high = Number(id >> 32n)
    this.isStored = this.#recent.has(id)
  }

  /** Days selected so far, and whether `day` is one of them or there is room for it. */
  admits(day: number, maxDays: number): boolean {
    return day === this.#day || this.#idOfDay.size < maxDays || this.#idOfDay.has(day)
  }

  /** For a row whose time is the moment of arrival: it gets no id and is never skipped. */
  selectNone(): void {
    this.#day = -1
    this.low = 0
    this.high = 0
    this.isStored = false
    this.hasUnnamed = true
  }

  /** The ids of every day selected so far. */
  get ids(): Iterable<bigint> {
    return this.#idOfDay.values()
  }
}

/**
 * The 64-bit hash that names a request, never 0.
 *
 * Source text is the bytes after decompression, so that a sender that compresses anew is recognised too.
 */
export function requestBase(signal: string, tenant: string, body: Uint8Array): bigint {
  // SHA-256, as identity in the store: chosen bodies must not pass for one another. About 60 us for 100 KB.
  const bodyHash = hash('sha256', body, 'buffer')
  const named = hash('sha256', `${signal}\u{1}${tenant}\u{1}${bodyHash.toString('latin1')}`, 'buffer')
  return named.readBigUInt64LE(0)
}

function mixed(base: bigint, day: number): bigint {
  // An odd multiplier is a bijection on 64 bits: two days of one request never meet. 0 stands for "no id".
  const id = BigInt.asUintN(64, base + BigInt(day + 1) * 0x9e37_79b9_7f4a_7c15n)
  return id === 0n ? 1n : id
}

/** Ids of the last `RETRY_WINDOW_MS`: added on commit and after engine restarts, forgotten by generation. */
export class RecentIds {
  readonly #now: Clock
  #generations: Set<bigint>[] = Array.from({ length: GENERATIONS }, () => new Set())
  #rotatedMs: number

  constructor(now: Clock) {
    this.#now = now
    this.#rotatedMs = now()
  }

  has(id: bigint): boolean {
    return this.#generations.some((generation) => generation.has(id))
  }

  add(ids: Iterable<bigint>): void {
    this.#rotate()
    const newest = this.#generations[0]
    if (newest === undefined || newest.size >= MAX_IDS) return
    for (const id of ids) newest.add(id)
  }

  get size(): number {
    return this.#generations.reduce((sum, generation) => sum + generation.size, 0)
  }

  #rotate(): void {
    const halfMs = RETRY_WINDOW_MS / 2
    const steps = Math.floor((this.#now() - this.#rotatedMs) / halfMs)
    if (steps <= 0) return
    this.#rotatedMs += steps * halfMs
    for (let i = 0; i < Math.min(steps, GENERATIONS); i++) this.#generations = [new Set(), ...this.#generations.slice(0, -1)]
  }
}

// Three, each half a window long: an id stays at least one window and at most one and a half.
const GENERATIONS = 3
// 1M ids a generation (about 50 MB): 2,200 requests a second for a whole generation. Above that, retries after minutes may add twice.
const MAX_IDS = 1_000_000
// 5 s: an engine restart takes about one, and senders give up at ten.
const MAX_UNKNOWN_MS = 5_000

/** A queue for signals whose rows do not collapse by key: requests stored lately, or being stored now, are recognised. */
export class RetryingQueue<Block extends object, Result> {
  readonly #queue: CommitQueue<Block>
  readonly #recent: RecentIds
  readonly #inFlight = new Map<bigint, Promise<Result>>()

  constructor(queue: CommitQueue<Block>, recent: RecentIds) {
    this.#queue = queue
    this.#recent = recent
  }

  /**
   * `CommitQueue.append` for the request named `base`; the same request twice at one time shares one commit and result.
   *
   * `decode` stamps its rows by `rows`. When the engine goes away during the commit the outcome is unknown until it is back and was
   * asked: then the request counts as stored when all its days are, and fails as it did otherwise.
   */
  append(tenant: string, base: bigint, decode: (block: Block, rows: RequestRows) => Result): Promise<Result> {
    const running = this.#inFlight.get(base)
    if (running !== undefined) return running
    const stored = this.#append(tenant, base, decode).finally(() => this.#inFlight.delete(base))
    this.#inFlight.set(base, stored)
    return stored
  }

  async #append(tenant: string, base: bigint, decode: (block: Block, rows: RequestRows) => Result): Promise<Result> {
    const rows = new RequestRows(base, this.#recent)
    let decoded: { readonly result: Result } | undefined
    try {
      const result = await this.#queue.append(tenant, (block) => {
        const value = decode(block, rows)
        decoded = { result: value }
        return value
      })
      this.#recent.add(rows.ids)
      return result
    } catch (error) {
      if (decoded === undefined || !(error instanceof IngestError) || error.code !== 'INGEST_UNAVAILABLE') throw error
      await Promise.race([this.#queue.untilUp(), new Promise((resolve) => setTimeout(resolve, MAX_UNKNOWN_MS).unref())])
      if (!this.#isWhole(rows)) throw error
      return decoded.result
    }
  }

  #isWhole(rows: RequestRows): boolean {
    if (rows.hasUnnamed) return false
    for (const id of rows.ids) if (!this.#recent.has(id)) return false
    return true
  }
}
