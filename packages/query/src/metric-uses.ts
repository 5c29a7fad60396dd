import type { Clock, Telemetry } from '@oriel/model'
import { METRIC_NAME, MS_PER_DAY, silentTelemetry } from '@oriel/model'
import type { PromqlFeatures } from '@oriel/promql'
import { parse, walk } from '@oriel/promql'
import type { CardinalityStore, MetricUse } from '@oriel/store'

/** A metric that a query selects, by name or by an anchored pattern. */
export interface SelectedMetric {
  readonly metric: string
  readonly isPattern: boolean
}

/** The metrics that a query names. A selector without any name is about all of them, and says nothing of one. */
export function selectedMetrics(text: string, features: PromqlFeatures): SelectedMetric[] {
  const found = new Map<string, SelectedMetric>()
  const { ast } = parse(text, features)
  if (ast === undefined) return []
  walk(ast, (node) => {
    if (node.kind !== 'vectorSelector') return
    if (node.name !== '') found.set(`=${node.name}`, { metric: node.name, isPattern: false })
    for (const { name, op, value } of node.matchers) {
      if (name !== METRIC_NAME || (op !== '=' && op !== '=~')) continue
      found.set(`${op}${value}`, { metric: value, isPattern: op === '=~' })
    }
  })
  return [...found.values()]
}

export interface MetricUsesOptions {
  readonly store: Pick<CardinalityStore, 'noteUse'>
  readonly telemetry?: Telemetry
  readonly now?: Clock
}

/** Which metrics are queried, gathered and stored once a minute: a metric that nobody asks for is one that can go. */
export class MetricUses {
  readonly #store: Pick<CardinalityStore, 'noteUse'>
  readonly #telemetry: Telemetry
  readonly #now: Clock
  /** Stored today, and still to store. */
  readonly #known = new Map<string, number>()
  #pending = new Map<string, MetricUse>()
  readonly #timer: NodeJS.Timeout

  constructor({ store, telemetry = silentTelemetry, now = Date.now }: MetricUsesOptions) {
    this.#store = store
    this.#telemetry = telemetry
    this.#now = now
    this.#timer = setInterval(() => void this.flush(), FLUSH_EVERY_MS)
    this.#timer.unref()
  }

  /** Notes that a query of these tenants selects these metrics. */
  note(tenants: readonly string[], metrics: readonly SelectedMetric[]): void {
    const day = Math.floor(this.#now() / MS_PER_DAY)
    for (const tenant of tenants) {
      for (const { metric, isPattern } of metrics) {
        const key = JSON.stringify([tenant, metric, isPattern])
        if (this.#known.get(key) === day || this.#pending.size >= MAX_PENDING) continue
        this.#pending.set(key, { tenant, metric, isPattern, day })
      }
    }
  }

  /** Uses that are not stored yet. */
  pending(tenant: string): MetricUse[] {
    return [...this.#pending.values()].filter((use) => use.tenant === tenant)
  }

  /** Stores what was noted. A failure is logged and tried again with the next. */
  async flush(): Promise<void> {
    if (this.#pending.size === 0) return
    const uses = this.#pending
    this.#pending = new Map()
    try {
      await this.#store.noteUse([...uses.values()])
      if (this.#known.size + uses.size > MAX_KNOWN) this.#known.clear()
      for (const [key, { day }] of uses) this.#known.set(key, day)
    } catch (error) {
      for (const [key, use] of uses) this.#pending.set(key, use)
      this.#telemetry.log('warn', 'cannot store which metrics are queried', { error })
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.flush()
  }
}

const FLUSH_EVERY_MS = 60_000
// 10,000 names a minute: a dashboard asks for tens.
const MAX_PENDING = 10_000
const MAX_KNOWN = 100_000
