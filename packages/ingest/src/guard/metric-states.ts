import type { SeriesRule } from './policy.ts'
import type { LabelSketches } from './sketch.ts'

/** What one process knows of one tenant's metric. */
export class MetricState {
  readonly name: string
  readonly nameBytes: Uint8Array
  readonly number: number
  /** Series met since the last turn, and series of the turn before that were not met since. */
  young = 0
  old = 0
  /** The most series it may have, 0 for no limit; and how many make the guard look again. */
  budget = 0
  ceiling = 0
  rule: SeriesRule | undefined
  /** True from its making under a rule until its first series has asked for the way. */
  isFresh = false
  /** Labels that are summed over because the budget was passed, in the order they were chosen. */
  readonly limited: string[] = []
  sketches: LabelSketches | undefined
  /** Series that are summed into others, met since the last turn. */
  members = 0
  /** ... and that no meter has been told of. */
  untold = 0
  /** First values of members count as increases from this time on. */
  countsFirstFromMs = 0
  /** Who brought its newest series, such as "remote-write Prometheus/3.1.0". */
  sender = ''
  /** Series met for the first time, by hour, the newest last. */
  readonly growth: { readonly hour: number; series: number }[] = []

  constructor(name: string, number: number) {
    this.name = name
    this.nameBytes = encoder.encode(name)
    this.number = number
  }

  /** Active series that are stored as they come. */
  get active(): number {
    return this.young + this.old
  }

  /** Whether its series are stored otherwise than they come. */
  get isRouted(): boolean {
    return this.rule !== undefined || this.limited.length > 0
  }

  /** Counts a series that was met for the first time. */
  noteGrowth(hour: number): void {
    const last = this.growth.at(-1)
    if (last?.hour === hour) last.series++
    else this.growth.push({ hour, series: 1 })
    if (this.growth.length > GROWTH_HOURS) this.growth.shift()
  }
}

const encoder = new TextEncoder()
// A day by the hour.
const GROWTH_HOURS = 24

/** The metrics of one tenant by name and by number. Bounded: names past the bound share one state without a budget. */
export class MetricStates {
  readonly #byName = new Map<string, MetricState>()
  readonly #byNumber: (MetricState | undefined)[] = []
  readonly #free: number[] = []
  readonly #rest = new MetricState('', 0)

  constructor() {
    this.#byNumber.push(this.#rest)
  }

  /** The state of a metric, made when there is none. */
  of(name: string, make: (state: MetricState) => void): MetricState {
    const known = this.#byName.get(name)
    if (known !== undefined) return known
    if (this.#byName.size >= MAX_METRICS) return this.#rest
    const number = this.#free.pop() ?? this.#byNumber.length
    const state = new MetricState(name, number)
    this.#byNumber[number] = state
    this.#byName.set(name, state)
    make(state)
    return state
  }

  at(number: number): MetricState {
    return this.#byNumber[number] ?? this.#rest
  }

  get(name: string): MetricState | undefined {
    return this.#byName.get(name)
  }

  all(): IterableIterator<MetricState> {
    return this.#byName.values()
  }

  get size(): number {
    return this.#byName.size
  }

  /** Forgets metrics that have no series left. Only at a turn: numbers are used again. */
  forgetIdle(): void {
    for (const [name, state] of this.#byName) {
      if (state.active > 0 || state.members > 0) continue
      this.#byName.delete(name)
      this.#byNumber[state.number] = undefined
      this.#free.push(state.number)
    }
  }
}

// 100,000 names, about 30 MB.
const MAX_METRICS = 100_000
