import type { Labels } from '@oriel/model'
import { dropLabels, labelsKey } from '@oriel/model'
import { QueryError } from '@oriel/syntax'
import type { Grid } from '@oriel/vector'
import { cellAt, makeGrid, makeGridLike, pickRows, putCell, rowsWithValues } from '@oriel/vector'

/** The times an expression is evaluated at: step j at `startMs + j * stepMs`. */
export interface Steps {
  readonly startMs: number
  readonly stepMs: number
  readonly count: number
  /** A range was asked for, though it may be too short for a second step. */
  readonly isRange?: boolean
}

/** An instant vector at every step. `dropName[i]` is 1 where the series loses its name at the end of the query. */
export interface VectorValue {
  readonly kind: 'vector'
  readonly grid: Grid
  readonly dropName: Uint8Array
}

/** A number at every step. */
export interface ScalarValue {
  readonly kind: 'scalar'
  readonly values: Float64Array
}

interface StringValue {
  readonly kind: 'string'
  readonly value: string
}

/** What an expression other than a range evaluates to. */
export type Value = VectorValue | ScalarValue | StringValue

/** Labels that describe the metric as a whole: they go when a value no longer is the metric's. */
export const METADATA_LABELS: ReadonlySet<string> = new Set(['__name__', '__type__', '__unit__'])
const LAST_METADATA_LABEL = '__unit__'

/** A vector that keeps its names. */
export function vectorOf(grid: Grid, dropName: Uint8Array = new Uint8Array(grid.labels.length)): VectorValue {
  return { kind: 'vector', grid, dropName }
}

/** A vector without series. */
export function emptyVector(steps: number): VectorValue {
  return vectorOf(makeGrid([], steps))
}

/** The same values under other labels. */
export function relabelled(grid: Grid, labels: readonly Labels[]): Grid {
  return { ...grid, labels }
}

/** Without metric name, type and unit. */
export function withoutName(labels: Labels): Labels {
  return labels.some(({ name }) => METADATA_LABELS.has(name)) ? dropLabels(labels, METADATA_LABELS) : labels
}

/** Takes the names from every series: now, or marked for the end of the query when removal is delayed. */
export function dropNames({ grid }: VectorValue, isDelayed: boolean): VectorValue {
  if (isDelayed) return vectorOf(grid, new Uint8Array(grid.labels.length).fill(1))
  return vectorOf(relabelled(grid, grid.labels.map(withoutName)))
}

/** Takes the names of series marked for it. */
export function dropMarkedNames({ grid, dropName }: VectorValue): VectorValue {
  if (!dropName.includes(1)) return vectorOf(grid, dropName)
  const labels = grid.labels.map((of, i) => (dropName[i] === 1 ? withoutName(of) : of))
  return vectorOf(relabelled(grid, labels))
}

/**
 * Joins series that have the same labels into one. Throws QUERY_EXECUTION where two have a value at one step.
 */
export function mergeSameLabels(vector: VectorValue): VectorValue {
  const { grid, dropName } = vector
  if (grid.labels.length < 2) return vector
  const rowOf = new Map<string, number>()
  const target = new Int32Array(grid.labels.length)
  for (const [i, labels] of grid.labels.entries()) {
    const key = labelsKey(labels)
    const known = rowOf.get(key)
    if (known === undefined) rowOf.set(key, rowOf.size)
    target[i] = known ?? rowOf.size - 1
  }
  if (rowOf.size === grid.labels.length) return vector
  const labels: Labels[] = []
  const drops = new Uint8Array(rowOf.size)
  const firsts = new Int32Array(rowOf.size).fill(grid.steps)
  for (const [i, row] of target.entries()) {
    labels[row] ??= grid.labels[i] ?? []
    // The series that is there first decides whether the name goes, as in Prometheus.
    const at = grid.present.subarray(i * grid.steps, (i + 1) * grid.steps).indexOf(1)
    if (at < 0 || at >= firsts[row]!) continue
    firsts[row] = at
    drops[row] = dropName[i]!
  }
  const merged = makeGridLike(grid, labels)
  for (const [i, row] of target.entries()) {
    for (let j = 0; j < grid.steps; j++) {
      if (grid.present[i * grid.steps + j] === 0) continue
      const at = row * grid.steps + j
      if (merged.present[at] === 1) throw sameLabelset()
      putCell(merged, at, cellAt(grid, i * grid.steps + j))
    }
  }
  return vectorOf(merged, drops)
}

/** The error of two series that have become the same. */
export function sameLabelset(): QueryError {
  return new QueryError('QUERY_EXECUTION', 'vector cannot contain metrics with the same labelset')
}

/** Without the series that have no value at all. */
export function compact(vector: VectorValue): VectorValue {
  const rows = rowsWithValues(vector.grid)
  if (rows.length === vector.grid.labels.length) return vector
  return pickSeries(vector, rows)
}

/** Only the series at `rows`, in that order. */
export function pickSeries({ grid, dropName }: VectorValue, rows: readonly number[]): VectorValue {
  return vectorOf(
    pickRows(grid, rows),
    Uint8Array.from(rows, (row) => dropName[row] ?? 0),
  )
}

/** Whether all series are of one metric: then they stay different without their names. */
export function isOneMetric(labels: readonly Labels[]): boolean {
  const [first = []] = labels
  const names = first.filter(({ name }) => METADATA_LABELS.has(name))
  return labels.every((of) => {
    let found = 0
    for (const { name, value } of of) {
      // Names are in order.
      if (name > LAST_METADATA_LABEL) break
      if (!METADATA_LABELS.has(name)) continue
      const known = names[found++]
      if (known?.name !== name || known.value !== value) return false
    }
    return found === names.length
  })
}
