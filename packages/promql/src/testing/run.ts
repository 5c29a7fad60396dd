import { OrielError } from '@oriel/model'
import type { MetricSource, Sink } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, makeQueryStats } from '@oriel/store'
import type { PromqlQuery, PromqlResult } from '../evaluate.ts'
import { evaluate } from '../evaluate.ts'
import { ALL_FEATURES } from '../features.ts'
import { checkFailure, checkResult } from './check.ts'
import { blockOf, startKey, startsOf } from './load.ts'
import { pinnedCommands } from './pinned.ts'
import type { EvalCommand, LoadCommand } from './script.ts'
import { parseScript } from './script.ts'

/** Where a script's samples go and its queries are answered. */
export interface ScriptTarget {
  /** An empty place for samples. */
  open(): Promise<{
    load(command: LoadCommand): Promise<void>
    readonly query: (query: PromqlQuery & { expr: string }) => Promise<PromqlResult>
  }>
}

/** How one `eval` of a script went. */
export interface EvalOutcome {
  readonly line: number
  readonly expr: string
  readonly outcome: 'passed' | 'wrong' | 'refused'
  /** What was wrong or refused. */
  readonly reason?: string
}

/**
 * Runs a script and reports on each `eval`. As Prometheus does, an instant `eval` is also run as a range, and again at other times
 * with its own time pinned by `@`.
 */
export async function runScript(text: string, target: ScriptTarget): Promise<EvalOutcome[]> {
  const outcomes: EvalOutcome[] = []
  let opened = await target.open()
  for (const command of parseScript(text)) {
    switch (command.kind) {
      case 'clear':
        opened = await target.open()
        break
      case 'load':
        await opened.load(command)
        break
      case 'eval':
        outcomes.push({ line: command.line, expr: command.expr, ...(await runEval(command, opened.query)) })
        break
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
      const starts = new Map<string, number>()
      const source = withStarts(metrics, starts)
      return {
        load: async (command) => {
          // The store has no place for them yet.
          for (const [key, startMs] of startsOf(command)) starts.set(key, startMs)
          await sink.writeMetrics([blockOf(command, tenant)])
        },
        query: async (query) =>
          evaluate(source, query, {
            tenants: [tenant],
            signal: new AbortController().signal,
            limits: DEFAULT_QUERY_LIMITS,
            stats: makeQueryStats(),
          }),
      }
    },
  }
}

/** A source that adds when counters began. */
function withStarts(source: MetricSource, starts: ReadonlyMap<string, number>): MetricSource {
  return {
    samples: async (request, context) => {
      const samples = await source.samples(request, context)
      if (starts.size === 0) return samples
      const startsMs = new Float64Array(samples.tMs.length)
      for (const [i, labels] of samples.labels.entries()) {
        for (let p = samples.offsets[i]!; p < samples.offsets[i + 1]!; p++) {
          startsMs[p] = starts.get(startKey(labels, samples.tMs[p]!)) ?? 0
        }
      }
      return { ...samples, startsMs }
    },
    // Starts go with columns.
    scan: async (request, context) => (starts.size === 0 ? source.scan(request, context) : undefined),
    lastChange: (tenants, untilMs) => source.lastChange(tenants, untilMs),
    grid: (request, context) => source.grid(request, context),
    series: (request, context) => source.series(request, context),
    labelNames: (request, context) => source.labelNames(request, context),
    labelValues: (label, request, context) => source.labelValues(label, request, context),
    metadata: (request, context) => source.metadata(request, context),
    exemplars: (request, context) => source.exemplars(request, context),
    cardinality: (request, context) => source.cardinality(request, context),
  }
}

type Query = (query: PromqlQuery & { expr: string }) => Promise<PromqlResult>
type Verdict = Pick<EvalOutcome, 'outcome' | 'reason'>

const MINUTE_MS = 60_000

async function runEval(command: EvalCommand, query: Query): Promise<Verdict> {
  const first = await runOnce(command, query)
  if (first.outcome !== 'passed' || !command.isInstant) return first
  for (const pinned of pinnedCommands(command)) {
    const verdict = await runOnce(pinned, query)
    if (verdict.outcome === 'passed') continue
    return { ...verdict, reason: `pinned as ${pinned.expr} at ${pinned.startMs}: ${verdict.reason ?? ''}` }
  }
  return first
}

async function runOnce(command: EvalCommand, query: Query): Promise<Verdict> {
  const { rangeVector } = command
  const isPlain = rangeVector === undefined
  const times =
    isPlain || command.isPinned === true ? command : { startMs: rangeVector.endMs, endMs: rangeVector.endMs, stepMs: 0 }
  const verdict = await attempt(command, query, times)
  const alsoAsRange = command.isInstant && !command.isOrdered && isPlain && command.text === undefined
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
    if (!(error instanceof OrielError)) return { outcome: 'wrong', reason: `crashed: ${stackOf(error)}` }
    if (error.code === 'QUERY_UNSUPPORTED' && command.fail === undefined) return { outcome: 'refused', reason: error.message }
    return verdictOf(checkFailure(command, error.message))
  }
}

/** What went wrong and where it was thrown. */
function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message).split('\n', 2).join('') : String(error)
}

function verdictOf(reason: string | undefined): Verdict {
  return reason === undefined ? { outcome: 'passed' } : { outcome: 'wrong', reason }
}

/** The same query from a minute before to a minute after: the step in the middle must answer the same. */
async function runAsRange(command: EvalCommand, query: Query): Promise<Verdict> {
  const { startMs } = command
  if (/(?:start|end|range|step)\(\)/.test(command.expr)) return { outcome: 'passed' }
  const loose: EvalCommand = { ...command, warnings: [], infos: [], noInfos: false, noWarnings: false }
  try {
    const range = { startMs: startMs - MINUTE_MS, endMs: startMs + MINUTE_MS, stepMs: MINUTE_MS }
    const result = await query({ expr: command.expr, ...range, features: ALL_FEATURES })
    const reason = checkResult(loose, middleOf(result, command))
    return verdictOf(reason === undefined ? undefined : `as a range: ${reason}`)
  } catch (error) {
    return { outcome: 'wrong', reason: `as a range: ${stackOf(error)}` }
  }
}

function middleOf(result: PromqlResult, { startMs, scalar }: EvalCommand): PromqlResult {
  if (result.kind !== 'matrix') return result
  const { warnings, infos, labels, steps, values, present, histograms } = result
  if (scalar !== undefined) return { kind: 'scalar', tMs: startMs, value: values[1] ?? NaN, warnings, infos }
  const rows = [...labels.keys()].filter((row) => present[row * steps + 1] === 1)
  return {
    kind: 'vector',
    tMs: startMs,
    labels: rows.map((row) => labels[row] ?? []),
    values: Float64Array.from(rows, (row) => values[row * steps + 1] ?? NaN),
    ...(histograms !== undefined && { histograms: rows.map((row) => histograms[row * steps + 1]) }),
    warnings,
    infos,
  }
}
