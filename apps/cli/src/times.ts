import { parsePromDuration } from '@oriel/syntax'
import { CliError } from './errors.ts'

/** A time as people write it: `now`, `now-1h`, `-1h`, RFC 3339, or seconds or milliseconds since 1970. In milliseconds. */
export function parseTime(name: string, text: string, nowMs: number): number {
  const trimmed = text.trim()
  if (trimmed === 'now') return nowMs
  const relative = /^(?:now)?([+-])(\S+)$/.exec(trimmed)
  if (relative !== null) {
    const offsetMs = parseDuration(name, relative[2] ?? '')
    return relative[1] === '-' ? nowMs - offsetMs : nowMs + offsetMs
  }
  if (/^\d+(\.\d+)?$/.test(trimmed)) {
    const number = Number(trimmed)
    // Seconds stay below 10^11 until the year 5138, milliseconds are above it since 1973.
    return number < 1e11 ? Math.round(number * 1_000) : Math.round(number)
  }
  const tMs = Date.parse(trimmed)
  if (Number.isNaN(tMs)) {
    const forms = 'now, now-1h, -30m, 2026-03-14T12:00:00Z or seconds since 1970'
    throw new CliError('CLI_BAD_ARGUMENT', `cannot read ${name} ${JSON.stringify(text)}: write ${forms}`)
  }
  return tMs
}

/** A duration as Prometheus writes it: `15s`, `1h30m`, or plain seconds. In milliseconds. */
export function parseDuration(name: string, text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1_000)
  const parsed = parsePromDuration(text)
  if (!parsed.ok) throw new CliError('CLI_BAD_ARGUMENT', `cannot read ${name} ${JSON.stringify(text)}: ${parsed.reason}`)
  return parsed.value
}

/** A time for a table: local, to the millisecond. */
export function printTime(tMs: number): string {
  const local = new Date(tMs - new Date(tMs).getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 23).replace('T', ' ')
}

/** A duration for people: `1.50 s`, `12.3 ms`, `850 µs`. */
export function printDuration(durationNs: bigint): string {
  const ns = Number(durationNs)
  if (ns >= 1e9) return `${(ns / 1e9).toFixed(2)} s`
  return ns >= 1e6 ? `${(ns / 1e6).toFixed(1)} ms` : `${(ns / 1e3).toFixed(0)} µs`
}
