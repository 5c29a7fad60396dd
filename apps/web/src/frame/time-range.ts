import type { TimeRange } from '@oriel/model'

/** A range as it stands in the URL: `now-1h`, `now/d`, epoch milliseconds or ISO text, as in Grafana. */
export interface RangeText {
  readonly from: string
  readonly to: string
}

/** What the page shows when the URL names no range. */
export const DEFAULT_RANGE: RangeText = { from: 'now-30m', to: 'now' }

/** The ranges on offer in the picker, shortest first. */
export const QUICK_RANGES: readonly (RangeText & { readonly name: string })[] = [
  { name: 'Last 5 minutes', from: 'now-5m', to: 'now' },
  { name: 'Last 15 minutes', from: 'now-15m', to: 'now' },
  { name: 'Last 30 minutes', from: 'now-30m', to: 'now' },
  { name: 'Last 1 hour', from: 'now-1h', to: 'now' },
  { name: 'Last 3 hours', from: 'now-3h', to: 'now' },
  { name: 'Last 6 hours', from: 'now-6h', to: 'now' },
  { name: 'Last 12 hours', from: 'now-12h', to: 'now' },
  { name: 'Last 24 hours', from: 'now-24h', to: 'now' },
  { name: 'Last 2 days', from: 'now-2d', to: 'now' },
  { name: 'Last 7 days', from: 'now-7d', to: 'now' },
  { name: 'Last 30 days', from: 'now-30d', to: 'now' },
  { name: 'Last 90 days', from: 'now-90d', to: 'now' },
  { name: 'Today', from: 'now/d', to: 'now' },
  { name: 'Yesterday', from: 'now-1d/d', to: 'now-1d/d' },
  { name: 'This week', from: 'now/w', to: 'now' },
]

/**
 * The moment that `text` names, in epoch milliseconds; `undefined` when it names none.
 *
 * Reads `now`, `now-6h`, `now-1d/d`, epoch seconds, milliseconds, microseconds or nanoseconds (told apart by size) and ISO dates.
 * With `isEnd`, rounding (`/d`) goes to the last millisecond of the unit instead of its first.
 */
export function parseInstant(text: string, nowMs: number, { isEnd = false }: { isEnd?: boolean } = {}): number | undefined {
  const trimmed = text.trim()
  if (trimmed.startsWith('now')) return parseRelative(trimmed, nowMs, isEnd)
  if (/^\d{9,19}(\.\d+)?$/.test(trimmed)) return epochMs(trimmed)
  if (!/^\d{4}-\d{2}-\d{2}/.test(trimmed)) return undefined
  const ms = Date.parse(trimmed.includes('T') ? trimmed : trimmed.replace(' ', 'T').padEnd(16, 'T00:00'))
  return Number.isNaN(ms) ? undefined : ms
}

/** The moments of a range; falls back to the default range when an end cannot be read or the ends are swapped. */
export function resolveRange(range: RangeText, nowMs: number): TimeRange {
  const startMs = parseInstant(range.from, nowMs)
  const endMs = parseInstant(range.to, nowMs, { isEnd: true })
  if (startMs !== undefined && endMs !== undefined && startMs < endMs) return { startMs, endMs }
  return { startMs: nowMs - 30 * MINUTE_MS, endMs: nowMs }
}

/**
 * Reads what a person types or pastes: `6h`, `now-6h`, `2h ago`, `yesterday`, an epoch, or a pair joined by `to`, ` - `, `,` or
 * whitespace (also `from=..&to=..` and Grafana's `{"from":..,"to":..}`). A single moment becomes the half hour around it.
 */
