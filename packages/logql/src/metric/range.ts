import type { Labels } from '@oriel/model'
import { makeLabels } from '@oriel/model'
import { QueryError } from '@oriel/syntax'
import type { Grid } from '@oriel/vector'
import { makeGrid } from '@oriel/vector'
import type { Grouping, RangeExpr, Stage, UnwrapStage } from '../ast.ts'
import { parseBytes, parseDurationSeconds } from '../lex.ts'
import { LineLabels } from '../line-labels.ts'
import { compilePipeline, labelsRead } from '../pipeline.ts'
import type { LogPlan } from '../plan.ts'
import { planLog, rangeMsOf } from '../plan.ts'
import type { Wanted } from '../stages/json.ts'
import { parseGoFloat } from '../stages/numbers.ts'
import { WindowCounts } from './count.ts'
import { SeriesIndex } from './grouping.ts'
import type { MetricContext, WindowTimes } from './steps.ts'
import { lastStepMs, sinceBaseMs, windowTimes } from './steps.ts'
import { UnwrappedSamples } from './unwrapped.ts'

/**
 * Evaluates a range aggregation at all steps in one pass over the lines.
 *
 * `outer` is the grouping of a sum around a counting function: counts are then added to their group at once, and the engine may
 * do the whole when nothing is left for the pipeline and the group's labels are the streams' own.
 */
export async function evaluateRange(expr: RangeExpr, metric: MetricContext, outer?: Grouping): Promise<Grid> {
  const times = windowTimes(metric.steps, expr.rangeMs, expr.offsetMs)
  const range = { startNs: times.startNs, endNs: times.endNs }
  const plan = await planLog(expr.log, range, metric.source, metric.context)
  if (expr.func === 'absent_over_time') return absent(expr, await countLines(expr, plan, times, metric, NO_LABELS), metric)
  if (isCounting(expr)) return countLines(expr, plan, times, metric, outer)
  return foldUnwrapped(expr, plan, times, metric)
}

/** Whether the function counts lines or their bytes, so that sums of its results are sums of counts. */
export function isCounting({ func, log }: RangeExpr): boolean {
  const isUnwrapped = log.stages.some((stage) => stage.kind === 'unwrap')
  return !isUnwrapped && (func === 'rate' || func === 'count_over_time' || func === 'bytes_rate' || func === 'bytes_over_time')
}

const NO_LABELS: Grouping = { kind: 'by', labels: [], span: { start: 0, end: 0 } }

async function countLines(
  expr: RangeExpr,
  plan: LogPlan,
  times: WindowTimes,
  metric: MetricContext,
  grouping: Grouping | undefined,
): Promise<Grid> {
  const seconds = expr.rangeMs / 1_000
  const isRate = expr.func === 'rate' || expr.func === 'bytes_rate'
  const scale = isRate ? (amount: number) => amount / seconds : (amount: number) => amount
  const pushed = await countInEngine(expr, plan, times, metric, grouping)
  if (pushed !== undefined) return { ...pushed, values: pushed.values.map(scale) }
  const index = new SeriesIndex(grouping, metric.context.limits.maxSeries)
  const counts = new WindowCounts(index, times)
  const isBytes = countsBytes(expr)
  await eachLine(plan, times, metric, wantedBy(grouping, plan.stages), (labels, sinceMs, line) => {
    counts.add(index.indexOf(labels), sinceMs, isBytes ? Buffer.byteLength(line) : 1)
  })
  return counts.grid(scale)
}

function countsBytes({ func }: RangeExpr): boolean {
  return func === 'bytes_rate' || func === 'bytes_over_time'
}

/** The counts from the engine, when nothing but pushed filters stands between the lines and stream labels. */
async function countInEngine(
  expr: RangeExpr,
  { matchers, lineFilters, metadataMatchers, stages }: LogPlan,
  times: WindowTimes,
  { source, context, steps }: MetricContext,
  grouping: Grouping | undefined,
): Promise<Grid | undefined> {
  if (stages.length > 0 || grouping?.kind !== 'by') return undefined
  const others = grouping.labels.filter((name) => name !== 'detected_level')
  if (others.length > 0) {
    // Structured metadata may have a label that a stream lacks: only labels of every stream group exactly in the engine.
    const request = { matcherSets: [matchers], range: rangeMsOf(times), limit: 0 }
    const streams = await source.streams(request, context)
    if (!streams.every((labels) => others.every((name) => hasLabel(labels, name)))) return undefined
  }
  return source.grid(
    {
      matchers,
      lineFilters,
      metadataMatchers,
      startMs: steps.startMs,
      endMs: lastStepMs(steps),
      stepMs: steps.stepMs,
      rangeMs: expr.rangeMs,
      offsetMs: expr.offsetMs,
      count: countsBytes(expr) ? 'bytes' : 'records',
      by: grouping.labels,
    },
    context,
  )
}

