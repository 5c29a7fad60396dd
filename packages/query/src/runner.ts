import { randomUUID } from 'node:crypto'
import type { Clock, Gauge, Telemetry, TimeRangeNs } from '@oriel/model'
import { bug, silentTelemetry } from '@oriel/model'
import type { Explanation, SampleCounts } from '@oriel/promql'
import type { QueryContext, QueryStats, Source } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, makeQueryStats } from '@oriel/store'
import { RunError } from './errors.ts'
import { checkPromQL, checkText, checkTraceSearch } from './limits.ts'
import { QueryLog } from './log.ts'
import { runLogQL } from './logql.ts'
import { arm, codeOf, translate, untilAborted } from './outcome.ts'
import type { PromQLAnswer } from './promql.ts'
import type { SelectedMetric } from './metric-uses.ts'
import { selectedMetrics } from './metric-uses.ts'
import { runPromQL } from './promql.ts'
import { RangeCache } from './range-cache.ts'
import type {
  ExplainAnswer,
  LogQLAnswer,
  LogQLRequest,
  PromQLRequest,
  QueryAnswer,
  QueryCaller,
  QueryLanguage,
  QueryLogEntry,
  QueryLogView,
  QueryTimes,
  QueryWarning,
  RunnerLimits,
  RunningQuery,
  TraceAnswer,
  TraceSearchAnswer,
  TraceSearchQuery,
} from './requests.ts'
import type { PromQLSettings } from './settings.ts'
import { DEFAULT_PROMQL_SETTINGS } from './settings.ts'
import { Slots } from './slots.ts'
import { logqlTimes, promqlTimes, timesOfNs } from './times.ts'
import { runTraceSearch, searchText } from './traces.ts'

/** Limits that suit one machine; settable per tenant with `limitsOf`. */
export const DEFAULT_RUNNER_LIMITS: RunnerLimits = {
  ...DEFAULT_QUERY_LIMITS,
  // As Prometheus, which counts the distances between points.
  maxSteps: 11_001,
  maxRangeMs: 0,
  // 20 at once as Prometheus (query.max-concurrency); 200 waiting is a few dashboards of many panels.
  maxConcurrent: 20,
  maxQueued: 200,
  // 128 KiB: generated rules reach tens of KiB, nobody types more.
  maxTextLength: 131_072,
  maxLogLines: 50_000,
}

// 4 KiB: what the list of running queries and the log keep of a text; 500 long ones must not fill the memory.
const MAX_LOGGED_TEXT = 4_096

/** What a runner needs. */
export interface RunnerOptions {
  readonly source: Source
  readonly telemetry?: Telemetry
  /** Told the metrics that a PromQL query names once it was answered; returns what its asker should know of them. */
  readonly watch?: (tenants: readonly string[], metrics: readonly SelectedMetric[]) => readonly string[]
  /** Limits of a tenant; the defaults when absent. */
  readonly limitsOf?: (tenant: string) => RunnerLimits
  /** How PromQL is read, asked at each query so that a reload shows at once. */
  readonly promql?: () => PromQLSettings
  readonly now?: Clock
}

/** Work of one query: reads with `context` and may add warnings. */
type Work<Data> = (context: QueryContext, warnings: QueryWarning[]) => Promise<Data>

interface Running {
  readonly entry: Omit<RunningQuery, 'state' | 'stats'>
  readonly stats: QueryStats
  readonly abort: AbortController
  state: 'queued' | 'running'
}

/**
 * Runs queries of every language with limits, slots per tenant, a time limit, cancel, a log and self-metrics.
 *
 * The only road to the store for reading: what no language covers goes through `lookup`, with the same limits.
 * Every method rejects with `RunError` (see `RUN_ERRORS`), the languages' `QueryError`, or `StoreError` STORE_UNAVAILABLE.
 */
export class QueryRunner {
  readonly #source: Source
  readonly #limitsOf: (tenant: string) => RunnerLimits
  readonly #now: Clock
  readonly #promql: () => PromQLSettings
  readonly #watch: RunnerOptions['watch']
  readonly #cache: RangeCache
  readonly #slots = new Slots()
  readonly #running = new Map<string, Running>()
  readonly #log: QueryLog
  readonly #runningGauge: Gauge
  readonly #waitingGauge: Gauge

  constructor({
    source,
    telemetry = silentTelemetry,
    limitsOf = () => DEFAULT_RUNNER_LIMITS,
    promql = () => DEFAULT_PROMQL_SETTINGS,
    now = Date.now,
    watch,
  }: RunnerOptions) {
    this.#watch = watch
    this.#source = source
    this.#limitsOf = limitsOf
    this.#promql = promql
    this.#now = now
    this.#cache = new RangeCache(telemetry)
    this.#log = new QueryLog(telemetry)
    this.#runningGauge = telemetry.gauge('oriel_query_running', 'Queries that run now.')
    this.#waitingGauge = telemetry.gauge('oriel_query_waiting', 'Queries that wait for a slot now.')
  }

  /** How PromQL is read now. */
  get promql(): PromQLSettings {
    return this.#promql()
  }