export function parseRangeText(text: string, nowMs: number): RangeText | undefined {
  const trimmed = text.trim()
  const short = /^(\d+)\s*([smhdwMQy])$/.exec(trimmed)
  if (short !== null) return { from: `now-${short[1]}${short[2]}`, to: 'now' }
  const ago = /^(\d+)\s*([smhdwMQy])\w* ago$/.exec(trimmed)
  if (ago !== null) return { from: `now-${ago[1]}${ago[2]}`, to: 'now' }
  const named = QUICK_RANGES.find((range) => range.name.toLowerCase() === trimmed.toLowerCase())
  if (named !== undefined) return { from: named.from, to: named.to }
  const pair = splitPair(trimmed)
  if (pair !== undefined) return checkedRange(pair, nowMs)
  if (trimmed.startsWith('now') && trimmed !== 'now') return checkedRange({ from: trimmed, to: 'now' }, nowMs)
  const moment = parseInstant(trimmed, nowMs)
  if (moment === undefined || trimmed === 'now') return undefined
  return rangeTextOf({ startMs: moment - 15 * MINUTE_MS, endMs: moment + 15 * MINUTE_MS })
}

/** A fixed range as URL text. */
export function rangeTextOf(range: TimeRange): RangeText {
  return { from: String(Math.round(range.startMs)), to: String(Math.round(range.endMs)) }
}

/** Twice the range: `now-1h` to `now` grows backwards and stays live, any other grows around its middle up to now. */
export function zoomOut(range: RangeText, nowMs: number): RangeText {
  const { startMs, endMs } = resolveRange(range, nowMs)
  const lengthMs = endMs - startMs
  if (range.to === 'now') return { from: `now-${compactDuration(2 * lengthMs)}`, to: 'now' }
  return rangeTextOf({ startMs: startMs - lengthMs / 2, endMs: Math.min(endMs + lengthMs / 2, nowMs) })
}

/** The range half its length earlier (`-1`) or later (`1`). Never ends after now. */
export function shiftRange(range: RangeText, direction: -1 | 1, nowMs: number): RangeText {
  const { startMs, endMs } = resolveRange(range, nowMs)
  const byMs = Math.min((direction * (endMs - startMs)) / 2, Math.max(0, nowMs - endMs))
  return rangeTextOf({ startMs: startMs + byMs, endMs: endMs + byMs })
}

/** What the picker's button says: the quick range's name, or both ends in local time. */
export function describeRange(range: RangeText, nowMs: number): string {
  const quick = QUICK_RANGES.find(({ from, to }) => from === range.from && to === range.to)
  if (quick !== undefined) return quick.name
  if (range.to === 'now' && /^now-\w+$/.test(range.from)) return `Last ${range.from.slice('now-'.length)}`
  return describeMoments(resolveRange(range, nowMs))
}

/** Both ends in local time, the date once when it is the same day. */
export function describeMoments({ startMs, endMs }: TimeRange): string {
  const start = new Date(startMs)
  const end = new Date(endMs)
  const isSameDay = start.toDateString() === end.toDateString()
  const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false }
  const full: Intl.DateTimeFormatOptions = { month: 'short', day: 'numeric', ...time }
  return `${start.toLocaleString('en', full)} – ${isSameDay ? end.toLocaleTimeString('en', time) : end.toLocaleString('en', full)}`
}

/** Whether the range moves with the clock. */
export function isRelative(range: RangeText): boolean {
  return range.from.startsWith('now') || range.to.startsWith('now')
}

/** The smallest round step that keeps a range within `maxPoints` points. */
export function stepFor({ startMs, endMs }: TimeRange, maxPoints: number): number {
  const wantedMs = (endMs - startMs) / maxPoints
  for (const stepMs of ROUND_STEPS_MS) if (stepMs >= wantedMs) return stepMs
  return Math.ceil(wantedMs / DAY_MS) * DAY_MS
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const ROUND_STEPS_MS: readonly number[] = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400,
].map((seconds) => seconds * 1_000)
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: MINUTE_MS, h: 60 * MINUTE_MS, d: DAY_MS, w: 7 * DAY_MS }
const UNIT_MONTHS: Readonly<Record<string, number>> = { M: 1, Q: 3, y: 12 }

