// How numbers read in alerts. Source: Prometheus 3.14 template/template.go; prometheus/common helpers/templates/time.go.

import { significant } from '@oriel/gotemplate'

const LARGE = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y']
const SMALL = ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y']
const BINARY = ['ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi']
const DIGITS = 4

/** `1.235M`: four digits and an SI prefix. */
export function humanize(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return short(value)
  return Math.abs(value) >= 1 ? scaled(value, 1_000, LARGE) : small(value)
}

/** `1Mi`: four digits and a binary prefix. */
export function humanize1024(value: number): string {
  if (Math.abs(value) <= 1 || !Number.isFinite(value)) return short(value)
  return scaled(value, 1_024, BINARY)
}

/** `12.35%` of 0.1235. */
export function humanizePercentage(value: number): string {
  return `${short(value * 100)}%`
}

/** `1d 2h 3m 4s` of seconds, `123.5ms` below one. */
export function humanizeDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return short(seconds)
  if (seconds === 0) return '0s'
  if (Math.abs(seconds) < 1) return `${small(seconds)}s`
  const sign = seconds < 0 ? '-' : ''
  const total = Math.trunc(Math.abs(seconds))
  const rest = total % 60
  const minutes = Math.floor(total / 60) % 60
  const hours = Math.floor(total / 3_600) % 24
  const days = Math.floor(total / 86_400)
  if (days > 0) return `${sign}${days}d ${hours}h ${minutes}m ${rest}s`
  if (hours > 0) return `${sign}${hours}h ${minutes}m ${rest}s`
  return minutes > 0 ? `${sign}${minutes}m ${rest}s` : `${sign}${short(Math.abs(seconds))}s`
}

function short(value: number): string {
  return significant(value, DIGITS)
}

function scaled(value: number, base: number, prefixes: readonly string[]): string {
  let [rest, used] = [value, '']
  for (const prefix of prefixes) {
    if (Math.abs(rest) < base) break
    used = prefix
    rest /= base
  }
  return short(rest) + used
}

function small(value: number): string {
  let [rest, used] = [value, '']
  for (const prefix of SMALL) {
    if (Math.abs(rest) >= 1) break
    used = prefix
    rest *= 1_000
  }
  return short(rest) + used
}
