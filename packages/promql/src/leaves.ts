import type { Matcher, SeriesSamples, SeriesScan, TimeRange } from '@oriel/model'
import { METRIC_NAME } from '@oriel/model'
import type { GridRequest, GridSeries, MetricSource, QueryContext } from '@oriel/store'
import type { Aggregation, Call, Expr, MatrixSelector, Subquery, VectorSelector } from './ast.ts'
import { childrenOf, withoutParens } from './ast.ts'
import type { Steps } from './values.ts'
import { needsEarlier, selectorsWithoutBuckets, withoutBuckets, withReadHints } from './read-hints.ts'
import { scanOf, withoutMarkers } from './scans.ts'
import { METADATA_LABELS } from './values.ts'

/** Raw samples read for selectors with the same matchers. */
export interface Leaf {
  readonly scan: SeriesScan
  /** The samples without staleness markers, as ranges see them; made when first asked for. */
  readonly fresh: () => SeriesScan
  /** Of histograms only count and sum are there, with resets found. */
  readonly isBucketless: boolean
}

/** A piece of the query that the engine has evaluated. */
export interface PushedGrid {
  readonly request: GridRequest
  readonly series: GridSeries
}

/** Everything a query needs from the store: read before evaluation starts, which then needs no waiting. */
export interface Leaves {
  readonly leafOf: ReadonlyMap<VectorSelector, Leaf>
  readonly pushedOf: ReadonlyMap<Expr, PushedGrid>
}

/** How the planner looks at time. */
export interface PlanOptions {
  readonly lookbackMs: number
  readonly defaultStepMs: number
  /** Counters are known by their starts or types, which grids of the engine do not have. */
  readonly looksAtSeries: boolean
}

/**
 * Reads what `expr` needs at `steps`: pieces that the engine offers to evaluate as grids, the rest as raw samples, the same
 * selector once. All reads run at the same time.
 */
export async function readLeaves(
  expr: Expr,
  steps: Steps,
  options: PlanOptions,
  source: MetricSource,
  context: QueryContext,
): Promise<Leaves> {
  const pushable: { expr: Expr; request: GridRequest }[] = []
  collectPushable(expr, steps, options, pushable)
  const pushedOf = new Map<Expr, PushedGrid>()
  await Promise.all(
    pushable.map(async ({ expr: node, request }) => {
      const series = await source.grid(request, context)
      if (series !== undefined) pushedOf.set(node, { request, series })
    }),
  )
  const reads = new Map<string, RawRead[]>()
  collectRaw(expr, steps, options, pushedOf, reads)
  const leafOf = new Map<VectorSelector, Leaf>()
  const bucketless = selectorsWithoutBuckets(expr)
  await Promise.all(
    [...reads.values()].flat().map(async ({ matchers, range, selectors }) => {
      const scan = await readScan(matchers, range, options, source, context)
      const leaf = makeLeaf(scan, false)
      const { columns } = scan
      const bucketlessLeaf = columns?.histograms === undefined ? leaf : makeLeaf(scanOf(withoutBuckets(columns)), true)
      for (const selector of selectors) leafOf.set(selector, bucketless.has(selector) ? bucketlessLeaf : leaf)
    }),
  )
  return { leafOf, pushedOf }
}

/** Samples as they are decoded, where the store offers that; all of them at once otherwise. */
async function readScan(
  matchers: readonly Matcher[],
  range: TimeRange,
  options: PlanOptions,
  source: MetricSource,
  context: QueryContext,
): Promise<SeriesScan> {
  const request = { matchers, range }
  const scan = await source.scan(request, context)
  if (scan !== undefined) return scan
  const samples = await source.samples(request, context)
  const earlier = needsEarlier(samples)
    ? await source.samples({ matchers, range: rangeBefore(range, options) }, context)
    : undefined
  return scanOf(withReadHints(samples, earlier))
}

