import type { Labels } from '@oriel/model'
import { dropLabels, keepLabels, labelsKey, METRIC_NAME, unreachable } from '@oriel/model'
import type { GridRequest, GridSeries } from '@oriel/store'

type Aggregate = NonNullable<GridRequest['aggregate']>

/**
 * One series a group, in the order in which groups appear. Sums are compensated, as Prometheus's are.
 *
 * Source: Prometheus 3.14 promql/engine.go aggregation.
 */
export function aggregateGrid(grid: GridSeries, { op, grouping, labels: names }: Aggregate): GridSeries {
  const { steps } = grid
  const chosen = new Set(grouping === 'by' ? names : [...names, METRIC_NAME])
  const groups = new Map<string, { readonly labels: Labels; readonly members: number[] }>()
  for (const [i, all] of grid.labels.entries()) {
    const labels = grouping === 'by' ? keepLabels(all, chosen) : dropLabels(all, chosen)
    const key = labelsKey(labels)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { labels, members: [i] })
    else group.members.push(i)
  }
  const rows = [...groups.values()]
  const values = new Float64Array(rows.length * steps).fill(NaN)
  const present = new Uint8Array(rows.length * steps)
  for (const [row, { members }] of rows.entries()) {
    for (let step = 0; step < steps; step++) {
      const cells = members.map((i) => i * steps + step).filter((at) => grid.present[at] === 1)
      if (cells.length === 0) continue
      present[row * steps + step] = 1
      values[row * steps + step] = combine(
        cells.map((at) => grid.values[at]!),
        op,
      )
    }
  }
  return { labels: rows.map(({ labels }) => labels), steps, values, present }
}

function combine(values: readonly number[], op: Aggregate['op']): number {
  switch (op) {
    case 'sum':
      return compensatedSum(values)
    case 'avg':
      return compensatedSum(values) / values.length
    case 'count':
      return values.length
    case 'min':
      return values.reduce((a, b) => (b < a || Number.isNaN(a) ? b : a))
    case 'max':
      return values.reduce((a, b) => (b > a || Number.isNaN(a) ? b : a))
    default:
      return unreachable(op)
  }
}

/** Neumaier's sum: keeps what each addition rounds away. */
function compensatedSum(values: readonly number[]): number {
  let sum = 0
  let lost = 0
  for (const value of values) {
    const next = sum + value
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
    sum = next
  }
  return Number.isFinite(sum) ? sum + lost : sum
}
