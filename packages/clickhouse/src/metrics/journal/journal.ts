import type { MetricBlock, Telemetry, TimeRange } from '@oriel/model'
import { bug } from '@oriel/model'
import type { EngineClient } from '../../engine/client.ts'
import { nativeBlock, numbersField, stringsField, wordListsField } from '../../native/index.ts'
import { sampleBlock } from '../sample-block.ts'
import { untilInsertsEnded } from '../window/inserts.ts'
import type { TenantChunk } from './generation.ts'
import { Generation } from './generation.ts'
import { WordPool } from './word-pool.ts'

/** What the journal needs beside the engine. */
export interface JournalOptions {
  readonly telemetry: Telemetry
  /** To be told, before samples move and again after, which hours (since 1970) change in `samples`. */
  readonly noteMoving: (hours: ReadonlySet<number>) => void
  /** Rows that move at once; 2M if not said, up to twice as many of very many series. */
  readonly moveRows?: number
}

/**
 * Takes samples in commit by commit and moves them into `samples` in large sorted blocks, which cost the engine a fifth a row.
 *
 * A commit is one row of `samples_journal` a tenant: on disk, but not in an order that could be queried. Recent samples are read from
 * the window; whoever reads `samples` of a time calls `moved` first. What a process that died had not moved, the next one does. Only for a
 * store that this process alone writes to.
 */
export class SampleJournal {
  readonly #client: EngineClient
  readonly #options: JournalOptions
  readonly #moveRows: number
  readonly #closing = new AbortController()
  readonly #pool = new WordPool()
  #open: Generation
  /** Oldest first; the first is being moved. */
  #closed: Generation[] = []
  #isReplayed = false
  #moving: Promise<void> | undefined
  #inserting: Promise<void> = Promise.resolve()
  /** When the open generation is to be closed, whatever it holds. */
  #turnTimer: NodeJS.Timeout | undefined
  /** How often the open generation was left open for more. */
  #waits = 0
  /** When the last samples came, by `performance.now()`. */
  #lastMs = -Infinity
  #retryTimer: NodeJS.Timeout | undefined

  constructor(client: EngineClient, options: JournalOptions) {
    this.#client = client
    this.#options = options
    this.#moveRows = options.moveRows ?? MOVE_ROWS
    this.#open = new Generation(nextNumber(), this.#pool)
  }

  /** Stores the samples of blocks; on disk when it resolves. Calls are carried out one after the other. */
  append(blocks: readonly MetricBlock[]): Promise<void> {
    const filled = blocks.filter(({ samples }) => samples.rows > 0)
    if (filled.length === 0) return Promise.resolve()
    return this.#inTurn(() => this.#append(filled))
  }

  /** Resolves once all that was appended of the range is in `samples`. Rejects as the engine does when it cannot be moved. */
  async moved({ startMs, endMs }: TimeRange): Promise<void> {
    const holds = [this.#open, ...this.#closed].some(({ rows, minMs, maxMs }) => rows > 0 && minMs <= endMs && maxMs >= startMs)
    if (holds || !this.#isReplayed) await this.move()
  }

  /** Moves all that was appended. */
  async move(): Promise<void> {
    await this.#inTurn(() => this.#turn())
    const last = this.#closed.at(-1)
    // What is being moved now may have begun before: look again after it.
    while (!this.#isReplayed || (last !== undefined && this.#closed.includes(last))) await this.#startMoving()
  }

  /** Moves what is left, as far as the engine still answers. Nothing may be appended any more. */
  async close(): Promise<void> {
    await this.move().catch(() => {})
    clearTimeout(this.#turnTimer)
    clearTimeout(this.#retryTimer)
    this.#closing.abort()
  }

  /** After everything that was begun before: a generation is not closed while something is on its way into it. */
  #inTurn(work: () => Promise<void> | void): Promise<void> {
    const done = this.#inserting.then(work)
    this.#inserting = done.catch(() => {})
    return done
  }

  async #append(blocks: readonly MetricBlock[]): Promise<void> {
    if (this.#closed.length >= MOST_CLOSED) await this.#startMoving()
    const generation = this.#open
    const chunks = blocks.map((block) => generation.chunkOf(block))
    const startMs = performance.now()
    try {
      await this.#client.insert('samples_journal', journalRows(generation, chunks))
    } catch (error) {
      // Later chunks must not build on the names in this one, nor must it come back after a restart: it was not acknowledged.
      generation.failedMs = startMs
      this.#turn()
      this.#schedule()
      throw error
    }
    for (const chunk of chunks) generation.add(chunk)
    this.#lastMs = startMs
    if (generation === this.#open && this.#isFull(generation)) this.#turn()
    this.#schedule()
  }

  /** Closes the open generation, if there is anything in it. */
  #turn(): void {
    const generation = this.#open
    if (generation.rows === 0 && generation.failedMs === undefined) return
    clearTimeout(this.#turnTimer)
    this.#turnTimer = undefined
    this.#waits = 0
    this.#closed.push(generation)
    this.#open = generation.next(nextNumber())
  }

  #schedule(): void {
    if (this.#closed.length > 0) this.#moveQuietly()
    if (this.#open.rows === 0) return
    const afterMs = this.#waits === 0 ? MOVE_AFTER_MS : GOES_ON_MS
    this.#turnTimer ??= setTimeout(() => {
      this.#turnTimer = undefined
      // Of few samples a series the next are worth waiting for, as long as they go on coming.
      if (!hasEnough(this.#open) && this.#waits < MOST_WAITS && performance.now() - this.#lastMs < GOES_ON_MS) {
        this.#waits++
        this.#schedule()
      } else void this.#inTurn(() => this.#turn()).then(() => this.#moveQuietly())
    }, afterMs).unref()
  }

  #isFull(generation: Generation): boolean {
    return generation.rows >= (hasEnough(generation) ? 1 : MOST_FACTOR) * this.#moveRows
  }

  #moveQuietly(): void {
    this.#startMoving().catch((error: unknown) => {
      if (this.#closing.signal.aborted) return
      this.#options.telemetry.log('warn', 'cannot move samples out of the journal yet', { error })
      this.#retryTimer ??= setTimeout(() => {
        this.#retryTimer = undefined
        this.#schedule()
      }, RETRY_AFTER_MS).unref()
    })
  }

