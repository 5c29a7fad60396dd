// What one tenant's new series meet before they are stored: rules, the budget of their metric, the budget of the tenant.

import type { Labels, MetricType } from '@oriel/model'
import { METRIC_NAME, MS_PER_HOUR } from '@oriel/model'
import { LabelBytes } from '@oriel/wire'
import type { LabelFate } from './label-bytes.ts'
import { equalBytes, LabelWalk, rewriteLabels } from './label-bytes.ts'
import { MetricStates } from './metric-states.ts'
import type { MetricState } from './metric-states.ts'
import { Members, SummedSeries } from './overflow.ts'
import type { SeriesBudget, SeriesRule } from './policy.ts'
import { metricBudget, ruleOf } from './policy.ts'
import { LabelSketches } from './sketch.ts'

/** Refs of what is not a stored series: samples of rules that drop, and from `MEMBER_REFS` on members of summed series. */
export const DROPPED_REF = 0x4000_0000
export const MEMBER_REFS: number = DROPPED_REF + 1

/** What a guard tells of. */
export interface GuardEvents {
  /** A metric has passed its budget and is summed over `label` from now on. */
  limited(event: { readonly metric: string; readonly label: string; readonly active: number; readonly budget: number }): void
  /** A metric is within its budget again. */
  lifted(metric: string): void
}

/** Guards one tenant's dictionary. */
export class TenantGuard {
  readonly states: MetricStates = new MetricStates()
  readonly members: Members = new Members()
  /** Who sends the body that is decoded now. */
  sender = ''
  /** Series refused because the tenant has as many as it may, since a meter was told last. */
  refused = 0
  /** Whether the dictionary must be turned so that a change takes effect. */
  isTurnDue = false
  #budget: SeriesBudget
  #rules: readonly SeriesRule[] = []
  readonly #events: GuardEvents
  #nowMs: number
  readonly #bornMs: number
  /** By name, as `latin1` reads its bytes. */
  readonly #routed = new Map<string, Route>()
  /** Metrics (by number) whose known series must be met anew: from the next turn on, and since the last. */
  #changing = new Set<number>()
  #changed = new Set<number>()
  readonly #types = new Map<string, MetricType>()
  readonly #walk = new LabelWalk()
  readonly #bytes = new LabelBytes()

  constructor(budget: SeriesBudget, events: GuardEvents, nowMs: number) {
    this.#budget = budget
    this.#events = events
    this.#nowMs = nowMs
    this.#bornMs = nowMs
  }

  get byteLength(): number {
    return this.members.byteLength + 300 * this.states.size
  }

  /** Whether any metric is stored otherwise than it comes. */
  get isIdle(): boolean {
    return this.#routed.size === 0
  }

  get maxSeries(): number {
    return this.#budget.maxSeries
  }

