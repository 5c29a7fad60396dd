// Adaptive group commit: requests share inserts, so that the engine's price per row falls as load rises.

import { OrielError, silentTelemetry } from '@oriel/model'
import type { Telemetry } from '@oriel/model'
import { IngestError } from './errors.ts'

/** What the queue must know of one signal's blocks. */
export interface BlockKind<Block extends object> {
  /** Names the queue in metrics and messages. */
  readonly signal: 'metrics' | 'logs' | 'traces'
  /** Makes an empty block. */
  make(tenant: string): Block
  /** Rows held, for metrics. */
  rows(block: Block): number
  /** Bytes held, about; must grow whenever something was added that needs a commit (index entries and metadata too). */
  bytes(block: Block): number
  /** Remembers the block's length; the function it returns cuts the block back to it. */
  checkpoint(block: Block): () => void
  /**
   * Told once per block when its commit is over, before `reset`: what the block brought into the index (series, streams, resources)
   * is known to the store from now on when `isStored`, and must come again with the next rows that need it when not.
   */
  settled(block: Block, isStored: boolean): void
  /** Empties the block for its next use, dictionaries included. Its arrays stay, so that a busy tenant allocates nothing. */
  reset(block: Block): void
  /** One commit of blocks of several tenants. Rejects as `Sink` does. */
  write(blocks: readonly Block[]): Promise<void>
  /**
   * Resolves once the engine answers again after STORE_UNAVAILABLE, having learnt which requests it holds; rejects while it does not.
   */
  recover(): Promise<void>
}

/** Sizes and times of a queue. */
export interface BatchLimits {
  /** A block stays open at least this long, so that requests arriving together share an insert. */
  readonly minWaitMs: number
  /** A block closes at this size even when the writer is busy. */
  readonly maxBlockBytes: number
  /** Above this many bytes waiting or being written, new requests are refused. */
  readonly maxQueuedBytes: number
  /** Requests that wait for an engine that is down are refused after this time. */
  readonly maxOutageWaitMs: number
}

export const DEFAULT_BATCH_LIMITS: BatchLimits = {
  // 20 ms: an idle server answers in tens of ms; below it, a light load makes one part a request.
  minWaitMs: 20,
  // 32 MiB: about 100k log records or 1M samples, past which the engine's price per row hardly falls.
  maxBlockBytes: 32 * 2 ** 20,
  // 128 MiB: four full blocks, about a second of a full engine.
  maxQueuedBytes: 128 * 2 ** 20,
  // 8 s: an engine restart takes about one; senders time out at 10 s.
  maxOutageWaitMs: 8_000,
}

/**
 * One signal's way to the engine: one open block a tenant, one insert at a time.
 *
 * Blocks belong to the queue and are reused: a decoder may touch its block only until it returns.
 */
export class CommitQueue<Block extends object> {
  readonly #kind: BlockKind<Block>
  readonly #limits: BatchLimits
  readonly #meters: Meters
  readonly #spare = new Map<string, Block>()
  readonly #peakBytes = new WeakMap<Block, number>()
  #spareBytes = 0
  #open: Batch<Block> = makeBatch()
  #closed: Batch<Block>[] = []
  readonly #unsettled = new Set<Batch<Block>>()
  #queuedBytes = 0
  #isWriting = false
  #isClosing = false
  #lastCommitEndMs = 0
  #lastCommitMs = 0
  #outage: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #timerMs = 0

  constructor(
    kind: BlockKind<Block>,
    { limits = DEFAULT_BATCH_LIMITS, telemetry = silentTelemetry }: { limits?: BatchLimits; telemetry?: Telemetry } = {},
  ) {
    this.#kind = kind
    this.#limits = limits
    this.#meters = makeMeters(telemetry)
  }

