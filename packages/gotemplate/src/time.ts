// Moments and layouts as Go's package time has them, in UTC.

import type { GoDuration, GoTime, TemplateFunction, Value } from './values.ts'

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = 'January February March April May June July August September October November December'.split(' ')
const NS_PER_MS = 1_000_000n
const NS_PER_SECOND = 1_000_000_000n

/** `2015-06-23 13:19:44.128 +0000 UTC`, as Go prints a moment. */
export function printTime({ tNs }: GoTime): string {
  return formatTime('2006-01-02 15:04:05.999999999 -0700 MST', tNs)
}

// Longest first: `2006` before `2`, `January` before `Jan`, `15` before `1`.
const LAYOUT =
  /January|Jan|Monday|Mon|MST|2006|-07:00:00|-070000|-07:00|-0700|-07|Z07:00:00|Z070000|Z07:00|Z0700|Z07|002|01|02|03|04|05|06|_2006|__2|_2|15|PM|pm|[.,]0+(?!\d)|[.,]9+(?!\d)|1|2|3|4|5/g

/** A moment by a Go layout (`2006-01-02T15:04:05Z07:00`). Source: Go documentation, package time, Layout. */
export function formatTime(layout: string, tNs: bigint): string {
  const time = new Date(Number(floorDivide(tNs, NS_PER_MS)))
  const nanos = (tNs - floorDivide(tNs, NS_PER_SECOND) * NS_PER_SECOND).toString().padStart(9, '0')
  return layout.replaceAll(LAYOUT, (part) => formatPart(part, time, nanos))
}

function formatPart(part: string, time: Date, nanos: string): string {
  const first = part.charAt(0)
  if (first === '.' || first === ',') {
    const digits = nanos.slice(0, part.length - 1)
    if (part.charAt(1) === '0') return first + digits
    const shown = digits.replace(/0+$/, '')
    return shown === '' ? '' : first + shown
  }
  if (part === 'MST') return 'UTC'
  if (part.startsWith('Z07')) return 'Z'
  if (part.startsWith('-07')) return part.replace('-', '+').replace('7', '0')
  return (PARTS[part] ?? (() => part))(time)
}

const PARTS: Readonly<Record<string, (time: Date) => string>> = {
  January: (time) => MONTHS[time.getUTCMonth()] ?? '',
  Jan: (time) => (MONTHS[time.getUTCMonth()] ?? '').slice(0, 3),
  Monday: (time) => DAYS[time.getUTCDay()] ?? '',
  Mon: (time) => (DAYS[time.getUTCDay()] ?? '').slice(0, 3),
  '2006': (time) => String(time.getUTCFullYear()).padStart(4, '0'),
  _2006: (time) => `_${String(time.getUTCFullYear()).padStart(4, '0')}`,
  '06': (time) => two(time.getUTCFullYear() % 100),
  '01': (time) => two(time.getUTCMonth() + 1),
  '1': (time) => String(time.getUTCMonth() + 1),
  '02': (time) => two(time.getUTCDate()),
  _2: (time) => String(time.getUTCDate()).padStart(2, ' '),
  '2': (time) => String(time.getUTCDate()),
  '002': (time) => String(dayOfYear(time)).padStart(3, '0'),
  __2: (time) => String(dayOfYear(time)).padStart(3, ' '),
  '15': (time) => two(time.getUTCHours()),
  '03': (time) => two(time.getUTCHours() % 12 || 12),
  '3': (time) => String(time.getUTCHours() % 12 || 12),
  '04': (time) => two(time.getUTCMinutes()),
  '4': (time) => String(time.getUTCMinutes()),
  '05': (time) => two(time.getUTCSeconds()),
  '5': (time) => String(time.getUTCSeconds()),
  PM: (time) => (time.getUTCHours() < 12 ? 'AM' : 'PM'),
  pm: (time) => (time.getUTCHours() < 12 ? 'am' : 'pm'),
}

