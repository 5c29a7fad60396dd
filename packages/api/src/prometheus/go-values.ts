import { printPromDuration } from '@oriel/syntax'
import type { UnixMs } from '@oriel/model'

/** A time as Go prints it in JSON; 0 stands for "never", which there is the year 1. */
export function goTime(tMs: UnixMs): string {
  return tMs === 0 ? '0001-01-01T00:00:00Z' : new Date(tMs).toISOString().replace(/\.?0*Z$/, 'Z')
}

/** A duration as Prometheus prints it: `1m`, `15s`. */
export function goDuration(durationMs: number): string {
  return printPromDuration(durationMs)
}

/** A number as Go's FormatFloat prints it with 'e' and the fewest digits: `1e+00`. */
export function goExponent(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  const sign = Object.is(value, -0) ? '-' : ''
  return sign + value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
}