/** The steps of a subquery's inner expression for the outer `steps`: multiples of its step, as Prometheus aligns them. */
export function subquerySteps(node: Subquery, steps: Steps, defaultStepMs: number): Steps {
  const stepMs = node.stepMs === 0 ? defaultStepMs : node.stepMs
  const { firstMs, lastMs } = windowEnds(node, steps)
  const afterMs = firstMs - node.rangeMs
  let startMs = stepMs * Math.trunc(afterMs / stepMs)
  if (startMs <= afterMs) startMs += stepMs
  const count = lastMs < startMs ? 0 : Math.floor((lastMs - startMs) / stepMs) + 1
  return { startMs, stepMs, count, isRange: startMs !== lastMs }
}

/** The times a selector or subquery looks at: for the first and the last step, `@` and offset applied. */
export function windowEnds({ at, offsetMs }: VectorSelector | Subquery, steps: Steps): { firstMs: number; lastMs: number } {
  const firstMs = (at?.kind === 'time' ? at.tMs : steps.startMs) - offsetMs
  return { firstMs, lastMs: at === undefined ? firstMs + (steps.count - 1) * steps.stepMs : firstMs }
}

interface RawRead {
  readonly matchers: readonly Matcher[]
  range: TimeRange
  readonly selectors: VectorSelector[]
}

function collectRaw(
  expr: Expr,
  steps: Steps,
  options: PlanOptions,
  pushedOf: ReadonlyMap<Expr, PushedGrid>,
  reads: Map<string, RawRead[]>,
): void {
  if (pushedOf.has(expr) || steps.count === 0) return
  if (expr.kind === 'vectorSelector') {
    addRead(reads, expr, rangeOf(expr, steps, expr.extension === 'smoothed' ? 0 : options.lookbackMs, options))
    return
  }
  if (expr.kind === 'matrixSelector') {
    addRead(reads, expr.selector, rangeOf(expr.selector, steps, expr.rangeMs, options))
    return
  }
  const inner = expr.kind === 'subquery' ? subquerySteps(expr, steps, options.defaultStepMs) : steps
  for (const child of childrenOf(expr)) collectRaw(child, inner, options, pushedOf, reads)
}

/** The samples a selector can see; `anchored` and `smoothed` look one lookback beyond the edges. */
function rangeOf(selector: VectorSelector, steps: Steps, reachMs: number, { lookbackMs }: PlanOptions): TimeRange {
  const { firstMs, lastMs } = windowEnds(selector, steps)
  const before = selector.extension === undefined ? 0 : lookbackMs
  const after = selector.extension === 'smoothed' ? lookbackMs : 0
  return { startMs: firstMs - reachMs - before + 1, endMs: lastMs + after }
}

function addRead(reads: Map<string, RawRead[]>, selector: VectorSelector, range: TimeRange): void {
  const key = JSON.stringify(selector.matchers)
  const known = reads.get(key) ?? []
  reads.set(key, known)
  const near = known.find((read) => isNear(read.range, range))
  if (near === undefined) {
    known.push({ matchers: selector.matchers, range, selectors: [selector] })
    return
  }
  near.selectors.push(selector)
  near.range = {
    startMs: Math.min(near.range.startMs, range.startMs),
    endMs: Math.max(near.range.endMs, range.endMs),
  }
}

/** Reads far apart (`x offset 1w` beside `x`) stay apart: joining them would read the gap too. */
function isNear(a: TimeRange, b: TimeRange): boolean {
  const gap = Math.max(a.startMs, b.startMs) - Math.min(a.endMs, b.endMs)
  return gap <= a.endMs - a.startMs + (b.endMs - b.startMs)
}

/** Where the samples just before a range are. */
function rangeBefore({ startMs }: TimeRange, { lookbackMs }: PlanOptions): TimeRange {
  return { startMs: startMs - lookbackMs, endMs: startMs - 1 }
}

const NO_COLUMNS: SeriesSamples = {
  labels: [],
  offsets: new Uint32Array(1),
  tMs: new Float64Array(0),
  values: new Float64Array(0),
  stale: new Uint8Array(0),
}
const NO_SAMPLES: SeriesScan = scanOf(NO_COLUMNS)

