import type { Labels } from '@oriel/model'
import { compileMatchers, labelValue, METRIC_NAME, withLabel } from '@oriel/model'
import type { MetricBlock } from '@oriel/model'
import { OrielError } from '@oriel/model'
import type { MetricSource, Sink } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, makeQueryStats } from '@oriel/store'
import type { Expr } from '../ast.ts'
import { walk } from '../ast.ts'
import type { PromqlQuery, PromqlResult } from '../evaluate.ts'
import { evaluate } from '../evaluate.ts'
import { ALL_FEATURES } from '../features.ts'
import { parse } from '../parse.ts'
import { checkFailure, checkResult } from './check.ts'
import { blockOf } from './load.ts'
import type { EvalCommand, LoadCommand } from './script.ts'
import { hasHistogram, parseScript } from './script.ts'

/** Where a script's samples go and its queries are answered. */
export interface ScriptTarget {
  /** An empty place for samples. */
  open(): Promise<{
    /** Whose samples they are. */
    readonly tenant: string
    write(block: MetricBlock): Promise<void>
    readonly query: (query: PromqlQuery & { expr: string }) => Promise<PromqlResult>
  }>
}

/** How one `eval` of a script went. `needs` names what the data or the query asks for beyond float samples. */
export interface EvalOutcome {
  readonly line: number
  readonly expr: string
  readonly outcome: 'passed' | 'wrong' | 'refused'
  readonly needs?: 'native histograms' | 'start times'
  /** What was wrong or refused. */
  readonly reason?: string
}

/** Runs a script and reports on each `eval`. An instant `eval` is also run as a range, as Prometheus does. */
export async function runScript(text: string, target: ScriptTarget): Promise<EvalOutcome[]> {
  const outcomes: EvalOutcome[] = []
  let opened = await target.open()
  let special = new SpecialSeries()
  for (const command of parseScript(text)) {
    switch (command.kind) {
      case 'clear':
        opened = await target.open()
        special = new SpecialSeries()
        break
      case 'load':
        special.add(command)
        await opened.write(blockOf(command, opened.tenant))
        break
      case 'eval': {
        const needs = special.needsOf(command)
        const result = await runEval(command, opened.query)
        outcomes.push({ line: command.line, expr: command.expr, ...result, ...(needs !== undefined && { needs }) })
        break
      }
      case 'unknown':
        outcomes.push({ line: command.line, expr: '', outcome: 'refused', reason: command.reason })
        break
    }
  }
  return outcomes
}

/** A store that a script runs on: an empty one, or one tenant of a store that others use too. */
export interface ScriptStore {
  readonly metrics: MetricSource
  readonly sink: Pick<Sink, 'writeMetrics'>
  readonly tenant?: string
}

/** A target on a store: `open` is called at the start and at every `clear`. */
export function storeTarget(open: () => ScriptStore): ScriptTarget {
  return {
    open: async () => {
      const { metrics, sink, tenant = 'test' } = open()
      return {
        tenant,
        write: async (block) => sink.writeMetrics([block]),
        query: async (query) =>
          evaluate(metrics, query, {
            tenants: [tenant],
            signal: new AbortController().signal,
            limits: DEFAULT_QUERY_LIMITS,
            stats: makeQueryStats(),
          }),
      }
    },
  }
}

type Query = (query: PromqlQuery & { expr: string }) => Promise<PromqlResult>
type Verdict = Pick<EvalOutcome, 'outcome' | 'reason'>

const MINUTE_MS = 60_000

async function runEval(command: EvalCommand, query: Query): Promise<Verdict> {
  const { rangeVector } = command
  const times = rangeVector === undefined ? command : { startMs: rangeVector.endMs, endMs: rangeVector.endMs, stepMs: 0 }
  const verdict = await attempt(command, query, times)
  const alsoAsRange = command.isInstant && !command.isOrdered && rangeVector === undefined && command.text === undefined
  if (verdict.outcome !== 'passed' || !alsoAsRange || command.fail !== undefined) return verdict
  return runAsRange(command, query)
}

