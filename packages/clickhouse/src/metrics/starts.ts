import type { Matcher, MetricBlock, TimeRange } from '@oriel/model'
import type { QueryContext } from '@oriel/store'
import { allOf, Bindings, tenantCondition } from '../conditions.ts'
import type { EngineClient } from '../engine/client.ts'
import type { GatheredSamples } from './gather.ts'
import { PositionFinder } from './positions.ts'
import { chooseSeries, RANK } from './series-choice.ts'
import type { KnownSeries } from './series-cache.ts'
import { timeConditions } from './selection.ts'

/** Samples whose starts are wanted: those of `series`, selected by `matchers`, in `range`. */
interface StartRequest {
  readonly series: readonly KnownSeries[]
  readonly matchers: readonly Matcher[]
  readonly range: TimeRange
  readonly samples: GatheredSamples
}

/** When counters began, for samples that are read. Where nobody keeps starts, a read pays nothing for them. */
export class StartReader {
  readonly #client: EngineClient
  readonly #isOnlyWriter: boolean
  #hasAny = false
  #askedMs = -Infinity

  constructor(client: EngineClient, { isOnlyWriter }: { readonly isOnlyWriter: boolean }) {
    this.#client = client
    this.#isOnlyWriter = isOnlyWriter
  }

  /** To be called when blocks were written. */
  noteWritten(blocks: readonly MetricBlock[]): void {
    this.#hasAny ||= blocks.some(({ starts }) => starts.rows > 0)
  }

  /** The start of each sample, 0 where it is not known; `undefined` where none is. */
  async read({ series, matchers, range, samples }: StartRequest, context: QueryContext): Promise<Float64Array | undefined> {
    if (!(await this.areThereAny())) return undefined
    const finder = new PositionFinder(series, samples)
    const bindings = new Bindings()
    const chosen = chooseSeries({ series: finder.series, matchers }, bindings)
    const conditions = [tenantCondition(context.tenants, bindings), ...chosen.conditions, ...timeConditions(range, bindings)]
    const times = 'toUnixTimestamp64Milli(t) AS at, toUnixTimestamp64Milli(start) AS began'
    const sql = `SELECT toUInt64(series_id) AS s, ${times}, ${RANK} FROM sample_starts
WHERE ${allOf(conditions)}`
    const table = chosen.table !== undefined && { table: chosen.table }
    let starts: Float64Array | undefined
    const ranks = new Float64Array(samples.tMs.length)
    for await (const block of this.#client.stream(sql, { params: bindings.params, context, ...table })) {
      const ids = block.words('s')
      const at = block.numbers('at')
      const began = block.numbers('began')
      const rowRanks = block.doubles('rank')
      for (let row = 0; row < block.rows; row++) {
        const position = finder.find(ids[2 * row]!, ids[2 * row + 1]!, at[row]!)
        if (position < 0 || (starts !== undefined && starts[position] !== 0 && ranks[position]! > rowRanks[row]!)) continue
        starts ??= new Float64Array(samples.tMs.length)
        starts[position] = began[row]!
        ranks[position] = rowRanks[row]!
      }
    }
    return starts
  }

  /** Whether anybody keeps starts. The engine is asked once, or now and then where others write too. */
  async areThereAny(): Promise<boolean> {
    const nowMs = performance.now()
    if (this.#hasAny || nowMs - this.#askedMs < (this.#isOnlyWriter ? Infinity : ASK_AGAIN_MS)) return this.#hasAny
    const found = await this.#client.query('SELECT 1 AS one FROM sample_starts LIMIT 1')
    this.#askedMs = nowMs
    this.#hasAny ||= found.length > 0
    return this.#hasAny
  }
}

// A minute: what a reader may miss of the first starts that another process writes.
const ASK_AGAIN_MS = 60_000
