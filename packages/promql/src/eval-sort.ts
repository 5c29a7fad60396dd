import { compareLabels, labelValue } from '@oriel/model'
import { floatsOf } from './aggregate-fold.ts'
import type { Call } from './ast.ts'
import { stringOf } from './eval-labels.ts'
import type { Evaluation } from './evaluation.ts'
import { vectorAt } from './evaluation.ts'
import { compareNatural } from './natural.ts'
import type { Steps, VectorValue } from './values.ts'
import { compact, pickSeries } from './values.ts'

/** `sort`, `sort_desc`, `sort_by_label`, `sort_by_label_desc`: the order of a query for one moment; a range has none. */
export function evalSort(evaluation: Evaluation, call: Call, steps: Steps): VectorValue {
  const [arg] = call.args
  if (arg === undefined) throw new TypeError('sort without an argument')
  const isByLabel = call.name.startsWith('sort_by_label')
  const input = vectorAt(evaluation, arg, steps)
  // Histograms have no order: sorting by value leaves them out.
  const vector = isByLabel ? input : compact({ ...input, grid: floatsOf(input.grid, call.name) })
  if (steps.count > 1 || steps.isRange === true) {
    evaluation.notes.warn('sort is ineffective for range queries since results are always ordered by labels', call.span)
    return vector
  }
  const rows = [...vector.grid.labels.keys()]
  return pickSeries(vector, isByLabel ? byLabels(vector, call, rows) : byValue(vector, call, rows))
}

function byValue({ grid }: VectorValue, { name }: Call, rows: number[]): number[] {
  const sign = name === 'sort_desc' ? -1 : 1
  return rows.sort((a, b) => compareNumbers(grid.values[a]!, grid.values[b]!, sign))
}

/** NaN goes last in either direction. */
function compareNumbers(a: number, b: number, sign: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
  if (a === b) return 0
  return a < b ? -sign : sign
}

function byLabels({ grid }: VectorValue, { name, args }: Call, rows: number[]): number[] {
  const sign = name === 'sort_by_label_desc' ? -1 : 1
  const names = args.slice(1).map(stringOf)
  return rows.sort((a, b) => {
    const [left = [], right = []] = [grid.labels[a], grid.labels[b]]
    for (const label of names) {
      const order = compareNatural(labelValue(left, label), labelValue(right, label))
      if (order !== 0) return sign * order
    }
    return sign * compareLabels(left, right)
  })
}
