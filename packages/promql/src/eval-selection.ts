import { withLabel } from '@oriel/model'
import { printGoNumber, QueryError } from '@oriel/syntax'
import type { Groups } from '@oriel/vector'
import { cellAt, groupSeries, makeGrid } from '@oriel/vector'
import type { Labels, NativeHistogram } from '@oriel/model'
import { labelsKey } from '@oriel/model'
import type { Aggregation } from './ast.ts'
import { withoutParens } from './ast.ts'
import { isLabelName } from './eval-labels.ts'
import type { Evaluation } from './evaluation.ts'
import { vectorAt } from './evaluation.ts'
import { floatsOf } from './aggregate-fold.ts'
import { HistogramNotes } from './histogram-notes.ts'
import { printHistogram } from './histogram-text.ts'
import { plainNumber, printString } from './print.ts'
import { ratioOffset } from './ratio.ts'
import type { Steps, VectorValue } from './values.ts'
import { compact, emptyVector, pickSeries, vectorOf } from './values.ts'

/**
 * `topk` and `bottomk`: the first k of each group by value, NaN last. For one moment the order is by value within a group.
 */
export function evalRanked(
  evaluation: Evaluation,
  { span }: Aggregation,
  op: 'topk' | 'bottomk',
  input: VectorValue,
  groups: Groups,
  limits: Float64Array,
): VectorValue {
  if (!checkLimits(limits)) return emptyVector(input.grid.steps)
  const grid = floatsOf(input.grid, op, new HistogramNotes(evaluation.notes, span))
  const before = op === 'topk' ? (a: number, b: number) => a > b : (a: number, b: number) => a < b
  const order: number[] = []
  const kept = select({ ...input, grid }, groups, limits, (rows, j) => {
    const valueOf = (row: number) => grid.values[row * grid.steps + j]!
    const ranked = best(rows, Math.trunc(limits[j]!), (a, b) => rank(valueOf(a), valueOf(b), before))
    if (grid.steps === 1) order.push(...ranked)
    return ranked
  })
  return grid.steps === 1 ? pickSeries(kept, order) : compact(kept)
}

/** `limitk`: any k series of each group; `limit_ratio`: a share of the series, the same ones every time. */
export function evalLimit(
  evaluation: Evaluation,
  node: Aggregation,
  op: 'limitk' | 'limit_ratio',
  input: VectorValue,
  groups: Groups,
  limits: Float64Array,
): VectorValue {
  if (op === 'limitk')
    return checkLimits(limits) ? compact(select(input, groups, limits, (rows) => rows)) : emptyVector(input.grid.steps)
  if (limits.some((ratio) => Number.isNaN(ratio))) throw new QueryError('QUERY_EXECUTION', 'Ratio value is NaN')
  noteRatio(evaluation, node, limits)
  const { grid } = input
  const kept = { ...grid, present: Uint8Array.from(grid.present) }
  for (const [i, labels] of grid.labels.entries()) {
    const offset = ratioOffset(labels)
    for (let j = 0; j < grid.steps; j++) {
      const ratio = Math.max(-1, Math.min(1, limits[j]!))
      const isIn = ratio >= 0 ? offset < ratio : offset >= 1 + ratio
      if (!isIn || ratio === 0) kept.present[i * grid.steps + j] = 0
    }
  }
  return compact(vectorOf(kept, input.dropName))
}

/** What tells values apart: a map would take -0 for 0. */
function keyOfCell(cell: number | NativeHistogram): number | string {
  if (typeof cell !== 'number') return printHistogram(cell)
  return Object.is(cell, -0) ? '-0' : cell
}

interface ValueCount {
  readonly labels: Labels
  readonly counts: Float64Array
}

