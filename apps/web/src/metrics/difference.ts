/** Values of one group over the shared grid, `null` where it has none. */
type Values = readonly (number | null)[]

/**
 * How different each group is from the others, 0 (like them) to 2: half its level, half its shape over time.
 *
 * The level is compared to the median of all groups, the shape (values by their own mean) to the median shape. Returns one
 * number a group; groups without values count as 0.
 */
export function differences(groups: readonly Values[]): number[] {
  const means = groups.map(meanOf)
  const known = means.filter((mean) => mean !== null)
  const median = medianOf(known)
  const largest = known.reduce((max, mean) => Math.max(max, Math.abs(mean)), 0)
  const shapes = groups.map((values, i) => shapeOf(values, means[i] ?? null))
  const usual = medianShape(shapes.filter((shape) => shape.length > 0))
  return groups.map((_, i) => {
    const mean = means[i]
    if (mean === null || mean === undefined || known.length < 2) return 0
    const level = largest === 0 ? 0 : Math.abs(mean - median) / largest
    return Math.min(1, level) + shapeDifference(shapes[i] ?? [], usual)
  })
}

/** How much a label tells: the difference of its most different group. */
export function spreadOf(groups: readonly Values[]): number {
  return differences(groups).reduce((max, value) => Math.max(max, value), 0)
}

/** The mean of the known values, `null` when there is none. */
export function meanOf(values: Values): number | null {
  let sum = 0
  let count = 0
  for (const value of values) {
    if (value === null) continue
    sum += value
    count++
  }
  return count === 0 ? null : sum / count
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  if (sorted.length % 2 === 1) return sorted[middle] ?? 0
  return ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

/** A flat line is 1 everywhere, whatever its level. */
function shapeOf(values: Values, mean: number | null): Values {
  if (mean === null) return []
  return mean === 0
    ? values.map((value) => (value === null ? null : 1))
    : values.map((value) => (value === null ? null : value / mean))
}

/** The median shape, moment by moment: one that is odd does not bend it. `null` where most have no value. */
function medianShape(shapes: readonly Values[]): Values {
  const length = shapes.reduce((longest, shape) => Math.max(longest, shape.length), 0)
  return Array.from({ length }, (_, i) => {
    const known = shapes.flatMap((shape) => shape[i] ?? [])
    return known.length * 2 < shapes.length || known.length === 0 ? null : medianOf(known)
  })
}

/** The mean distance to the usual shape, at most 1; a moment that only one of the two has counts as 1. */
function shapeDifference(shape: Values, usual: Values): number {
  let distance = 0
  let moments = 0
  for (const [i, value] of shape.entries()) {
    const other = usual[i] ?? null
    if (value === null && other === null) continue
    moments++
    distance += value === null || other === null ? 1 : Math.min(1, Math.abs(value - other))
  }
  return moments === 0 ? 0 : distance / moments
}