function hasLabel(labels: Labels, name: string): boolean {
  return labels.some((label) => label.name === name)
}

async function foldUnwrapped(expr: RangeExpr, plan: LogPlan, times: WindowTimes, metric: MetricContext): Promise<Grid> {
  const at = plan.stages.findIndex((stage) => stage.kind === 'unwrap')
  const unwrap = plan.stages[at]
  if (unwrap?.kind !== 'unwrap') throw new QueryError('QUERY_TYPE', `${expr.func} needs numbers: add "| unwrap <label>"`)
  const { limits } = metric.context
  const index = new SeriesIndex(expr.grouping, limits.maxSeries)
  const samples = new UnwrappedSamples(index, limits.maxSamples)
  const read = compileUnwrap(unwrap)
  const after = compilePipeline(plan.stages.slice(at + 1), undefined)
  const before = { ...plan, stages: plan.stages.slice(0, at) }
  const isKept = (line: string, labels: LineLabels, tNs: bigint): number | undefined => {
    const value = read(labels)
    if (value === undefined || after(line, labels, tNs) === undefined) return undefined
    failOnError(labels)
    labels.delete(unwrap.label)
    return value
  }
  const wanted = wantedBy(expr.grouping, plan.stages)
  await eachLine(
    before,
    times,
    metric,
    wanted,
    (labels, sinceMs, line, tNs) => {
      const value = isKept(line, labels, tNs)
      if (value !== undefined) samples.add(index.indexOf(labels), sinceMs, value)
    },
    false,
  )
  return samples.grid(expr, times)
}

/** Reads the sample of a line: `undefined` where the label is absent; a value that is no number marks the line with an error. */
function compileUnwrap({ label, conversion }: UnwrapStage): (labels: LineLabels) => number | undefined {
  const read = conversion === 'none' ? parseGoFloat : conversion === 'bytes' ? parseBytes : parseDurationSeconds
  return (labels) => {
    const text = labels.get(label)
    if (text === '') return undefined
    const value = read(text)
    if (value === undefined) labels.setError('SampleExtractionErr', `cannot read label ${label}: ${JSON.stringify(text)}`)
    return value ?? 0
  }
}

/** The labels that parsers must give, when grouping tells that the others do not matter. */
function wantedBy(grouping: Grouping | undefined, stages: readonly Stage[]): Wanted {
  if (grouping?.kind !== 'by') return undefined
  const read = labelsRead(stages)
  if (read === undefined) return undefined
  for (const name of grouping.labels) read.add(name.endsWith('_extracted') ? name.slice(0, -'_extracted'.length) : name)
  return read
}

type TakeLine = (labels: LineLabels, sinceMs: number, line: string, tNs: bigint) => void

/** Hands every line that passes the pipeline to `take`, oldest first. */
async function eachLine(
  { stages, ...request }: LogPlan,
  times: WindowTimes,
  { source, context }: MetricContext,
  wanted: Wanted,
  take: TakeLine,
  failsOnError = true,
): Promise<void> {
  const step = compilePipeline(stages, wanted)
  const labels = new LineLabels()
  const range = { startNs: times.startNs, endNs: times.endNs }
  for await (const batch of source.records({ ...request, range, direction: 'forward', limit: 0 }, context)) {
    context.signal.throwIfAborted()
    context.stats.samples += batch.records.length
    for (const record of batch.records) {
      labels.reset(batch.streams[record.stream] ?? [], record.metadata)
      const line = step(record.line, labels, record.tNs)
      if (line === undefined) continue
      if (failsOnError) failOnError(labels)
      take(labels, sinceBaseMs(record.tNs, times), line, record.tNs)
    }
  }
}

/** A line with an error would count as its own series: Loki refuses the query, and so do we. */
function failOnError(labels: LineLabels): void {
  const error = labels.get('__error__')
  if (error === '') return
  const series = labels.joined().filter(({ name }) => !name.startsWith('__'))
  const shown = series.map(({ name, value }) => `${name}=${JSON.stringify(value)}`).join(', ')
  throw new QueryError(
    'QUERY_EXECUTION',
    `cannot evaluate: pipeline error '${error}' for series {${shown}} (${labels.get('__error_details__')}); ` +
      `use a label filter to skip such lines, such as | __error__!="${error}"`,
  )
}

/** 1 at the steps where there is no line, with the labels that equality matchers name. */
function absent({ log }: RangeExpr, counts: Grid, { steps }: MetricContext): Grid {
  const labels = makeLabels(log.matchers.filter(({ op }) => op === '=').map(({ name, value }) => [name, value]))
  const grid = makeGrid([labels], steps.count)
  for (let j = 0; j < steps.count; j++) {
    const isThere = counts.labels.some((_, series) => counts.present[series * steps.count + j] === 1)
    if (isThere) continue
    grid.values[j] = 1
    grid.present[j] = 1
  }
  return grid
}