  /**
   * Runs `decode` at once on the tenant's open block and resolves with its result after the commit that contains its rows.
   *
   * `waitMs` is how long the block may stay open for others at least; who can wait makes larger blocks, and those cost less a row.
   * When `decode` throws, the block is cut back and the error passed on: a request is in whole or not at all. Rejects with
   * `IngestError` INGEST_OVERLOADED, INGEST_UNAVAILABLE (the outcome may be unknown), INGEST_FULL, INGEST_CLOSED or INGEST_FAILED.
   */
  async append<Result>(
    tenant: string,
    decode: (block: Block) => Result,
    { waitMs = this.#limits.minWaitMs }: { readonly waitMs?: number } = {},
  ): Promise<Result> {
    this.#admit()
    const batch = this.#open
    const block = this.#blockOf(batch, tenant)
    const bytesBefore = this.#kind.bytes(block)
    const rowsBefore = this.#kind.rows(block)
    const rollBack = this.#kind.checkpoint(block)
    let result: Result
    try {
      result = decode(block)
    } catch (error) {
      rollBack()
      throw error
    }
    const added = this.#kind.bytes(block) - bytesBefore
    if (added === 0) return result
    if (batch.bytes === 0) this.#unsettled.add(batch)
    batch.dueMs = Math.min(batch.dueMs, performance.now() + waitMs)
    batch.bytes += added
    batch.rows += this.#kind.rows(block) - rowsBefore
    this.#hold(added)
    this.#schedule()
    await batch.committed.promise
    return result
  }

  /** Bytes that wait or are being written. */
  get queuedBytes(): number {
    return this.#queuedBytes
  }

  /** Whether requests are refused because the engine does not answer. */
  get isDown(): boolean {
    return this.#outage !== undefined
  }

  /** Resolves when the queue is not, or no longer, waiting for the engine. */
  async untilUp(): Promise<void> {
    while (this.#outage !== undefined) await this.#outage
  }

  /** Resolves when everything that is held now is written, or was refused. */
  async written(): Promise<void> {
    await Promise.allSettled([...this.#unsettled].map((batch) => batch.committed.promise))
  }

  /** Refuses new requests, writes what is held, resolves when the last waiter is answered. */
  async close(): Promise<void> {
    this.#isClosing = true
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#schedule()
    await this.written()
  }

  #admit(): void {
    const { signal } = this.#kind
    if (this.#isClosing)
      throw new IngestError('INGEST_CLOSED', `cannot accept ${signal}: shutting down`, { retryAfterSeconds: 5 })
    if (this.#outage !== undefined)
      throw new IngestError('INGEST_UNAVAILABLE', `cannot accept ${signal}: the engine is restarting`, { retryAfterSeconds: 1 })
    if (this.#queuedBytes >= this.#limits.maxQueuedBytes)
      throw new IngestError(
        'INGEST_OVERLOADED',
        `cannot accept ${signal}: ${this.#queuedBytes} bytes wait for the engine, limit ${this.#limits.maxQueuedBytes}`,
        { retryAfterSeconds: 1 },
      )
  }

  #blockOf(batch: Batch<Block>, tenant: string): Block {
    const open = batch.blocks.get(tenant)
    if (open !== undefined) return open
    const block = this.#dropSpare(tenant) ?? this.#kind.make(tenant)
    batch.blocks.set(tenant, block)
    return block
  }

  #hold(bytes: number): void {
    this.#queuedBytes += bytes
    this.#meters.queued.set(this.#queuedBytes, { signal: this.#kind.signal })
  }

  /** Writes the next batch when the writer is free and the batch is due, or sets the timer for when it is. */
  #schedule(): void {
    if (this.#open.bytes >= this.#limits.maxBlockBytes) this.#closeOpen()
    if (this.#isWriting || this.#outage !== undefined) return
    const due = this.#closed.shift()
    if (due !== undefined) {
      void this.#commit(due)
      return
    }
    if (this.#open.bytes === 0) return
    const dueMs = this.#isClosing ? 0 : this.#dueMs()
    if (this.#timer !== undefined) {
      if (dueMs >= this.#timerMs) return
      clearTimeout(this.#timer)
      this.#timer = undefined
    }
    const leftMs = dueMs - performance.now()
    if (leftMs <= 0) {
      const batch = this.#open
      this.#open = makeBatch()
      void this.#commit(batch)
      return
    }
    this.#timerMs = dueMs
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#schedule()
    }, Math.ceil(leftMs))
  }

  /**
   * When the open block is to be written: after the minimum wait, and, unless it is large already, a little after the last commit, so
   * that senders just answered can be in it too. A commit that took long earns a longer wait, as it costs more to repeat.
   */
  #dueMs(): number {
    const { maxBlockBytes } = this.#limits
    const { dueMs } = this.#open
    if (LARGE_SHARE * this.#open.bytes >= maxBlockBytes) return dueMs
    return Math.max(dueMs, this.#lastCommitEndMs + Math.min(LINGER_SHARE * this.#lastCommitMs, MAX_LINGER_MS))
  }

  #closeOpen(): void {
    this.#closed.push(this.#open)
    this.#open = makeBatch()
  }

  async #commit(batch: Batch<Block>): Promise<void> {
    const { signal } = this.#kind
    this.#isWriting = true
    const startMs = performance.now()
    let failure: IngestError | undefined
    try {
      await this.#kind.write([...batch.blocks.values()])
    } catch (error) {
      failure = commitError(signal, error)
      this.#meters.failures.add(1, { signal, code: failure.code })
    }
    this.#lastCommitEndMs = performance.now()
    this.#lastCommitMs = this.#lastCommitEndMs - startMs
    this.#meters.seconds.observe(this.#lastCommitMs / 1_000, { signal })
    this.#meters.rows.observe(batch.rows, { signal })
    for (const [tenant, block] of batch.blocks) this.#recycle(tenant, block, failure === undefined)
    this.#isWriting = false
    this.#settle(batch, failure)
    if (failure?.code === 'INGEST_UNAVAILABLE') this.#startOutage()
    this.#schedule()
  }

  #settle(batch: Batch<Block>, failure: IngestError | undefined): void {
    this.#hold(-batch.bytes)
    this.#unsettled.delete(batch)
    if (failure === undefined) batch.committed.resolve()
    else batch.committed.reject(failure)
  }

  #recycle(tenant: string, block: Block, isStored: boolean): void {
    this.#kind.settled(block, isStored)
    const heldBytes = this.#kind.bytes(block)
    this.#kind.reset(block)
    // A block's arrays never shrink: it is worth what it held at most.
    const peakBytes = Math.max(heldBytes, this.#peakBytes.get(block) ?? 0)
    this.#peakBytes.set(block, peakBytes)
    this.#dropSpare(tenant)
    for (const oldest of this.#spare.keys()) {
      if (this.#spareBytes + peakBytes <= this.#limits.maxQueuedBytes) break
      this.#dropSpare(oldest)
    }
    if (peakBytes > this.#limits.maxQueuedBytes) return
    this.#spare.set(tenant, block)
    this.#spareBytes += peakBytes
  }

  #dropSpare(tenant: string): Block | undefined {
    const block = this.#spare.get(tenant)
    if (block === undefined) return undefined
    this.#spare.delete(tenant)
    this.#spareBytes -= this.#peakBytes.get(block) ?? 0
    return block
  }

  #startOutage(): void {
    if (this.#outage !== undefined) return
    this.#outage = this.#waitForEngine().finally(() => {
      this.#outage = undefined
      this.#schedule()
    })
  }

  async #waitForEngine(): Promise<void> {
    const sinceMs = performance.now()
    let pauseMs = FIRST_PROBE_MS
    for (;;) {
      try {
        await this.#kind.recover()
        return
      } catch {
        if (this.#isClosing || performance.now() - sinceMs > this.#limits.maxOutageWaitMs) this.#refuseWaiting()
        if (this.#isClosing) return
        await new Promise((resolve) => setTimeout(resolve, pauseMs).unref())
        pauseMs = Math.min(2 * pauseMs, LAST_PROBE_MS)
      }
    }
  }

  /** Answers those who wait for an engine that stays away. Nothing of theirs was sent to it. */
  #refuseWaiting(): void {
    const { signal } = this.#kind
    const refused = [...this.#closed, this.#open]
    this.#closed = []
    this.#open = makeBatch()
    for (const batch of refused) {
      for (const [tenant, block] of batch.blocks) this.#recycle(tenant, block, false)
      this.#settle(
        batch,
        new IngestError('INGEST_UNAVAILABLE', `cannot store ${signal}: the engine does not answer`, { retryAfterSeconds: 5 }),
      )
    }
  }
}

interface Batch<Block extends object> {
  readonly blocks: Map<string, Block>
  readonly committed: PromiseWithResolvers<void>
  /** When the least patient of its waiters wants it written. */
  dueMs: number
  bytes: number
  rows: number
}

// A quarter: four senders of 2,000 records then share commits four by four instead of two by two, at 0.6 of the engine's CPU.
const LINGER_SHARE = 0.25
const MAX_LINGER_MS = 100
// From a quarter of the largest block on, the price per row hardly falls.
const LARGE_SHARE = 4
// The engine restarts in about a second: ask soon, then less often.
const FIRST_PROBE_MS = 50
const LAST_PROBE_MS = 1_000

interface Meters {
  readonly queued: ReturnType<Telemetry['gauge']>
  readonly failures: ReturnType<Telemetry['counter']>
  readonly seconds: ReturnType<Telemetry['histogram']>
  readonly rows: ReturnType<Telemetry['histogram']>
}

function makeMeters(telemetry: Telemetry): Meters {
  return {
    queued: telemetry.gauge('oriel_ingest_queued_bytes', 'Bytes that wait for the engine or are being written'),
    failures: telemetry.counter('oriel_ingest_commit_failures_total', 'Group commits that failed, by error code'),
    seconds: telemetry.histogram('oriel_ingest_commit_seconds', 'Time of one group commit'),
    rows: telemetry.histogram(
      'oriel_ingest_commit_rows',
      'Rows of one group commit',
      [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000],
    ),
  }
}

function makeBatch<Block extends object>(): Batch<Block> {
  const committed = Promise.withResolvers<void>()
  // Every waiter handles its own rejection; a batch that was closed without any must not end the process.
  committed.promise.catch(() => {})
  return { blocks: new Map(), committed, dueMs: Infinity, bytes: 0, rows: 0 }
}

function commitError(signal: string, cause: unknown): IngestError {
  const code = cause instanceof OrielError ? cause.code : ''
  if (code === 'STORE_UNAVAILABLE')
    return new IngestError('INGEST_UNAVAILABLE', `cannot store ${signal}: the engine went away during the commit`, {
      cause,
      retryAfterSeconds: 1,
    })
  if (code === 'STORE_FULL')
    return new IngestError('INGEST_FULL', `cannot store ${signal}: the disk has no room`, { cause, retryAfterSeconds: 30 })
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new IngestError('INGEST_FAILED', `cannot store ${signal}: ${reason}`, { cause })
}