/** `count_values("label", x)`: how many series have each value. */
export function evalCountValues(evaluation: Evaluation, node: Aggregation, steps: Steps): VectorValue {
  const param = node.param === undefined ? undefined : withoutParens(node.param)
  if (param?.kind !== 'string') throw new TypeError('count_values without a label')
  const label = param.value
  if (!isLabelName(label)) throw new QueryError('QUERY_EXECUTION', `invalid label name ${printString(param)}`)
  const { grid } = vectorAt(evaluation, node.expr, steps)
  const rows = new Map<string, ValueCount>()
  const grouping = node.isWithout ? node.grouping : [...node.grouping, label]
  for (const [i, labels] of grid.labels.entries()) {
    const known = new Map<number | string, ValueCount>()
    for (let j = 0; j < grid.steps; j++) {
      if (grid.present[i * grid.steps + j] === 0) continue
      const cell = cellAt(grid, i * grid.steps + j)
      const counted = keyOfCell(cell)
      let row = known.get(counted)
      if (row === undefined) {
        const text = typeof counted === 'number' ? plainNumber(counted) : counted
        const [group = []] = groupSeries([withLabel(labels, label, text)], grouping, node.isWithout).labels
        const key = labelsKey(group)
        row = rows.get(key) ?? { labels: group, counts: new Float64Array(grid.steps) }
        rows.set(key, row)
        known.set(counted, row)
      }
      row.counts[j] = row.counts[j]! + 1
    }
  }
  // In an order that no step has a say in, as what comes first wins where values are equal.
  const counted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
  const out = makeGrid(
    counted.map(({ labels }) => labels),
    steps.count,
  )
  for (const [i, { counts }] of counted.entries()) {
    out.values.set(counts, i * steps.count)
    out.present.set(
      Uint8Array.from(counts, (count) => (count > 0 ? 1 : 0)),
      i * steps.count,
    )
  }
  return vectorOf(out)
}

/** Keeps, at each step and in each group, the first `limits[step]` rows that `order` returns. */
function select(
  { grid, dropName }: VectorValue,
  { groupOf, labels }: Groups,
  limits: Float64Array,
  order: (rows: number[], step: number) => number[],
): VectorValue {
  const members: number[][] = labels.map(() => [])
  for (const [row, group] of groupOf.entries()) members[group]?.push(row)
  const present = new Uint8Array(grid.present.length)
  for (let j = 0; j < grid.steps; j++) {
    const limit = Math.trunc(limits[j]!)
    if (limit < 1) continue
    for (const group of members) {
      const rows = group.filter((row) => grid.present[row * grid.steps + j] === 1)
      for (const row of order(rows, j).slice(0, limit)) present[row * grid.steps + j] = 1
    }
  }
  return vectorOf({ ...grid, present }, dropName)
}

/** The first `limit` rows by `compare`, in order; of equals the earlier row wins. */
function best(rows: readonly number[], limit: number, compare: (a: number, b: number) => number): number[] {
  if (rows.length <= limit) return rows.toSorted(compare)
  const kept: number[] = []
  for (const row of rows) {
    if (kept.length === limit && compare(row, kept[limit - 1]!) >= 0) continue
    let at = kept.length
    while (at > 0 && compare(row, kept[at - 1]!) < 0) at--
    kept.splice(at, 0, row)
    if (kept.length > limit) kept.pop()
  }
  return kept
}

function rank(a: number, b: number, before: (a: number, b: number) => boolean): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
  if (Number.isNaN(b) || before(a, b)) return -1
  return before(b, a) ? 1 : 0
}

/** Whether any step asks for a series at all. */
function checkLimits(limits: Float64Array): boolean {
  const most = limits.reduce((a, b) => Math.max(a, b), -Infinity)
  if (most < 1) return false
  const least = limits.reduce((a, b) => Math.min(a, b), Infinity)
  if (limits.some((limit) => Number.isNaN(limit))) throw new QueryError('QUERY_EXECUTION', 'Parameter value is NaN')
  if (least <= -(2 ** 63)) throw new QueryError('QUERY_EXECUTION', `Scalar value ${least} underflows int64`)
  if (most >= 2 ** 63) throw new QueryError('QUERY_EXECUTION', `Scalar value ${most} overflows int64`)
  return true
}

function noteRatio(evaluation: Evaluation, { param }: Aggregation, ratios: Float64Array): void {
  if (param === undefined) return
  const most = ratios.reduce((a, b) => Math.max(a, b), -Infinity)
  const least = ratios.reduce((a, b) => Math.min(a, b), Infinity)
  for (const [given, capped] of [
    [most, 1],
    [least, -1],
  ] as const) {
    if (Math.abs(given) <= 1 || Math.sign(given) !== capped) continue
    evaluation.notes.warn(`ratio value should be between -1 and 1, got ${printGoNumber(given)}, capping to ${capped}`, param.span)
  }
}
