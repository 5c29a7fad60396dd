import type { RateKind, WindowFold } from '@oriel/vector'
import { firstFold } from '@oriel/vector'
import type { Call } from './ast.ts'
import type { RangeExpr } from './evaluation.ts'
import { extendedHistogramRate } from './histogram-extended.ts'
import type { HistogramNotes } from './histogram-notes.ts'
import { mixedInstant, mixedRate } from './histogram-rate.ts'
import { changesOf, countAll, firstOf, firstTimeOf, floatsOnly, lastOf, lastTimeOf, resetsOf, sumOrMean } from './mixed-folds.ts'
import type { MixedFold, MixedWindow, WindowReach } from './mixed-window.ts'
import type { RangeFunction } from './range-functions.ts'

/** A range function over windows that may hold histograms, and how far beyond their edges it sees. */
export interface MixedFunction {
  readonly fold: MixedFold
  readonly reach: WindowReach
}

/** The form of a range function for series with histograms; `fun` is its form for floats. */
export function mixedFunctionOf(
  { name }: Call,
  range: RangeExpr,
  fun: RangeFunction,
  lookbackMs: number,
  notes: HistogramNotes,
): MixedFunction {
  const extension = range.kind === 'matrixSelector' ? range.selector.extension : undefined
  if (extension === undefined) return { fold: foldOf(name, range.rangeMs, fun, notes), reach: NO_REACH }
  const reach = { beforeMs: lookbackMs, afterMs: extension === 'smoothed' ? lookbackMs : 0 }
  const rate = RATES.get(name)
  if (rate === undefined) return { fold: name === 'resets' ? resetsOf(true) : changesOf(true), reach }
  const floats = floatFold(fun, range.rangeMs)
  const histograms = extendedHistogramRate(rate, range.rangeMs, extension === 'smoothed', notes)
  return {
    reach,
    fold: (window, metric) => {
      if (window.hHi === window.hLo) return floats(window)
      if (window.fHi === window.fLo) return histograms(window, metric)
      notes.mixedFloats(metric)
      return undefined
    },
  }
}

const NO_REACH: WindowReach = { beforeMs: 0, afterMs: 0 }
const RATES: ReadonlyMap<string, RateKind> = new Map<string, RateKind>([
  ['delta', 'delta'],
  ['increase', 'increase'],
  ['rate', 'rate'],
])

const ANY: ReadonlyMap<string, MixedFold> = new Map<string, MixedFold>([
  ['count_over_time', countAll],
  ['present_over_time', () => 1],
  ['first_over_time', firstOf],
  ['last_over_time', lastOf],
  ['ts_of_first_over_time', firstTimeOf],
  ['ts_of_last_over_time', lastTimeOf],
  ['changes', changesOf(false)],
  ['resets', resetsOf(false)],
])

function foldOf(name: string, rangeMs: number, fun: RangeFunction, notes: HistogramNotes): MixedFold {
  const any = ANY.get(name)
  if (any !== undefined) return any
  const rate = RATES.get(name)
  if (rate !== undefined) return mixedRate(rate, rangeMs, notes)
  if (name === 'irate' || name === 'idelta') return mixedInstant(name === 'irate', notes)
  const fold = floatFold(fun, rangeMs)
  if (name === 'sum_over_time' || name === 'avg_over_time') return sumOrMean(windowFoldOf(fun), name === 'avg_over_time', notes)
  return floatsOnly(fold, notes)
}

function windowFoldOf(fun: RangeFunction): WindowFold {
  return fun.kind === 'fold' ? fun.fold : firstFold
}

/** The floats of a window by the function's float form. */
function floatFold(fun: RangeFunction, rangeMs: number): (window: MixedWindow) => number | undefined {
  if (fun.kind === 'fold') {
    const { fold, minPoints = 1 } = fun
    return ({ floats, fLo, fHi, step }) => (fHi - fLo < minPoints ? undefined : fold(floats, fLo, fHi, step))
  }
  if (fun.kind === 'rate') return () => undefined
  const out = { values: new Float64Array(1), present: new Uint8Array(1), at: 0 }
  return ({ floats, fLo, fHi, endMs }) => {
    out.present[0] = 0
    fun.run(floats, fLo, fHi, { firstEndMs: endMs, stepMs: 0, steps: 1, rangeMs }, out)
    return out.present[0] === 1 ? out.values[0] : undefined
  }
}
