import type { Labels, UnixMs } from '@oriel/model'
import { labelsOf, labelsToRecord, METRIC_NAME } from '@oriel/model'
import { DEFAULT_FEATURES, evaluate } from '@oriel/promql'
import { DEFAULT_QUERY_LIMITS, makeQueryStats } from '@oriel/store'
import type { RuleGroupSpec } from '../rule-file.ts'
import { parseRuleFile } from '../rule-file.ts'
import type { Timers } from '../rules/loop.ts'
import type { ReadSamples } from '../rules/restore.ts'
import type { RuleQuery, StoredSample } from '../sample.ts'
import { SeriesStore } from '../unit-test/series-store.ts'

/** A store with the real language on it, for tests of rules. */
export class RuleBench {
  readonly store: SeriesStore = new SeriesStore()
  /** Everything that rules stored, in order. */
  readonly stored: StoredSample[] = []
  /** How long a query takes by the clock that the test holds. */
  onQuery: () => Promise<void> = async () => {}

  readonly query: RuleQuery = async (expr, tMs) => {
    await this.onQuery()
    const context = {
      tenants: [''],
      signal: new AbortController().signal,
      limits: DEFAULT_QUERY_LIMITS,
      stats: makeQueryStats(),
    }
    const query = { expr, startMs: tMs, endMs: tMs, stepMs: 0, features: DEFAULT_FEATURES }
    const result = await evaluate(this.store.source, query, context)
    if (result.kind === 'vector') return result.labels.map((labels, i) => ({ labels, value: result.values[i] ?? NaN }))
    return result.kind === 'scalar' ? [{ labels: [], value: result.value }] : []
  }

  readonly append = async (samples: readonly StoredSample[]): Promise<void> => {
    this.store.append(samples)
    this.stored.push(...samples)
  }

  readonly readSamples: ReadSamples = (matchers, range) => {
    const limits = DEFAULT_QUERY_LIMITS
    const context = { tenants: [''], signal: new AbortController().signal, limits, stats: makeQueryStats() }
    return this.store.source.samples({ matchers, range }, context)
  }

  /** Stores one sample of a series. */
  put(labels: Readonly<Record<string, string>>, tMs: UnixMs, value: number): void {
    this.store.append([{ labels: labelsOf(labels), tMs, value }])
  }

  /** What was stored at a time, as `name{a="b"} value`, sorted. */
  at(tMs: UnixMs): string[] {
    return this.stored
      .filter((sample) => sample.tMs === tMs)
      .map(printSample)
      .sort()
  }
}

function printSample({ labels, value, isStale }: StoredSample): string {
  const { [METRIC_NAME]: name = '', ...rest } = labelsToRecord(labels)
  const inner = Object.entries(rest).map(([key, text]) => `${key}=${JSON.stringify(text)}`)
  return `${name}{${inner.join(',')}} ${isStale === true ? 'stale' : value}`
}

/** The only group of a rule file; throws where the file is bad. */
export function groupOf(text: string): RuleGroupSpec {
  const { groups, problems } = parseRuleFile(text)
  const [group] = groups
  if (group === undefined || problems.length > 0) throw new Error(problems.join('; '))
  return group
}

/** Labels of an alert as a record. */
export function recordOf(labels: Labels): Record<string, string> {
  return labelsToRecord(labels)
}

/** A clock that moves when the test says so. */
export class ManualTimers implements Timers {
  #nowMs: UnixMs
  readonly #waiting = new Set<{ readonly tMs: UnixMs; readonly resolve: () => void }>()

  constructor(nowMs: UnixMs) {
    this.#nowMs = nowMs
  }

  readonly now = (): UnixMs => this.#nowMs

  readonly until = (tMs: UnixMs, signal: AbortSignal): Promise<void> => {
    if (signal.aborted || tMs <= this.#nowMs) return Promise.resolve()
    return new Promise((resolve) => {
      const waiter = { tMs, resolve }
      this.#waiting.add(waiter)
      signal.addEventListener('abort', () => {
        this.#waiting.delete(waiter)
        resolve()
      })
    })
  }

  /** Moves the clock on, waking whoever waits on the way, in order, and lets all of them finish. */
  async advanceTo(tMs: UnixMs): Promise<void> {
    for (;;) {
      await settle()
      const next = [...this.#waiting].filter((waiter) => waiter.tMs <= tMs).sort((a, b) => a.tMs - b.tMs)[0]
      if (next === undefined) break
      this.#waiting.delete(next)
      this.#nowMs = Math.max(this.#nowMs, next.tMs)
      next.resolve()
    }
    this.#nowMs = Math.max(this.#nowMs, tMs)
  }
}

/** Lets everything that can go on without the clock go on. */
async function settle(): Promise<void> {
  // 20 turns: the longest chain of awaits between two waits on the clock is shorter.
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
}