  /** Metrics that are summed or dropped now. */
  get routed(): MetricState[] {
    return [...this.#routed.values()].map(({ state }) => state)
  }

  /** The time of the body that comes next. */
  begin(nowMs: number, sender: string): void {
    this.#nowMs = nowMs
    this.sender = sender
  }

  setBudget(budget: SeriesBudget): void {
    this.#budget = budget
    for (const state of this.states.all()) {
      this.#setBudgetOf(state)
      if (state.limited.length > 0 && (state.budget === 0 || state.active + state.members < state.budget)) this.#lift(state)
    }
  }

  setRules(rules: readonly SeriesRule[]): void {
    this.#rules = rules
    for (const state of this.states.all()) {
      const rule = ruleOf(rules, state.name)
      if (rule?.id === state.rule?.id) continue
      this.#setRule(state, rule)
      this.#changing.add(state.number)
    }
  }

  /** What a source says of a metric decides how its series are summed. */
  noteType(metric: string, type: MetricType): void {
    if (type !== 'counter' && type !== 'gauge') return
    if (this.#types.size >= MAX_TYPES) this.#types.clear()
    this.#types.set(metric, type)
  }

  stateOf(name: string): MetricState {
    return this.states.of(name, (state) => {
      this.#setBudgetOf(state)
      const rule = ruleOf(this.#rules, name)
      if (rule === undefined) return
      this.#setRule(state, rule)
      state.isFresh = true
    })
  }

  /**
   * Where an unknown series of a routed metric goes: a ref, or undefined for one that is stored as it comes.
   *
   * `view` shows `bytes`, and `hashed` is `hashBytes` of it from `start` to `end`.
   */
  route(bytes: Uint8Array, view: DataView, { start, end, hashed }: HashedRange): number | undefined {
    // Known members first: what follows reads the labels.
    let member = this.members.find(view, { start, end, hashed })
    if (member === -1) {
      const route = this.#routeOf(bytes, start, end)
      if (route === undefined) return undefined
      if (route.state.rule?.action === 'drop') {
        route.state.untold++
        return DROPPED_REF
      }
      if (!rewriteLabels(this.#walk, { bytes, start, end }, route.fateOf, this.#bytes)) return undefined
      member = this.members.add(view, { start, end, hashed }, this.#summedOf(route))
    }
    const { state } = this.members.ownerOf(member)
    if (this.members.mark(member)) {
      state.members++
      state.untold++
    }
    return MEMBER_REFS + member
  }

  /** Counts a series of `state` that is about to be stored; false when the budget asks to route it instead: call `route` again. */
  admit(state: MetricState, labels: Labels): boolean {
    if (state.budget > 0) {
      if (2 * state.active >= state.budget) (state.sketches ??= new LabelSketches()).add(labels)
      if (state.active >= state.ceiling && this.#limit(state)) return false
    }
    state.sender = this.sender
    state.noteGrowth(Math.floor(this.#nowMs / MS_PER_HOUR))
    return true
  }

  /** Whether the series that the dictionary's old generation has of a metric must be met anew. */
  isChanged(metric: number): boolean {
    return this.#changed.size > 0 && this.#changed.has(metric)
  }

  /** Tells that a series of the old generation was met again. */
  moved(metric: number): void {
    const state = this.states.at(metric)
    state.old--
    state.young++
  }

  /** The dictionary has dropped its old generation. */
  forgetOld(): void {
    for (const state of this.states.all()) state.old = 0
    this.#changed.clear()
    this.states.forgetIdle()
  }

  /**
   * What was young in the dictionary is old. `isHour`: an hour has passed; limits that are needed no more are lifted.
   *
   * Returns how many series of the young generation must be met anew.
   */
  turn(isHour: boolean): number {
    let lost = 0
    this.#changed = this.#changing
    this.#changing = new Set()
    for (const state of this.states.all()) {
      const was = state.active + state.members
      if (this.#changed.has(state.number)) lost += state.young
      state.old = this.#changed.has(state.number) ? 0 : state.young
      state.young = 0
      if (!isHour) continue
      if (state.limited.length > 0 && was < LIFT_SHARE * state.budget) this.#lift(state)
      if (2 * state.active < state.budget) state.sketches = undefined
      state.members = 0
    }
    this.members.turn(({ state }) => !state.isRouted || this.#changed.has(state.number), isHour)
    this.isTurnDue = false
    return lost
  }

  /** Makes room in the table of members when it is full; true when numbers have changed. */
  makeRoom(): boolean {
    if (!this.members.isFull) return false
    this.members.turn(() => true, true)
    for (const { state } of this.#routed.values()) state.countsFirstFromMs = this.#nowMs + WARM_UP_MS
    return true
  }

  #setBudgetOf(state: MetricState): void {
    state.budget = metricBudget(this.#budget, state.name)
    state.ceiling = state.limited.length === 0 ? state.budget : Math.max(state.budget, state.ceiling)
  }

  /** Chooses one more label to sum over; false when there is none left. */
  #limit(state: MetricState): boolean {
    const label = chooseLabel(state)
    if (label === undefined) {
      state.ceiling = Infinity
      return false
    }
    state.limited.push(label)
    state.ceiling = state.active + Math.max(MIN_SUMMED, state.budget / 10)
    state.countsFirstFromMs = this.#bornMs + WARM_UP_MS
    this.#refresh(state)
    this.#events.limited({ metric: state.name, label, active: state.active, budget: state.budget })
    return true
  }

  #lift(state: MetricState): void {
    state.limited.length = 0
    state.members = 0
    state.ceiling = state.budget
    this.#refresh(state)
    this.isTurnDue = true
    this.#events.lifted(state.name)
  }

  #setRule(state: MetricState, rule: SeriesRule | undefined): void {
    state.rule = rule
    state.limited.length = 0
    state.ceiling = state.budget
    // Values that were counted in series of their own until now.
    state.countsFirstFromMs = this.#nowMs + WARM_UP_MS
    this.#refresh(state)
    this.isTurnDue = true
  }

  #refresh(state: MetricState): void {
    const key = latin1(state.nameBytes, 0, state.nameBytes.length)
    if (state.isRouted) this.#routed.set(key, { state, fateOf: fatesOf(state), summed: new Map() })
    else this.#routed.delete(key)
  }

  #routeOf(bytes: Uint8Array, start: number, end: number): Route | undefined {
    const walk = this.#walk
    walk.begin(bytes, start, end)
    while (walk.next())
      if (equalBytes(bytes, walk.nameStart, walk.nameEnd, NAME_BYTES))
        return this.#routed.get(latin1(bytes, walk.valueStart, walk.valueEnd))
    return undefined
  }

  /** The series that the rewritten labels name. */
  #summedOf({ state, summed }: Route): SummedSeries {
    const { bytes, length } = this.#bytes
    const key = latin1(bytes, 0, length)
    let series = summed.get(key)
    if (series === undefined) {
      series = new SummedSeries(state, isCounter(state.name, this.#types.get(state.name)), bytes.slice(0, length))
      summed.set(key, series)
    }
    return series
  }
}

/** A range of bytes and its `hashBytes`. */
export interface HashedRange {
  readonly start: number
  readonly end: number
  readonly hashed: number
}

/** A metric that is stored otherwise than it comes. */
interface Route {
  readonly state: MetricState
  readonly fateOf: (bytes: Uint8Array, start: number, end: number) => LabelFate
  /** Series that others are summed into, by their label bytes. */
  readonly summed: Map<string, SummedSeries>
}

function fatesOf({ rule, limited }: MetricState): Route['fateOf'] {
  const overflow = new Set(limited)
  const named = new Set(rule?.labels)
  const isKept =
    rule?.action === 'keep_labels'
      ? (name: string) => named.has(name) || STRUCTURAL.has(name)
      : (name: string) => !named.has(name)
  return (bytes, start, end) => {
    const name = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString()
    if (!isKept(name)) return 'drop'
    return overflow.has(name) ? 'overflow' : 'keep'
  }
}

/** The label with the most distinct new values; one that names no target where two are alike. */
function chooseLabel({ sketches, limited }: MetricState): string | undefined {
  const ranking = sketches?.ranking().filter(({ name }) => !STRUCTURAL.has(name) && !limited.includes(name)) ?? []
  const most = ranking[0]?.values ?? 0
  const best = ranking.filter(({ values }) => values >= ALIKE_SHARE * most)
  return (best.find(({ name }) => !TARGET.has(name)) ?? best[0])?.name
}

/** Summed as a counter: by its last word, or as its source says. */
function isCounter(metric: string, type: MetricType | undefined): boolean {
  return type === 'counter' || (type !== 'gauge' && /_(?:total|count|sum|bucket)$/.test(metric))
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}

const NAME_BYTES = new TextEncoder().encode(METRIC_NAME)
// Without these a series means nothing: they are never summed over.
const STRUCTURAL = new Set([METRIC_NAME, 'le', 'quantile'])
const TARGET = new Set(['job', 'instance', 'service_name'])
// The sketches' error: two labels that far apart have as many values.
const ALIKE_SHARE = 0.8
// A metric that is limited may have so many series that are summed into, and a tenth of its budget more, before another label goes.
const MIN_SUMMED = 100
// Below four fifths of its budget a metric is let be: at the budget itself it would be limited again at once.
const LIFT_SHARE = 0.8
// 5 min: after a start every series is new, and its first value no increase. Longer than any usual interval of scrapes.
const WARM_UP_MS = 5 * 60_000
const MAX_TYPES = 100_000
