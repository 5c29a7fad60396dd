import type { MetricBlock } from '@oriel/model'
import type { Chunk } from './chunk.ts'
import { hoursOf, makeChunk, readChunk } from './chunk.ts'
import { JournalSeries } from './series-order.ts'
import type { SampleRows } from '../sample-block.ts'
import { sortedSamples } from './sorted.ts'
import { WordPool } from './word-pool.ts'

/** A chunk and whose it is. */
export interface TenantChunk {
  readonly tenant: string
  readonly chunk: Chunk
}

/** Samples that move into `samples` together, and whose rows in the table are one partition. */
export class Generation {
  readonly number: number
  /** Acknowledged rows, and the series that they are of. */
  rows = 0
  named = 0
  minMs: number = Infinity
  maxMs: number = -Infinity
  /** Rows of the table so far. */
  inserts = 0
  /** When an insert began that failed, by `performance.now()`: it may still be at work. */
  failedMs: number | undefined
  readonly #tenants = new Map<string, TenantChunks>()
  readonly #pool: WordPool

  constructor(number: number, pool: WordPool = new WordPool()) {
    this.number = number
    this.#pool = pool
  }

  /** The generation after this one. It goes on with the numbers of the series, unless most of them are gone. */
  next(number: number): Generation {
    const next = new Generation(number, this.#pool)
    for (const [tenant, { series }] of this.#tenants)
      if (series.namedSince(number - UNUSED_AFTER) * MOST_UNUSED >= series.size)
        next.#tenants.set(tenant, new TenantChunks(series))
    return next
  }

  /** Makes the chunk of a block, which is not part of the generation before `add`. */
  chunkOf({ tenant, samples }: MetricBlock): TenantChunk {
    const { series } = this.#of(tenant)
    return { tenant, chunk: makeChunk(samples, { series, generation: this.number, pool: this.#pool }) }
  }

  /** Takes in a chunk that was read from the table; in the order of writing. */
  restore(tenant: string, words: Uint32Array): void {
    const { series, renamed } = this.#of(tenant)
    this.add({ tenant, chunk: readChunk(words, series, renamed) })
  }

  /** Takes in a chunk that is on disk. */
  add({ tenant, chunk }: TenantChunk): void {
    this.#of(tenant).chunks.push(chunk)
    this.rows += chunk.rows
    this.named += chunk.named
    this.minMs = Math.min(this.minMs, chunk.minMs)
    this.maxMs = Math.max(this.maxMs, chunk.maxMs)
  }

  /** Hours (since 1970) that have samples here. */
  hours(): ReadonlySet<number> {
    return hoursOf([...this.#tenants.values()].flatMap(({ chunks }) => chunks))
  }

  /** All samples by tenant, in the order of the table's sort key. A block is good until the next one is asked for. */
  async *sorted(): AsyncGenerator<{ readonly tenant: string; readonly samples: SampleRows }, void, undefined> {
    for (const tenant of [...this.#tenants.keys()].sort()) {
      const { chunks, series } = this.#of(tenant)
      if (chunks.length === 0) continue
      for await (const samples of sortedSamples(chunks, series, this.#pool)) yield { tenant, samples }
    }
  }

  /** Gives the memory of the samples back; they must not be asked for any more. */
  free(): void {
    for (const { chunks } of this.#tenants.values()) for (const { words } of chunks.splice(0)) this.#pool.give(words)
  }

  #of(tenant: string): TenantChunks {
    let chunks = this.#tenants.get(tenant)
    if (chunks === undefined) this.#tenants.set(tenant, (chunks = new TenantChunks(new JournalSeries())))
    return chunks
  }
}

class TenantChunks {
  readonly series: JournalSeries
  readonly chunks: Chunk[] = []
  readonly renamed = new Map<number, number>()

  constructor(series: JournalSeries) {
    this.series = series
  }
}

// A quarter of the series in use: the numbers of those that are gone cost 40 bytes each.
const MOST_UNUSED = 4
// 10 minutes, in numbers of generations: slow series come again; readers may close generations as fast as they ask.
const UNUSED_AFTER = 1_000 * 600_000
