import type { Matcher, TimeRangeNs } from '@oriel/model'
import { NS_PER_MS } from '@oriel/model'
import type { LineFilter, LogSource, QueryContext } from '@oriel/store'
import type { LabelFilter, LogExpr, Stage } from './ast.ts'

/** What of a log query the store does, and the stages that are left for the pipeline here. */
export interface LogPlan {
  readonly matchers: readonly Matcher[]
  readonly lineFilters: readonly LineFilter[]
  readonly metadataMatchers: readonly Matcher[]
  readonly stages: readonly Stage[]
}

/**
 * Plans a log query: line filters before any stage that rewrites the line go to the store, and so do text tests on structured
 * metadata before any stage that changes labels.
 *
 * A name is metadata when no matching stream has it as a label: the store is asked for label names only if there is such a test.
 */
export async function planLog(expr: LogExpr, range: TimeRangeNs, source: LogSource, context: QueryContext): Promise<LogPlan> {
  const lineFilters: LineFilter[] = []
  const stages: Stage[] = []
  const tests: LabelTest[] = []
  let isLineAsStored = true
  let areLabelsAsStored = true
  let mayHaveError = false
  for (const stage of expr.stages) {
    const lineFilter = isLineAsStored ? pushedLineFilter(stage) : undefined
    if (lineFilter !== undefined) {
      // An empty text is in every line; as a negation it drops all and must stay.
      if (lineFilter.op !== '|=' || !lineFilter.patterns.includes('')) lineFilters.push(lineFilter)
      continue
    }
    // Grafana's log volume queries drop errors before anything could make one: nothing to do, and the store may count alone.
    if (!mayHaveError && dropsErrorsOnly(stage)) continue
    mayHaveError ||= !isPlainTest(stage)
    if (areLabelsAsStored && stage.kind === 'labelFilter') {
      const matchers = plainMatchers(stage.filter)
      if (matchers !== undefined) tests.push({ stage, matchers })
    }
    if (REWRITES_LINE.has(stage.kind)) isLineAsStored = false
    if (CHANGES_LABELS.has(stage.kind)) areLabelsAsStored = false
    stages.push(stage)
  }
  const metadata = await metadataTests(tests, expr, range, source, context)
  const pushed = new Set<Stage>(metadata.map(({ stage }) => stage))
  return {
    matchers: expr.matchers.map(({ name, op, value }) => ({ name, op, value })),
    lineFilters,
    metadataMatchers: metadata.flatMap(({ matchers }) => matchers),
    stages: stages.filter((stage) => !pushed.has(stage)),
  }
}

/** Whole milliseconds that cover a range in nanoseconds, for index reads. */
export function rangeMsOf({ startNs, endNs }: TimeRangeNs): { startMs: number; endMs: number } {
  return { startMs: Number(startNs / NS_PER_MS), endMs: Number(endNs / NS_PER_MS) + 1 }
}

function dropsErrorsOnly(stage: Stage): boolean {
  return stage.kind === 'drop' && stage.labels.every(({ name }) => name === '__error__' || name === '__error_details__')
}

/** Whether a stage only lets lines pass or not, and cannot fail on one. */
function isPlainTest(stage: Stage): boolean {
  return stage.kind === 'lineFilter' || (stage.kind === 'labelFilter' && plainMatchers(stage.filter) !== undefined)
}

interface LabelTest {
  readonly stage: Stage
  readonly matchers: readonly Matcher[]
}

const REWRITES_LINE: ReadonlySet<Stage['kind']> = new Set<Stage['kind']>(['lineFormat', 'unpack', 'decolorize'])
const CHANGES_LABELS: ReadonlySet<Stage['kind']> = new Set<Stage['kind']>([
  'json',
  'logfmt',
  'pattern',
  'regexp',
  'unpack',
  'labelFormat',
  'drop',
  'keep',
])

function pushedLineFilter(stage: Stage): LineFilter | undefined {
  if (stage.kind !== 'lineFilter' || stage.alternatives.some(({ isIp }) => isIp)) return undefined
  const { op } = stage
  if (op === '|>' || op === '!>') return undefined
  return { op, patterns: stage.alternatives.map(({ value }) => value) }
}

/** The matchers of a filter that is nothing but text tests joined by `and`. */
function plainMatchers(filter: LabelFilter): readonly Matcher[] | undefined {
  if (filter.kind === 'match') {
    const { name, op, value } = filter.matcher
    return name.startsWith('__') || name.endsWith('_extracted') ? undefined : [{ name, op, value }]
  }
  if (filter.kind !== 'and') return undefined
  const left = plainMatchers(filter.left)
  const right = plainMatchers(filter.right)
  return left === undefined || right === undefined ? undefined : [...left, ...right]
}

async function metadataTests(
  tests: readonly LabelTest[],
  { matchers }: LogExpr,
  range: TimeRangeNs,
  source: LogSource,
  context: QueryContext,
): Promise<readonly LabelTest[]> {
  if (tests.length === 0) return []
  const request = { matcherSets: [matchers], range: rangeMsOf(range), limit: 0 }
  const streamLabels = new Set(await source.labelNames(request, context))
  return tests.filter((test) => test.matchers.every(({ name }) => !streamLabels.has(name)))
}
