import type { SeriesPoints, SeriesScan } from '@oriel/model'
import type { FoldOp, Grid, Groups, SeriesOut } from '@oriel/vector'
import { makeAccumulator, pickRows } from '@oriel/vector'
import type { InPieces } from './evaluation.ts'
import { CHECK_EVERY } from './evaluation.ts'

/** Writes a series' value at each step where it has one, from `out.at` on; how many steps got one. */
export type Slider = (points: SeriesPoints, out: SeriesOut) => number

/** Groups with a value at some step. */
export interface FoldedScan {
  readonly grid: Grid
  /** 1 for series with a value at some step. */
  readonly seen: Uint8Array
}

/**
 * Aggregates what `slide` makes of each series: values go into a scratch row and from there to their group, so that those of all series
 * never exist at once. Groups come in the order of their first series that has a value.
 */
export function* foldScan(
  scan: SeriesScan,
  steps: number,
  { groupOf, labels }: Groups,
  op: FoldOp,
  slide: Slider,
): InPieces<FoldedScan> {
  const accumulator = makeAccumulator(op, labels, steps)
  const row: SeriesOut = { values: new Float64Array(steps), present: new Uint8Array(steps), at: 0 }
  const seen = new Uint8Array(groupOf.length)
  const order = new Set<number>()
  for (let i = 0; i < groupOf.length; i++) {
    if (i % CHECK_EVERY === 0) yield
    row.present.fill(0)
    const filled = slide(scan.read(i), row)
    if (filled === 0) continue
    const group = groupOf[i]!
    accumulator.add(group, row.values, row.present, 0, filled === steps)
    order.add(group)
    seen[i] = 1
  }
  const grid = accumulator.finish()
  const rows = [...order]
  const isAsItIs = rows.length === labels.length && rows.every((group, at) => group === at)
  return { grid: isAsItIs ? grid : pickRows(grid, rows), seen }
}
