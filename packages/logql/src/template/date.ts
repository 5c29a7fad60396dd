import type { GoTime } from './values.ts'

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = 'January February March April May June July August September October November December'.split(' ')

// Longest first: `2006` before `2`, `January` before `Jan`, `15` before `1`.
const LAYOUT =
  /January|Jan|Monday|Mon|MST|2006|-07:00|-0700|-07|Z07:00|Z0700|002|01|02|03|04|05|06|_2|15|PM|pm|[.,]0+(?!\d)|[.,]9+(?!\d)|1|2|3|4|5/g

/** A moment in UTC by a Go layout (`2006-01-02T15:04:05Z07:00`). Source: Go documentation, package time, Layout. */
export function formatDate(layout: string, { tNs }: GoTime): string {
  const time = new Date(Number(tNs / 1_000_000n))
  const nanos = (((tNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n).toString().padStart(9, '0')
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
  const zone = ZONES[part]
  if (zone !== undefined) return zone
  return (PARTS[part] ?? (() => part))(time)
}

/** Moments are shown in UTC. */
const ZONES: Readonly<Record<string, string>> = {
  MST: 'UTC',
  '-07:00': '+00:00',
  '-0700': '+0000',
  '-07': '+00',
  'Z07:00': 'Z',
  Z0700: 'Z',
}

const PARTS: Readonly<Record<string, (time: Date) => string>> = {
  January: (time) => MONTHS[time.getUTCMonth()] ?? '',
  Jan: (time) => (MONTHS[time.getUTCMonth()] ?? '').slice(0, 3),
  Monday: (time) => DAYS[time.getUTCDay()] ?? '',
  Mon: (time) => (DAYS[time.getUTCDay()] ?? '').slice(0, 3),
  '2006': (time) => String(time.getUTCFullYear()).padStart(4, '0'),
  '06': (time) => two(time.getUTCFullYear() % 100),
  '01': (time) => two(time.getUTCMonth() + 1),
  '1': (time) => String(time.getUTCMonth() + 1),
  '02': (time) => two(time.getUTCDate()),
  _2: (time) => String(time.getUTCDate()).padStart(2, ' '),
  '2': (time) => String(time.getUTCDate()),
  '002': (time) => String(dayOfYear(time)).padStart(3, '0'),
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

function two(value: number): string {
  return String(value).padStart(2, '0')
}

function dayOfYear(time: Date): number {
  return Math.floor((time.getTime() - Date.UTC(time.getUTCFullYear(), 0, 1)) / 86_400_000) + 1
}