async function attempt(
  command: EvalCommand,
  query: Query,
  { startMs, endMs, stepMs }: { startMs: number; endMs: number; stepMs: number },
): Promise<Verdict> {
  try {
    const result = await query({ expr: command.expr, startMs, endMs, stepMs, features: ALL_FEATURES })
    return verdictOf(checkResult(command, result))
  } catch (error) {
    if (!(error instanceof OrielError)) return { outcome: 'wrong', reason: `crashed: ${String(error)}` }
    if (error.code === 'QUERY_UNSUPPORTED' && command.fail === undefined) return { outcome: 'refused', reason: error.message }
    return verdictOf(checkFailure(command, error.message))
  }
}

function verdictOf(reason: string | undefined): Verdict {
  return reason === undefined ? { outcome: 'passed' } : { outcome: 'wrong', reason }
}

/** The same query from a minute before to a minute after: the step in the middle must answer the same. */
async function runAsRange(command: EvalCommand, query: Query): Promise<Verdict> {
  const { startMs } = command
  const isDependent = /\b(?:start|end|range|step)\s*\(\s*\)|\bsort/i.test(command.expr)
  if (isDependent || startMs < MINUTE_MS) return { outcome: 'passed' }
  const loose: EvalCommand = { ...command, warnings: [], infos: [], noInfos: false, noWarnings: false }
  try {
    const range = { startMs: startMs - MINUTE_MS, endMs: startMs + MINUTE_MS, stepMs: MINUTE_MS }
    const result = await query({ expr: command.expr, ...range, features: ALL_FEATURES })
    const reason = checkResult(loose, middleOf(result, command))
    return verdictOf(reason === undefined ? undefined : `as a range: ${reason}`)
  } catch (error) {
    return { outcome: 'wrong', reason: `as a range: ${error instanceof Error ? error.message : String(error)}` }
  }
}

function middleOf(result: PromqlResult, { startMs, scalar }: EvalCommand): PromqlResult {
  if (result.kind !== 'matrix') return result
  const { warnings, infos, labels, steps, values, present } = result
  if (scalar !== undefined) return { kind: 'scalar', tMs: startMs, value: values[1] ?? NaN, warnings, infos }
  const rows = [...labels.keys()].filter((row) => present[row * steps + 1] === 1)
  return {
    kind: 'vector',
    tMs: startMs,
    labels: rows.map((row) => labels[row] ?? []),
    values: Float64Array.from(rows, (row) => values[row * steps + 1] ?? NaN),
    warnings,
    infos,
  }
}

/** Remembers which series are more than floats, to tell which queries touch them. */
class SpecialSeries {
  readonly #histograms: Labels[] = []
  readonly #startTimes: Labels[] = []

  add({ series, withNhcb, startTimes }: LoadCommand): void {
    this.#startTimes.push(...startTimes)
    for (const { labels, values } of series) {
      if (hasHistogram(values)) this.#histograms.push(labels)
      const name = labelValue(labels, METRIC_NAME)
      if (withNhcb)
        this.#histograms.push(withLabel(withLabel(labels, METRIC_NAME, name.replace(/_(?:bucket|sum|count)$/, '')), 'le', ''))
    }
  }

  needsOf(command: EvalCommand): EvalOutcome['needs'] {
    if (command.series.some(({ values }) => hasHistogram(values))) return 'native histograms'
    const { ast } = parse(command.expr, ALL_FEATURES)
    if (ast === undefined) return undefined
    if (touches(ast, this.#histograms) || callsHistogramFunction(ast)) return 'native histograms'
    return touches(ast, this.#startTimes) ? 'start times' : undefined
  }
}

function touches(ast: Expr, series: readonly Labels[]): boolean {
  let isTouched = false
  walk(ast, (node) => {
    if (node.kind !== 'vectorSelector' || isTouched) return
    const test = compileMatchers(node.matchers)
    isTouched = series.some(test)
  })
  return isTouched
}

const HISTOGRAM_FUNCTIONS = new Set(['histogram_avg', 'histogram_count', 'histogram_sum', 'histogram_stddev', 'histogram_stdvar'])

function callsHistogramFunction(ast: Expr): boolean {
  let isCalled = false
  walk(ast, (node) => {
    if (node.kind === 'call' && HISTOGRAM_FUNCTIONS.has(node.name)) isCalled = true
    if (node.kind === 'binary' && (node.op === '</' || node.op === '>/')) isCalled = true
  })
  return isCalled
}
