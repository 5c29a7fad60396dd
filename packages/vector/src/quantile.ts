/**
 * The quantile of values, with linear interpolation between ranks. Sorts `values` in place, NaN first.
 *
 * NaN for no values or a NaN quantile; -Inf below 0, +Inf above 1. Source: Prometheus 3.14 promql/quantile.go quantile.
 */
export function quantileOf(quantile: number, values: Float64Array): number {
  const n = values.length
  if (n === 0 || Number.isNaN(quantile)) return NaN
  if (quantile < 0) return -Infinity
  if (quantile > 1) return Infinity
  sortNaNFirst(values)
  const rank = quantile * (n - 1)
  const lower = Math.max(0, Math.floor(rank))
  const upper = Math.min(n - 1, lower + 1)
  const weight = rank - Math.floor(rank)
  return values[lower]! * (1 - weight) + values[upper]! * weight
}

/** Sorts ascending; typed arrays sort NaN last, Prometheus first. */
function sortNaNFirst(values: Float64Array): void {
  values.sort()
  let end = values.length
  while (end > 0 && Number.isNaN(values[end - 1]!)) end--
  if (end === values.length) return
  values.copyWithin(values.length - end, 0, end)
  values.fill(NaN, 0, values.length - end)
}