function parseRelative(text: string, nowMs: number, isEnd: boolean): number | undefined {
  const match = /^now(?:([+-])(\d+)([smhdwMQy]))?(?:\/([smhdwMQy]))?$/.exec(text)
  if (match === null) return undefined
  const [, sign, amount, unit, round] = match
  let ms = nowMs
  if (unit !== undefined) ms = addUnits(ms, unit, Number(amount) * (sign === '-' ? -1 : 1))
  if (round === undefined) return ms
  const floorMs = floorTo(ms, round)
  return isEnd ? addUnits(floorMs, round, 1) - 1 : floorMs
}

function addUnits(ms: number, unit: string, amount: number): number {
  const unitMs = UNIT_MS[unit]
  // Days and weeks go by the calendar, so that `now-1d/d` is yesterday on the day a clock changes as well.
  if (unit === 'd' || unit === 'w') {
    const date = new Date(ms)
    date.setDate(date.getDate() + amount * (unit === 'w' ? 7 : 1))
    return date.getTime()
  }
  if (unitMs !== undefined) return ms + amount * unitMs
  const date = new Date(ms)
  date.setMonth(date.getMonth() + amount * (UNIT_MONTHS[unit] ?? 0))
  return date.getTime()
}

function floorTo(ms: number, unit: string): number {
  const date = new Date(ms)
  if (unit === 's') return date.setMilliseconds(0)
  if (unit === 'm') return date.setSeconds(0, 0)
  if (unit === 'h') return date.setMinutes(0, 0, 0)
  date.setHours(0, 0, 0, 0)
  // Weeks start on Monday (ISO 8601).
  if (unit === 'w') date.setDate(date.getDate() - ((date.getDay() + 6) % 7))
  if (unit === 'M') date.setDate(1)
  if (unit === 'Q') date.setMonth(date.getMonth() - (date.getMonth() % 3), 1)
  if (unit === 'y') date.setMonth(0, 1)
  return date.getTime()
}

/** Seconds, milliseconds, microseconds or nanoseconds by their number of digits (valid from 2001 to 2286). */
function epochMs(text: string): number {
  const digits = text.split('.')[0]?.length ?? 0
  const value = Number(text)
  if (digits <= 10) return value * 1_000
  if (digits <= 13) return value
  return digits <= 16 ? value / 1_000 : value / 1_000_000
}

function splitPair(text: string): RangeText | undefined {
  const object = /"?from"?\s*[:=]\s*"?([^",&}]+)"?\s*[,&]\s*"?to"?\s*[:=]\s*"?([^",&}]+)"?/.exec(text)
  if (object !== null) return pairOf(object[1], object[2])
  for (const joint of [/\s+to\s+/, /\s+[-–]\s+/, /\s*,\s*/, /\s+/]) {
    const parts = text.split(joint)
    if (parts.length === 2 && parts.every((part) => parseInstant(part, 0) !== undefined)) return pairOf(parts[0], parts[1])
  }
  return undefined
}

function pairOf(from: string | undefined, to: string | undefined): RangeText | undefined {
  return from === undefined || to === undefined ? undefined : { from: from.trim(), to: to.trim() }
}

function checkedRange(range: RangeText, nowMs: number): RangeText | undefined {
  const startMs = parseInstant(range.from, nowMs)
  const endMs = parseInstant(range.to, nowMs, { isEnd: true })
  if (startMs === undefined || endMs === undefined || startMs >= endMs) return undefined
  const keep = (text: string, ms: number): string => (text.startsWith('now') ? text : String(Math.round(ms)))
  return { from: keep(range.from, startMs), to: keep(range.to, endMs) }
}

function compactDuration(ms: number): string {
  for (const [unit, unitMs] of [
    ['d', DAY_MS],
    ['h', 60 * MINUTE_MS],
    ['m', MINUTE_MS],
  ] as const) {
    if (ms % unitMs === 0) return `${ms / unitMs}${unit}`
  }
  return `${Math.round(ms / 1_000)}s`
}
