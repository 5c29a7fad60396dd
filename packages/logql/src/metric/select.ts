import type { Grid } from '@oriel/vector'
import { groupSeries, makeGrid } from '@oriel/vector'
import type { AggregateExpr } from '../ast.ts'

/** `topk`, `bottomk` and `approx_topk` (exact here): the k best series of each group, step by step, with all their labels. */
export function selectBest(grid: Grid, { op, parameter = 1, grouping }: AggregateExpr): Grid {
  const { groupOf, labels } = groupSeries(grid.labels, grouping?.labels ?? [], grouping?.kind === 'without')
  const members: number[][] = labels.map(() => [])
  for (const [series, group] of groupOf.entries()) members[group]?.push(series)
  const out = makeGrid(grid.labels, grid.steps)
  const k = Math.floor(parameter)
  for (let j = 0; j < grid.steps; j++) {
    for (const group of members) keepBest(grid, out, group, j, k, op === 'bottomk')
  }
  return out
}

/** Rows in the order that `sort`, `sort_desc`, `topk` and `bottomk` ask of an instant answer; NaN last. */
export function orderedRows(grid: Grid, isDescending: boolean): number[] {
  const rows = grid.labels.map((_, row) => row)
  const valueOf = (row: number): number => grid.values[row * grid.steps]!
  return rows.sort((a, b) => compareValues(valueOf(a), valueOf(b), isDescending))
}

function keepBest(grid: Grid, out: Grid, group: readonly number[], j: number, k: number, isBottom: boolean): void {
  const cells = group.map((series) => series * grid.steps + j).filter((cell) => grid.present[cell] === 1)
  cells.sort((a, b) => compareValues(grid.values[a]!, grid.values[b]!, !isBottom))
  for (const cell of cells.slice(0, k)) {
    out.values[cell] = grid.values[cell]!
    out.present[cell] = 1
  }
}

function compareValues(a: number, b: number, isDescending: boolean): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
  return isDescending ? b - a : a - b
}
