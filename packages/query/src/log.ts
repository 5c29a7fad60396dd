import type { Counter, HistogramMetric, Telemetry } from '@oriel/model'
import type { QueryLogEntry } from './requests.ts'

// 500: an hour of a busy dashboard; an entry is below 1 KiB unless the text is long.
const KEPT = 500

/** From this on a query counts as slow: a second is when a person starts to wait. */
export const SLOW_QUERY_MS = 1_000

// 200 slow ones outlive the flood of quick look-ups.
const KEPT_SLOW = 200

/** Remembers the last queries that ended and counts all of them in the self-metrics. */
export class QueryLog {
  readonly #ended = new Ring<QueryLogEntry>(KEPT)
  readonly #slow = new Ring<QueryLogEntry>(KEPT_SLOW)
  readonly #telemetry: Telemetry
  readonly #queries: Counter
  readonly #seconds: HistogramMetric
  readonly #rows: Counter
  readonly #bytes: Counter
  readonly #samples: Counter

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry
    this.#queries = telemetry.counter('oriel_query_total', 'Queries that ended, by language and outcome.')
    this.#seconds = telemetry.histogram('oriel_query_duration_seconds', 'From accepted to answered, by language.')
    this.#rows = telemetry.counter('oriel_query_rows_total', 'Rows read from the engine by queries.')
    this.#bytes = telemetry.counter('oriel_query_bytes_total', 'Bytes read from the engine by queries.')
    this.#samples = telemetry.counter('oriel_query_samples_total', 'Samples and log records that queries evaluated.')
  }

  add(entry: QueryLogEntry): void {
    this.#ended.push(entry)
    if (entry.elapsedMs >= SLOW_QUERY_MS) this.#slow.push(entry)
    const { language, outcome, stats } = entry
    this.#queries.add(1, { language, outcome })
    this.#seconds.observe(entry.elapsedMs / 1_000, { language })
    this.#rows.add(stats.rows, { language })
    this.#bytes.add(stats.bytes, { language })
    this.#samples.add(stats.samples, { language })
    const { id, text, tenant, origin, elapsedMs, queuedMs } = entry
    this.#telemetry.log('debug', 'query ended', { id, language, text, tenant, origin, elapsedMs, queuedMs, outcome, ...stats })
  }

  /** Newest first. */
  recent(): QueryLogEntry[] {
    return this.#ended.newestFirst()
  }

  /** Those that took `SLOW_QUERY_MS` or more, newest first. */
  slow(): QueryLogEntry[] {
    return this.#slow.newestFirst()
  }
}

/** The last `size` items. */
class Ring<Item> {
  readonly #items: Item[] = []
  readonly #size: number
  #next = 0

  constructor(size: number) {
    this.#size = size
  }

  push(item: Item): void {
    this.#items[this.#next] = item
    this.#next = (this.#next + 1) % this.#size
  }

  newestFirst(): Item[] {
    return [...this.#items.slice(this.#next), ...this.#items.slice(0, this.#next)].reverse()
  }
}
