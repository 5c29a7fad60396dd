import type { Call } from './ast.ts'
import type { Evaluation } from './evaluation.ts'
import { vectorAt } from './evaluation.ts'
import { makeGrid } from '@oriel/vector'
import type { Steps, VectorValue } from './values.ts'
import { vectorOf } from './values.ts'

/** Parts of a time given in Unix seconds, UTC. NaN has no parts: NaN, where Prometheus answers what Go's overflow leaves. */
export const TIME_FUNCTIONS: ReadonlyMap<string, (seconds: number) => number> = new Map<string, (seconds: number) => number>([
  ['days_in_month', dated((date) => new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate())],
  ['day_of_month', dated((date) => date.getUTCDate())],
  ['day_of_week', dated((date) => date.getUTCDay())],
  ['day_of_year', dated(dayOfYear)],
  ['hour', dated((date) => date.getUTCHours())],
  ['minute', dated((date) => date.getUTCMinutes())],
  ['month', dated((date) => date.getUTCMonth() + 1)],
  ['year', dated((date) => date.getUTCFullYear())],
])

/** The vector a time function works on: its argument, or the evaluation time without labels. */
export function timeArgument(evaluation: Evaluation, { args: [arg] }: Call, steps: Steps): VectorValue {
  if (arg !== undefined) return vectorAt(evaluation, arg, steps)
  const grid = makeGrid([[]], steps.count)
  grid.values.set(secondsOf(steps))
  grid.present.fill(1)
  return vectorOf(grid)
}

/** The evaluation times in seconds. */
export function secondsOf({ startMs, stepMs, count }: Steps): Float64Array {
  return Float64Array.from({ length: count }, (_, j) => (startMs + j * stepMs) / 1_000)
}

const DAY_MS = 86_400_000

function dayOfYear(date: Date): number {
  const start = Date.UTC(date.getUTCFullYear(), 0, 1)
  return Math.floor((date.getTime() - start) / DAY_MS) + 1
}

function dated(part: (date: Date) => number): (seconds: number) => number {
  return (seconds) => part(new Date(Math.trunc(seconds) * 1_000))
}
