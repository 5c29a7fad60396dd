import { QueryError } from '@oriel/syntax'
import type { Call, MatrixSelector } from './ast.ts'
import type { RangeFunction } from './range-functions.ts'

/** The sliding form of a function over an `anchored` or `smoothed` range; `undefined` for a plain range. */
export function extendedFunctionOf(call: Call, { selector }: MatrixSelector): RangeFunction | undefined {
  if (selector.extension === undefined) return undefined
  throw new QueryError('QUERY_UNSUPPORTED', `cannot evaluate ${selector.extension} ranges: not supported yet`, {
    span: call.span,
  })
}