  /** Runs a PromQL query. */
  async runPromQL(request: PromQLRequest, caller: QueryCaller): Promise<PromQLAnswer> {
    const counted: Pick<PromQLAnswer, 'counts'>[] = []
    const onCounts = (counts: SampleCounts): void => void counted.push({ counts })
    const answer = await this.#run({ language: 'promql', text: request.expr, times: promqlTimes(request) }, caller, (limits) => {
      checkPromQL(request, limits)
      return async (context, warnings) => {
        const data = await runPromQL(this.#source, request, {
          context,
          settings: this.promql,
          cache: this.#cache,
          warnings,
          onCounts,
        })
        const watch = this.#watch
        if (watch === undefined) return data
        const told = watch(context.tenants, selectedMetrics(request.expr, this.promql.features))
        warnings.push(...told.map((message) => ({ level: 'warning' as const, message: `PromQL warning: ${message}` })))
        return data
      }
    })
    return { ...answer, ...counted[0] }
  }

  /** Runs a PromQL query for what it does: its answer is thrown away, the tree with each operator's cost is told. */
  explainPromQL(request: PromQLRequest, caller: QueryCaller): Promise<ExplainAnswer> {
    return this.#run({ language: 'promql', text: request.expr, times: promqlTimes(request) }, caller, (limits) => {
      checkPromQL(request, limits)
      return async (context, warnings) => {
        let told: Explanation | undefined
        const explain = (explanation: Explanation): void => void (told = explanation)
        await runPromQL(this.#source, request, { context, settings: this.promql, warnings, explain })
        return told ?? bug('an evaluation ended without its explanation')
      }
    })
  }

  /** Runs a LogQL query. A log query may not be asked as an instant query: that is refused, as Loki does. */
  runLogQL(request: LogQLRequest, caller: QueryCaller): Promise<LogQLAnswer> {
    return this.#run(
      { language: 'logql', text: request.expr, times: logqlTimes(request) },
      caller,
      (limits) => (context, warnings) => runLogQL(this.#source, request, { context, limits, warnings }),
    )
  }

  /** Finds traces, newest first. */
  runTraceSearch(query: TraceSearchQuery, caller: QueryCaller): Promise<TraceSearchAnswer> {
    return this.#run({ language: 'traceql', text: searchText(query.search), times: timesOfNs(query.range) }, caller, (limits) => {
      checkTraceSearch(query, limits)
      return (context, warnings) => runTraceSearch(this.#source, query, context, warnings)
    })
  }

  /** All spans of a trace by start time; none when it is not stored. */
  traceById(traceId: string, caller: QueryCaller, range?: TimeRangeNs): Promise<TraceAnswer> {
    return this.lookup(`trace ${traceId}`, caller, (source, context) => source.traces.byId(traceId, context, range))
  }

  /** Reads an index (label names, series, services, RED ...) with the limits of a query. `what` names it in the log. */
  lookup<Data>(
    what: string,
    caller: QueryCaller,
    read: (source: Source, context: QueryContext) => Promise<Data>,
  ): Promise<QueryAnswer<Data>> {
    return this.#run({ language: 'lookup', text: what }, caller, () => (context) => read(this.#source, context))
  }

  /** Queries that run or wait now, oldest first; of one tenant, or of all. */
  running(tenant?: string): RunningQuery[] {
    const all = [...this.#running.values()].map(({ entry, state, stats }) => ({ ...entry, state, stats: { ...stats } }))
    return tenant === undefined ? all : all.filter((query) => query.tenant === tenant)
  }

  /** Cancels a query by id, in the engine too. `tenant`, when given, must own it. Returns whether there was one. */
  cancel(id: string, tenant?: string): boolean {
    const running = this.#running.get(id)
    if (running === undefined || (tenant !== undefined && running.entry.tenant !== tenant)) return false
    running.abort.abort(new RunError('QUERY_CANCELLED', `cannot finish query ${id}: cancelled by request`))
    return true
  }

  /** Queries that ended, with their cost; of one tenant, or of all. */
  ended(tenant?: string): QueryLogView {
    const isWanted = (query: QueryLogEntry): boolean => tenant === undefined || query.tenant === tenant
    return { recent: this.#log.recent().filter(isWanted), slow: this.#log.slow().filter(isWanted) }
  }

  async #run<Data>(
    what: { readonly language: QueryLanguage; readonly text: string; readonly times?: QueryTimes },
    caller: QueryCaller,
    prepare: (limits: RunnerLimits) => Work<Data>,
  ): Promise<QueryAnswer<Data>> {
    const tenant = caller.tenants[0] ?? ''
    const limits = this.#limitsOf(tenant)
    const text = what.text.slice(0, MAX_LOGGED_TEXT)
    const entry = { ...what, id: randomUUID(), text, tenant, origin: caller.origin, startedMs: this.#now() }
    const abort = new AbortController()
    const stats = makeQueryStats()
    const running: Running = { entry, stats, abort, state: 'queued' }
    const disarm = arm(abort, caller.signal, Math.min(caller.timeoutMs ?? limits.timeoutMs, limits.timeoutMs))
    let queuedMs = 0
    const end = (outcome: string): number => {
      const elapsedMs = this.#now() - entry.startedMs
      this.#log.add({ ...entry, elapsedMs, queuedMs, stats, outcome })
      return elapsedMs
    }
    this.#running.set(entry.id, running)
    try {
      checkText(what.text, limits)
      const work = prepare(limits)
      const slot = this.#slots.take(tenant, limits, abort.signal)
      this.#tellUsage()
      const give = await slot
      try {
        this.#tellUsage()
        queuedMs = this.#now() - entry.startedMs
        running.state = 'running'
        const warnings: QueryWarning[] = []
        const context: QueryContext = { tenants: caller.tenants, signal: abort.signal, limits, stats }
        const data = await untilAborted(work(context, warnings), abort.signal)
        return { id: entry.id, data, warnings, stats, elapsedMs: end('ok'), queuedMs }
      } finally {
        give()
      }
    } catch (error) {
      const told = translate(error, abort.signal)
      end(codeOf(told))
      throw told
    } finally {
      disarm()
      this.#running.delete(entry.id)
      this.#tellUsage()
    }
  }

  #tellUsage(): void {
    const { held, waiting } = this.#slots.usage
    this.#runningGauge.set(held)
    this.#waitingGauge.set(waiting)
  }
}