/** Methods of a moment that templates use. Source: Go documentation, package time, type Time. */
export const TIME_METHODS: ReadonlyMap<string, TemplateFunction> = new Map([
  [
    'Format',
    { parameters: ['string'], call: ([self, layout]) => formatTime(typeof layout === 'string' ? layout : '', timeNs(self)) },
  ],
  ['String', getter((tNs) => printTime({ kind: 'time', tNs }))],
  ['Unix', getter((tNs) => sized(floorDivide(tNs, NS_PER_SECOND)))],
  ['UnixMilli', getter((tNs) => sized(floorDivide(tNs, NS_PER_MS)))],
  ['UnixMicro', getter((tNs) => sized(floorDivide(tNs, 1_000n)))],
  ['UnixNano', getter((tNs) => sized(tNs))],
  ['UTC', getter((tNs) => ({ kind: 'time', tNs }))],
  ['Year', getter((tNs) => BigInt(dateOf(tNs).getUTCFullYear()))],
  ['Day', getter((tNs) => BigInt(dateOf(tNs).getUTCDate()))],
  ['YearDay', getter((tNs) => BigInt(dayOfYear(dateOf(tNs))))],
  ['Hour', getter((tNs) => BigInt(dateOf(tNs).getUTCHours()))],
  ['Minute', getter((tNs) => BigInt(dateOf(tNs).getUTCMinutes()))],
  ['Second', getter((tNs) => BigInt(dateOf(tNs).getUTCSeconds()))],
  ['Nanosecond', getter((tNs) => tNs - floorDivide(tNs, NS_PER_SECOND) * NS_PER_SECOND)],
  ['IsZero', getter((tNs) => tNs === ZERO_TIME_NS)],
  ['Weekday', getter((tNs) => DAYS[dateOf(tNs).getUTCDay()] ?? '')],
  ['Month', getter((tNs) => MONTHS[dateOf(tNs).getUTCMonth()] ?? '')],
  ['Add', { parameters: ['*time.Duration'], call: ([self, by]) => ({ kind: 'time', tNs: timeNs(self) + durationNs(by) }) }],
  ['Sub', { parameters: ['*time.Time'], call: ([self, other]) => ({ kind: 'duration', ns: timeNs(self) - timeNs(other) }) }],
  ['Before', { parameters: ['*time.Time'], call: ([self, other]) => timeNs(self) < timeNs(other) }],
  ['After', { parameters: ['*time.Time'], call: ([self, other]) => timeNs(self) > timeNs(other) }],
  ['Equal', { parameters: ['*time.Time'], call: ([self, other]) => timeNs(self) === timeNs(other) }],
])

/** Methods of a length of time. Source: Go documentation, package time, type Duration. */
export const DURATION_METHODS: ReadonlyMap<string, (self: GoDuration) => Value> = new Map<string, (self: GoDuration) => Value>([
  ['Hours', ({ ns }) => Number(ns) / 3.6e12],
  ['Minutes', ({ ns }) => Number(ns) / 6e10],
  ['Seconds', ({ ns }) => Number(ns) / 1e9],
  ['Milliseconds', ({ ns }) => sized(ns / NS_PER_MS)],
  ['Microseconds', ({ ns }) => sized(ns / 1_000n)],
  ['Nanoseconds', ({ ns }) => sized(ns)],
])

/** 0001-01-01T00:00:00Z. */
const ZERO_TIME_NS = -62_135_596_800n * NS_PER_SECOND

function getter(get: (tNs: bigint) => Value): TemplateFunction {
  return { parameters: [], call: ([self]) => get(timeNs(self)) }
}

function timeNs(value: Value): bigint {
  return typeof value === 'object' && value.kind === 'time' ? value.tNs : 0n
}

function durationNs(value: Value): bigint {
  return typeof value === 'object' && value.kind === 'duration' ? value.ns : 0n
}

function sized(int: bigint): Value {
  return { kind: 'sized', type: 'int64', int }
}

function dateOf(tNs: bigint): Date {
  return new Date(Number(floorDivide(tNs, NS_PER_MS)))
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b
  return a % b < 0n ? quotient - 1n : quotient
}

function dayOfYear(time: Date): number {
  return (
    Math.floor(
      (Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate()) - Date.UTC(time.getUTCFullYear(), 0)) / 86_400_000,
    ) + 1
  )
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
