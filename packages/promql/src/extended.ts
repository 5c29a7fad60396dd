import { QueryError } from '@oriel/syntax'
import type { RateKind, WindowFold } from '@oriel/vector'
import { anchoredOverWindows, changesFold, extendedRateOverWindows, resetsFold } from '@oriel/vector'
import type { Call, MatrixSelector } from './ast.ts'
import type { RangeFunction } from './range-functions.ts'

const RATES: ReadonlyMap<string, RateKind> = new Map<string, RateKind>([
  ['delta', 'delta'],
  ['increase', 'increase'],
  ['rate', 'rate'],
])
const FOLDS: ReadonlyMap<string, WindowFold> = new Map([
  ['changes', changesFold],
  ['resets', resetsFold],
])

/**
 * The sliding form of a function over an `anchored` or `smoothed` range; `undefined` for a plain range.
 *
 * Throws QUERY_EXECUTION for functions that such ranges are not defined for.
 */
export function extendedFunctionOf(
  { name, span }: Call,
  { selector }: MatrixSelector,
  lookbackMs: number,
): RangeFunction | undefined {
  const { extension } = selector
  if (extension === undefined) return undefined
  const rate = RATES.get(name)
  const reach = { kind: extension, reachMs: lookbackMs }
  if (rate !== undefined) {
    return {
      kind: 'kernel',
      run: (points, from, to, windows, out) => extendedRateOverWindows(points, from, to, windows, reach, rate, out),
    }
  }
  const fold = FOLDS.get(name)
  if (fold !== undefined && extension === 'anchored') {
    return {
      kind: 'kernel',
      run: (points, from, to, windows, out) => anchoredOverWindows(points, from, to, windows, lookbackMs, fold, out),
    }
  }
  const allowed = extension === 'anchored' ? [...FOLDS.keys(), ...RATES.keys()] : [...RATES.keys()]
  const message = `${extension} modifier can only be used with: ${allowed.sort().join(', ')} - not with ${name}`
  throw new QueryError('QUERY_EXECUTION', message, { span })
}
