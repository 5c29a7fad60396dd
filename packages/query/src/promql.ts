import type { Labels, UnixMs } from '@oriel/model'
import type { QueryContext, Source } from '@oriel/store'
import { RunError } from './errors.ts'
import type { PromQLRequest, QueryAnswer, QueryWarning } from './requests.ts'

/** What a PromQL query answers. */
export type PromQLData =
  | { readonly kind: 'scalar'; readonly tMs: UnixMs; readonly value: number }
  | { readonly kind: 'string'; readonly tMs: UnixMs; readonly value: string }
  | {
      readonly kind: 'vector'
      readonly tMs: UnixMs
      readonly samples: readonly { readonly labels: Labels; readonly value: number }[]
    }
  | {
      readonly kind: 'matrix'
      /** Only the points that have a value, times rising. */
      readonly series: readonly { readonly labels: Labels; readonly tMs: Float64Array; readonly values: Float64Array }[]
    }

export type PromQLAnswer = QueryAnswer<PromQLData>

/** Evaluates PromQL. */
export async function runPromQL(
  _source: Source,
  request: PromQLRequest,
  _context: QueryContext,
  _warnings: QueryWarning[],
): Promise<PromQLData> {
  throw new RunError('QUERY_LIMIT', `cannot run ${request.kind} query: the PromQL evaluator is not wired yet`)
}
