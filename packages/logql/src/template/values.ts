/** A moment, printed and formatted in UTC. */
export interface GoTime {
  readonly tNs: bigint
}

/**
 * A value in a template. Go's ints are bigints and its floats numbers, so that they stay apart as they do in Go; lists and
 * maps come only from `fromJson`, `undefined` is nil.
 */
export type Value = string | number | bigint | boolean | undefined | GoTime | readonly Value[] | ReadonlyMap<string, Value>

/** Whether a value counts as true: not false, zero, empty or nil. */
export function isTruthy(value: Value): boolean {
  if (value === undefined || value === false || value === '' || value === 0 || value === 0n) return false
  if (value instanceof Map) return value.size > 0
  return !(Array.isArray(value) && value.length === 0)
}

/** Whether the value is a moment. */
export function isTime(value: Value): value is GoTime {
  return typeof value === 'object' && 'tNs' in value
}

/** Whether the value is a list. */
export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value)
}

/** A value as Go's `%v` prints it. */
export function printValue(value: Value): string {
  if (typeof value === 'string') return value
  if (value === undefined) return '<nil>'
  if (typeof value === 'number') return printFloat(value)
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (isList(value)) return `[${value.map(printValue).join(' ')}]`
  if (isTime(value)) return printTime(value)
  const entries = [...value].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => `${key}:${printValue(item)}`)
  return `map[${entries.join(' ')}]`
}

/** A float as `%v` and `%g` print it: shortest digits, in exponent form below 1e-4 and from 1e+06 on. */
export function printFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e')
  const exponent = Number(exponentText)
  // Source: Go strconv FormatFloat: with shortest digits, 6 is the precision that decides on the exponent form.
  if (exponent >= -4 && exponent < 6) return String(value)
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

function printTime({ tNs }: GoTime): string {
  const iso = new Date(Number(tNs / 1_000_000n)).toISOString()
  const fraction = (tNs % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '')
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}${fraction === '' ? '' : `.${fraction}`} +0000 UTC`
}

/** The characters of a text as Go counts them: code points. */
export function runes(text: string): string[] {
  return Array.from(text)
}
