/** One unit of a Prometheus duration, longest first. A year is 365 days, a week 7, a day 24 hours. */
const PROM_UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['y', 365 * 86_400_000],
  ['w', 7 * 86_400_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
]

const PROM_DURATION = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/

/** 2^63 ns in ms: the longest duration Go can hold, about 292 years. */
export const MAX_DURATION_MS = 9_223_372_036_854

/** What a duration parser answers: the value, or why there is none. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string }

/**
 * Parses a Prometheus duration (`1h30m`, `5m`, `100ms`, `0`): units y w d h m s ms, each at most once and in this order.
 *
 * Returns milliseconds, or a reason in Prometheus's words. Source: Prometheus common 0.66 model/time.go.
 */
export function parsePromDuration(text: string): Parsed<number> {
  if (text === '0') return { ok: true, value: 0 }
  if (text === '') return { ok: false, reason: 'empty duration string' }
  const match = PROM_DURATION.exec(text)
  if (match === null) return { ok: false, reason: `not a valid duration string: ${JSON.stringify(text)}` }
  let totalMs = 0
  PROM_UNITS.forEach(([, unitMs], i) => {
    totalMs += Number(match[i + 1] ?? 0) * unitMs
  })
  return totalMs > MAX_DURATION_MS ? { ok: false, reason: 'duration out of range' } : { ok: true, value: totalMs }
}

/** Prints milliseconds as a Prometheus duration: `1h30m`, `0s`, `-5m`. Years and weeks only when they divide the rest. */
export function printPromDuration(durationMs: number): string {
  if (durationMs === 0) return '0s'
  let rest = Math.abs(durationMs)
  let text = durationMs < 0 ? '-' : ''
  for (const [unit, unitMs] of PROM_UNITS) {
    const isExactOnly = unit === 'y' || unit === 'w'
    if (isExactOnly && rest % unitMs !== 0) continue
    const count = Math.floor(rest / unitMs)
    if (count === 0) continue
    text += `${count}${unit}`
    rest -= count * unitMs
  }
  return text
}

const GO_UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
  w: 604_800_000_000_000n,
  y: 31_536_000_000_000_000n,
}

const GO_PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|[smhdwy])/y

/**
 * Parses a Go duration (`1h30m`, `1.5s`, `-300ms`, `2us`) into nanoseconds; d, w and y are accepted too, as Loki does.
 *
 * Returns a reason when the text is no duration. Fractions below a nanosecond are cut off.
 */
export function parseGoDuration(text: string): Parsed<bigint> {
  const isNegative = text.startsWith('-')
  const body = isNegative || text.startsWith('+') ? text.slice(1) : text
  if (body === '0') return { ok: true, value: 0n }
  let totalNs = 0n
  let at = 0
  while (at < body.length) {
    GO_PART.lastIndex = at
    const match = GO_PART.exec(body)
    const unitNs = GO_UNITS[match?.[2] ?? '']
    if (match === null || unitNs === undefined) break
    totalNs += scaledBy(match[1] ?? '', unitNs)
    at = GO_PART.lastIndex
  }
  if (at === 0 || at < body.length) return { ok: false, reason: `invalid duration ${JSON.stringify(text)}` }
  return { ok: true, value: isNegative ? -totalNs : totalNs }
}

/** Prints nanoseconds as Go does: `1h30m0s`, `1.5s`, `300ms`, `0s`. */
export function printGoDuration(durationNs: bigint): string {
  if (durationNs === 0n) return '0s'
  const sign = durationNs < 0n ? '-' : ''
  const ns = durationNs < 0n ? -durationNs : durationNs
  if (ns < 1_000n) return `${sign}${ns}ns`
  if (ns < 1_000_000n) return `${sign}${decimal(ns, 3)}µs`
  if (ns < 1_000_000_000n) return `${sign}${decimal(ns, 6)}ms`
  const minutes = ns / 60_000_000_000n
  const seconds = `${decimal(ns % 60_000_000_000n, 9)}s`
  if (minutes === 0n) return sign + seconds
  if (minutes < 60n) return `${sign}${minutes}m${seconds}`
  return `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`
}

function scaledBy(digits: string, unitNs: bigint): bigint {
  const [whole = '', fraction = ''] = digits.split('.')
  const wholeNs = BigInt(whole === '' ? '0' : whole) * unitNs
  return fraction === '' ? wholeNs : wholeNs + (BigInt(fraction) * unitNs) / 10n ** BigInt(fraction.length)
}

/** `value / 10^places` without trailing zeros. */
function decimal(value: bigint, places: number): string {
  const digits = value.toString().padStart(places + 1, '0')
  const fraction = digits.slice(-places).replace(/0+$/, '')
  const whole = digits.slice(0, -places)
  return fraction === '' ? whole : `${whole}.${fraction}`
}
