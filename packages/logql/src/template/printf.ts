import { quote } from '@oriel/syntax'
import type { Value } from './values.ts'
import { isList, printFloat, printValue, runes } from './values.ts'

const VERB = /%([-+0 #]*)(\d*)(?:\.(\d*))?([a-zA-Z%])/g

/** Go's `fmt.Sprintf` for the verbs s v d f e g q t x X c, with flags, width and precision; its error forms as in Go. */
export function sprintf(format: string, values: readonly Value[]): string {
  let next = 0
  const text = format.replaceAll(VERB, (_whole, flags: string, width: string, precision: string | undefined, verb: string) => {
    if (verb === '%') return '%'
    if (next >= values.length) return `%!${verb}(MISSING)`
    const value = values[next++]
    const shown = formatOne(verb, value, flags, precision === undefined ? undefined : Number(precision))
    if (shown === undefined) return `%!${verb}(${typeName(value)}=${printValue(value)})`
    return pad(shown, Number(width), flags, typeof value === 'bigint' || typeof value === 'number')
  })
  if (next >= values.length) return text
  const extra = values.slice(next).map((value) => `${typeName(value)}=${printValue(value)}`)
  return `${text}%!(EXTRA ${extra.join(', ')})`
}

function formatOne(verb: string, value: Value, flags: string, precision: number | undefined): string | undefined {
  if (verb === 'v') return typeof value === 'number' ? signed(printFloat(value), value, flags) : printValue(value)
  if (typeof value === 'bigint') return formatInt(verb, value, flags)
  if (typeof value === 'number') return formatFloat(verb, value, flags, precision)
  if (typeof value === 'boolean') return verb === 't' ? String(value) : undefined
  if (verb === 's') return cut(printValue(value), precision)
  return typeof value === 'string' ? formatText(verb, value) : undefined
}

function formatText(verb: string, value: string): string | undefined {
  if (verb === 'q') return quote(value)
  const hex = Buffer.from(value).toString('hex')
  return verb === 'x' ? hex : verb === 'X' ? hex.toUpperCase() : undefined
}

function formatInt(verb: string, value: bigint, flags: string): string | undefined {
  if (verb === 'd') return signed(String(value), Number(value), flags)
  if (verb === 'x') return value.toString(16)
  if (verb === 'X') return value.toString(16).toUpperCase()
  return verb === 'c' ? String.fromCodePoint(Number(value)) : undefined
}

function formatFloat(verb: string, value: number, flags: string, precision: number | undefined): string | undefined {
  if (!Number.isFinite(value)) return 'feg'.includes(verb) ? printFloat(value) : undefined
  if (verb === 'f') return signed(value.toFixed(precision ?? 6), value, flags)
  if (verb === 'e') return signed(twoDigitExponent(value.toExponential(precision ?? 6)), value, flags)
  if (verb === 'g') return signed(precision === undefined ? printFloat(value) : significant(value, precision), value, flags)
  return undefined
}

/** `%.4g`: so many digits, trailing zeros dropped, exponent form when the exponent reaches the precision. */
function significant(value: number, precision: number): string {
  const digits = Math.max(1, precision)
  const [mantissa = '', exponent = '0'] = value.toExponential(digits - 1).split('e')
  if (Number(exponent) < -4 || Number(exponent) >= digits) return twoDigitExponent(`${trimZeros(mantissa)}e${exponent}`)
  return trimZeros(value.toFixed(Math.max(0, digits - 1 - Number(exponent))))
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

function twoDigitExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}

function signed(text: string, value: number, flags: string): string {
  if (text.startsWith('-')) return text
  return value >= 0 && flags.includes('+') ? `+${text}` : flags.includes(' ') ? ` ${text}` : text
}

function cut(text: string, precision: number | undefined): string {
  return precision === undefined ? text : runes(text).slice(0, precision).join('')
}

// 1,000: a wider field is a mistake, or an attempt to fill memory.
const MAX_WIDTH = 1_000

function pad(text: string, width: number, flags: string, isNumber: boolean): string {
  const missing = Math.min(width, MAX_WIDTH) - runes(text).length
  if (missing <= 0) return text
  if (flags.includes('-')) return text + ' '.repeat(missing)
  if (!flags.includes('0') || !isNumber) return ' '.repeat(missing) + text
  const sign = /^[+-]/.test(text) ? text.slice(0, 1) : ''
  return sign + '0'.repeat(missing) + text.slice(sign.length)
}

function typeName(value: Value): string {
  if (typeof value === 'string') return 'string'
  if (typeof value === 'number') return 'float64'
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'boolean') return 'bool'
  if (value === undefined) return '<nil>'
  return isList(value) ? '[]interface {}' : 'map[string]interface {}'
}