  /** One move at a time: what is closed while it runs is part of it. */
  #startMoving(): Promise<void> {
    this.#moving ??= this.#moveClosed().finally(() => (this.#moving = undefined))
    return this.#moving
  }

  async #moveClosed(): Promise<void> {
    if (!this.#isReplayed) await this.#replay()
    for (let next = this.#closed[0]; next !== undefined; next = this.#closed[0]) {
      await this.#moveOne(next)
      this.#closed.shift()
    }
    // Nothing comes for now: what was needed is not kept for what may come.
    if (this.#open.rows === 0) this.#pool.clear()
  }

  async #moveOne(generation: Generation): Promise<void> {
    const { noteMoving, telemetry } = this.#options
    if (generation.rows > 0) {
      const startMs = performance.now()
      const hours = generation.hours()
      noteMoving(hours)
      try {
        await this.#client.insert('samples', samplePieces(generation), { settings: ONE_PART_A_DAY })
      } finally {
        noteMoving(hours)
      }
      telemetry
        .histogram('oriel_journal_move_seconds', 'Time of moving samples from the journal to their table')
        .observe((performance.now() - startMs) / 1_000)
    }
    if (generation.failedMs !== undefined) await untilInsertsEnded(this.#client, generation.failedMs, this.#closing.signal)
    await this.#drop(generation.number)
    generation.free()
  }

  /** Moves what processes before this one have left. */
  async #replay(): Promise<void> {
    const left: number[] = []
    const blocks = await this.#client.query('SELECT DISTINCT generation FROM samples_journal ORDER BY generation')
    for (const block of blocks) left.push(...block.numbers('generation'))
    const own = new Set([this.#open, ...this.#closed].map(({ number }) => number))
    for (const number of left) if (!own.has(number)) await this.#moveOne(await this.#readGeneration(number))
    this.#isReplayed = true
  }

  async #readGeneration(number: number): Promise<Generation> {
    const generation = new Generation(number, this.#pool)
    const sql = `SELECT tenant, words FROM samples_journal WHERE generation = {generation:UInt64} ORDER BY number`
    for await (const block of this.#client.stream(sql, { params: { generation: String(number) }, settings: ROW_BY_ROW })) {
      const { ends, items } = block.lists('words')
      if (items.kind !== 'number' || !(items.values instanceof Uint32Array)) return bug('samples_journal.words is not UInt32')
      const { values } = items
      for (const [i, tenant] of block.strings('tenant').entries())
        generation.restore(tenant, values.slice(i === 0 ? 0 : ends[i - 1]!, ends[i]))
    }
    return generation
  }

  async #drop(number: number): Promise<void> {
    await this.#client.command(`ALTER TABLE samples_journal DROP PARTITION ${number}`)
  }
}

/** Whether it has so many samples a series that more of them would hardly make a row cheaper. */
function hasEnough({ rows, named }: Generation): boolean {
  return rows >= ENOUGH_ROWS * named
}

let lastNumber = 0

/** Rises from process to process, as far as the clock does: a thousand generations fit into a millisecond. */
function nextNumber(): number {
  lastNumber = Math.max(lastNumber + 1, 1_000 * Date.now())
  return lastNumber
}

function journalRows(generation: Generation, chunks: readonly TenantChunk[]): Uint8Array[] {
  const { number } = generation
  return nativeBlock(chunks.length, [
    numbersField(
      'generation',
      chunks.map(() => number),
    ),
    numbersField(
      'number',
      chunks.map(() => generation.inserts++),
    ),
    stringsField(
      'tenant',
      chunks.map(({ tenant }) => tenant),
    ),
    wordListsField(
      'words',
      chunks.map(({ chunk }) => chunk.words),
    ),
  ])
}

async function* samplePieces(generation: Generation): AsyncGenerator<readonly Uint8Array[], void, undefined> {
  for await (const { tenant, samples } of generation.sorted()) yield sampleBlock(tenant, samples)
}

// 2M rows: 40 MB here until they move. The more samples a series has among them, the less a row costs, down to a fifth.
const MOVE_ROWS = 2_000_000
// 30 s: two usual scrapes; what a restart after a crash has to move first.
const MOVE_AFTER_MS = 30_000
// 4 samples a series: naming a series and finding its place costs as much as two samples do. Below it, a generation may become twice as
// large and old: a million series scraped every 15 s have two samples each within 30 s.
const ENOUGH_ROWS = 4
const MOST_FACTOR = 2
const GOES_ON_MS = 5_000
const MOST_WAITS = 6
const RETRY_AFTER_MS = 5_000
// 3 generations: above, senders wait until the engine has caught up.
const MOST_CLOSED = 3
// The blocks of an insert are put together, whatever they hold.
const ONE_PART_A_DAY: Readonly<Record<string, number>> = {
  max_partitions_per_insert_block: 0,
  min_insert_block_size_rows: 2 ** 31,
  min_insert_block_size_bytes: 2 ** 31,
}
// A row may be tens of MB.
const ROW_BY_ROW: Readonly<Record<string, number>> = { max_block_size: 1, max_threads: 1 }