/** What a selector that was not read has. */
export const EMPTY_LEAF: Leaf = { scan: NO_SAMPLES, fresh: () => NO_SAMPLES, isBucketless: false }

function makeLeaf(scan: SeriesScan, isBucketless: boolean): Leaf {
  let fresh: SeriesScan | undefined
  return { scan, isBucketless, fresh: () => (fresh ??= withoutMarkers(scan)) }
}

function collectPushable(expr: Expr, steps: Steps, options: PlanOptions, found: { expr: Expr; request: GridRequest }[]): void {
  if (steps.count === 0) return
  const request = gridRequestOf(expr, steps, options)
  if (request !== undefined) {
    found.push({ expr, request })
    return
  }
  if (expr.kind === 'subquery') {
    collectPushable(expr.expr, subquerySteps(expr, steps, options.defaultStepMs), options, found)
    return
  }
  if (expr.kind === 'matrixSelector') return
  // `timestamp(x)` and `absent(x)` look at the selector itself.
  if (expr.kind === 'call' && SELECTOR_FUNCTIONS.has(expr.name)) return
  for (const child of childrenOf(expr)) collectPushable(child, steps, options, found)
}

/** Functions that look at the selector in their argument rather than at its value. */
export const SELECTOR_FUNCTIONS: ReadonlySet<string> = new Set(['timestamp', 'start_timestamp', 'info'])

function gridRequestOf(expr: Expr, steps: Steps, options: PlanOptions): GridRequest | undefined {
  if (expr.kind !== 'aggregation') return functionRequest(expr, steps, options)
  const { op } = expr
  if (op !== 'sum' && op !== 'count' && op !== 'avg' && op !== 'min' && op !== 'max') return undefined
  // A grouping by the metric's name needs names that rate has dropped already.
  if (expr.grouping.some((label) => METADATA_LABELS.has(label))) return undefined
  const request = functionRequest(withoutParens(expr.expr), steps, options)
  if (request === undefined) return undefined
  return { ...request, aggregate: aggregateOf(expr, op) }
}

function aggregateOf(
  { grouping, isWithout }: Aggregation,
  op: NonNullable<GridRequest['aggregate']>['op'],
): NonNullable<GridRequest['aggregate']> {
  return { op, grouping: isWithout ? 'without' : 'by', labels: grouping }
}

function functionRequest(expr: Expr, steps: Steps, { lookbackMs, looksAtSeries }: PlanOptions): GridRequest | undefined {
  if (expr.kind === 'vectorSelector') return selectorRequest(expr, steps, lookbackMs, 'last')
  if (expr.kind !== 'call') return undefined
  const range = rangeArgument(expr)
  const { name } = expr
  if (range === undefined || !isPushable(name) || looksAtSeries) return undefined
  return selectorRequest(range.selector, steps, range.rangeMs, name)
}

const PUSHABLE: ReadonlySet<string> = new Set<GridRequest['func']>([
  'rate',
  'increase',
  'delta',
  'min_over_time',
  'max_over_time',
  'sum_over_time',
  'avg_over_time',
  'count_over_time',
])

function isPushable(name: string): name is GridRequest['func'] {
  return PUSHABLE.has(name)
}

function rangeArgument({ args: [first] }: Call): MatrixSelector | undefined {
  const range = first === undefined ? undefined : withoutParens(first)
  return range?.kind === 'matrixSelector' ? range : undefined
}

/** Only plain selectors of a named metric are asked for: the name decides whether to warn about counters. */
function selectorRequest(
  selector: VectorSelector,
  { startMs, stepMs, count }: Steps,
  rangeMs: number,
  func: GridRequest['func'],
): GridRequest | undefined {
  const { matchers, offsetMs, at, extension } = selector
  if (at !== undefined || extension !== undefined || startMs < 0) return undefined
  if (!matchers.some(({ name, op, value }) => name === METRIC_NAME && op === '=' && value !== '')) return undefined
  return { matchers, startMs, endMs: startMs + (count - 1) * stepMs, stepMs, rangeMs, offsetMs, func }
}
