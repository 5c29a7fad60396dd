import type { Call } from './ast.ts'
import type { Evaluation } from './evaluation.ts'
import { vectorAt } from './evaluation.ts'
import { makeGrid } from '@oriel/vector'
import type { Steps, VectorValue } from './values.ts'
import { vectorOf } from './values.ts'

/** Parts of a time given in Unix seconds, UTC. */
export const TIME_FUNCTIONS: ReadonlyMap<string, (seconds: number) => number> = new Map<string, (seconds: number) => number>([
  ['days_in_month', (seconds) => daysInMonth(civilOf(seconds))],
  ['day_of_month', (seconds) => civilOf(seconds).day],
  ['day_of_week', (seconds) => civilOf(seconds).weekday],
  ['day_of_year', (seconds) => dayOfYear(civilOf(seconds))],
  ['hour', (seconds) => Math.floor(civilOf(seconds).secondOfDay / 3_600)],
  ['minute', (seconds) => Math.floor(civilOf(seconds).secondOfDay / 60) % 60],
  ['month', (seconds) => civilOf(seconds).month],
  ['year', (seconds) => civilOf(seconds).year],
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

/** A day of the Gregorian calendar, month and day from 1, Sunday 0, and the seconds since it began. */
interface Civil {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly weekday: number
  readonly secondOfDay: number
}

const DAY_SECONDS = 86_400
// 2^63: beyond it Go's conversion to whole seconds overflows, and NaN with it.
const MOST_SECONDS = 2 ** 63
/** What that overflow leaves on the processors Prometheus is tested on: the last moment that Go can tell. */
const OVERFLOWN: Civil = { year: 292_277_026_596, month: 12, day: 4, weekday: 0, secondOfDay: 55_808 }

/** Any time at all: `Date` ends in the year 275760. */
function civilOf(seconds: number): Civil {
  if (!(seconds >= -MOST_SECONDS && seconds < MOST_SECONDS)) return OVERFLOWN
  const whole = Math.trunc(seconds)
  const days = Math.floor(whole / DAY_SECONDS)
  const secondOfDay = Number(BigInt.asIntN(64, BigInt(whole)) - BigInt(days) * BigInt(DAY_SECONDS))
  return { ...dateOf(days), weekday: (((days + 4) % 7) + 7) % 7, secondOfDay }
}

// Days from 0000-03-01 to 1970-01-01, and in 400 years.
const TO_MARCH_0 = 719_468
const ERA_DAYS = 146_097

/** The date so many days after 1970-01-01. Source: Howard Hinnant, chrono-compatible date algorithms, civil_from_days. */
function dateOf(days: number): Pick<Civil, 'year' | 'month' | 'day'> {
  const fromMarch = days + TO_MARCH_0
  const era = Math.floor(fromMarch / ERA_DAYS)
  const dayOfEra = fromMarch - era * ERA_DAYS
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayFromMarch = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayFromMarch + 2) / 153)
  const day = dayFromMarch - Math.floor((153 * monthFromMarch + 2) / 5) + 1
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function daysInMonth({ year, month }: Civil): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month === 2 && isLeap ? 29 : (MONTH_DAYS[month - 1] ?? 0)
}

function dayOfYear({ year, month, day }: Civil): number {
  let days = day
  for (let before = 1; before < month; before++) days += daysInMonth({ year, month: before, day: 1, weekday: 0, secondOfDay: 0 })
  return days
}
