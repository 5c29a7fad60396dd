// Source: Go 1.25 package fmt, documentation and print.go.

import { quote } from '@oriel/syntax'
import { printFloat, printValue } from './print.ts'
import type { Value } from './values.ts'
import { integerOf, textOf, typeName } from './values.ts'

interface Flags {
  readonly minus: boolean
  readonly plus: boolean
  readonly sharp: boolean
  readonly space: boolean
  readonly zero: boolean
  readonly width: number | undefined
  readonly precision: number | undefined
}

const VERB = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d+)?)?(.?)/gsu
// 10,000: no field is wider; a wider one would only fill memory.
const MAX_WIDTH = 10_000

/** Go's `fmt.Sprintf`, its error forms included: `%!d(string=hi)`, `%!d(MISSING)`, `%!(EXTRA int=1)`. */
export function sprintf(format: string, values: readonly Value[]): string {
  let next = 0
  let text = ''
  let from = 0
  const star = (part: string | undefined): number | undefined => {
    if (part !== '*') return part === undefined ? undefined : Number(part)
    const int = integerOf(values[next++])
    return int === undefined ? undefined : Number(int)
  }
  for (const found of format.matchAll(VERB)) {
    text += format.slice(from, found.index)
    from = found.index + found[0].length
    const [whole, marks = '', widthPart, precisionPart, verb = ''] = found
    const width = star(widthPart)
    const precision = whole.includes('.') ? (star(precisionPart) ?? 0) : undefined
    if (verb === '%') text += '%'
    else if (verb === '') text += '%!(NOVERB)'
    else if (next >= values.length) text += `%!${verb}(MISSING)`
    else text += formatValue(verb, values[next++], flagsOf(marks, width, precision))
  }
  text += format.slice(from)
  if (next >= values.length) return text
  return `${text}%!(EXTRA ${values
    .slice(next)
    .map((value) => `${typeName(value)}=${printValue(value)}`)
    .join(', ')})`
}

function flagsOf(marks: string, width: number | undefined, precision: number | undefined): Flags {
  const isLeft = marks.includes('-') || (width !== undefined && width < 0)
  return {
    minus: isLeft,
    plus: marks.includes('+'),
    sharp: marks.includes('#'),
    space: marks.includes(' '),
    zero: marks.includes('0') && !isLeft,
    width: width === undefined ? undefined : Math.min(Math.abs(width), MAX_WIDTH),
    precision: precision === undefined ? undefined : Math.min(precision, MAX_WIDTH),
  }
}

function formatValue(verb: string, value: Value, flags: Flags): string {
  if (verb === 'T') return pad(typeName(value), flags)
  if (value === undefined) return verb === 'v' ? pad('<nil>', flags) : `%!${verb}(<nil>)`
  const shown = shownBy(verb, value, flags)
  return shown ?? `%!${verb}(${typeName(value)}=${printValue(value)})`
}

function shownBy(verb: string, value: Exclude<Value, undefined>, flags: Flags): string | undefined {
  const int = integerOf(value)
  if (int !== undefined) return formatInteger(verb, int, flags)
  if (typeof value === 'number') return formatFloat(verb, value, flags)
  if (typeof value === 'boolean') return verb === 'v' || verb === 't' ? pad(String(value), flags) : undefined
  const text = textOf(value)
  if (text !== undefined) return formatText(verb, text, flags)
  return typeof value === 'object' ? formatComposed(verb, value, flags) : undefined
}

/** Lists are formatted item by item; what has a text of its own is a text. */
function formatComposed(verb: string, value: Extract<Value, object>, flags: Flags): string | undefined {
  switch (value.kind) {
    case 'list':
      return `[${value.items.map((item) => formatValue(verb, item, flags)).join(' ')}]`
    case 'map': {
      if (verb === 'v') return pad(printValue(value), flags)
      const entries = [...value.entries].sort(([a], [b]) => (a < b ? -1 : 1))
      return `map[${entries.map(([key, item]) => `${formatValue(verb, key, flags)}:${formatValue(verb, item, flags)}`).join(' ')}]`
    }
    case 'duration':
      if (verb === 'd') return formatInteger('d', value.ns, flags)
      return formatText(verb, printValue(value), flags)
    case 'html':
    case 'object':
    case 'sized':
    case 'time':
      return formatText(verb, printValue(value), flags)
  }
}

function formatText(verb: string, text: string, flags: Flags): string | undefined {
  switch (verb) {
    case 'v':
    case 's':
      return pad(cut(text, flags), { ...flags, zero: false })
    case 'q': {
      const isRaw = flags.sharp && !text.includes('`') && !/(?!\t)\p{Cc}/u.test(text)
      return pad(isRaw ? `\`${text}\`` : quote(cut(text, flags)), { ...flags, zero: false })
    }
    case 'x':
    case 'X': {
      const hex = Buffer.from(text).toString('hex')
      const shown = flags.space ? hex.replaceAll(/(..)(?!$)/g, '$1 ') : hex
      return pad((flags.sharp ? '0x' : '') + (verb === 'X' ? shown.toUpperCase() : shown), flags)
    }
    default:
      return undefined
  }
}

function cut(text: string, { precision }: Flags): string {
  return precision === undefined ? text : Array.from(text).slice(0, precision).join('')
}

const RADIX: Readonly<Record<string, number>> = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 }

function formatInteger(verb: string, value: bigint, flags: Flags): string | undefined {
  const radix = RADIX[verb]
  if (radix !== undefined) return formatRadix(verb, value, radix, flags)
  switch (verb) {
    case 'c':
      return pad(rune(value), { ...flags, zero: false })
    case 'q':
      return pad(`'${rune(value)}'`, { ...flags, zero: false })
    case 'U':
      return pad(`U+${value.toString(16).toUpperCase().padStart(4, '0')}`, flags)
    default:
      return undefined
  }
}

function rune(value: bigint): string {
  const isRune = value >= 0n && value <= 0x10_ffffn && (value < 0xd800n || value > 0xdfffn)
  return isRune ? String.fromCodePoint(Number(value)) : '\u{fffd}'
}

const PREFIX: Readonly<Record<string, string>> = { b: '0b', o: '0', O: '0o', x: '0x', X: '0X' }

function formatRadix(verb: string, value: bigint, radix: number, flags: Flags): string {
  let digits = (value < 0n ? -value : value).toString(radix)
  if (verb === 'X') digits = digits.toUpperCase()
  if (flags.precision !== undefined) digits = digits.padStart(flags.precision, '0')
  const prefix = verb === 'O' || flags.sharp ? (PREFIX[verb] ?? '') : ''
  const padded = padNumber(`${sign(value < 0n, flags)}${prefix}`, digits, flags)
  return pad(padded, flags)
}

function sign(isNegative: boolean, { plus, space }: Flags): string {
  if (isNegative) return '-'
  return plus ? '+' : space ? ' ' : ''
}

/** Zeros go between the sign and the digits. */
function padNumber(head: string, digits: string, { zero, width, precision }: Flags): string {
  if (!zero || width === undefined || (precision !== undefined && !digits.includes('.') && !digits.includes('e')))
    return head + digits
  return head + digits.padStart(width - head.length, '0')
}

function formatFloat(verb: string, value: number, flags: Flags): string | undefined {
  const digits = floatDigits(verb, Math.abs(value), flags)
  if (digits === undefined) return undefined
  if (!Number.isFinite(value)) {
    const head = Number.isNaN(value) ? (flags.plus ? '+' : '') : value < 0 ? '-' : '+'
    return pad(head + (Number.isNaN(value) ? 'NaN' : 'Inf'), { ...flags, zero: false })
  }
  return pad(padNumber(sign(value < 0 || Object.is(value, -0), flags), digits, flags), flags)
}

function floatDigits(verb: string, value: number, { precision }: Flags): string | undefined {
  switch (verb) {
    case 'f':
    case 'F':
      return fixed(value, precision ?? 6)
    case 'e':
    case 'E': {
      const text = exponent(Number.isFinite(value) ? roundedExponential(value, Math.min(precision ?? 6, MAX_PLACES)) : '')
      return verb === 'E' ? text.toUpperCase() : text
    }
    case 'g':
    case 'G':
    case 'v': {
      const text = precision === undefined ? printFloat(value) : significant(value, precision)
      return verb === 'G' ? text.toUpperCase() : text
    }
    default:
      return undefined
  }
}

/** toFixed stops at 100 digits and writes an exponent from 1e21 on; both are rare enough for a slower way. */
function fixed(value: number, precision: number): string {
  const places = Math.min(precision, MAX_PLACES)
  if (value < 1e21) return roundedFixed(value, places)
  return Number.isFinite(value) ? BigInt(value).toString() + (places > 0 ? `.${'0'.repeat(places)}` : '') : ''
}

// 100: as many as JavaScript prints. A tie shows all its digits there.
const MAX_PLACES = 100

/** As toExponential, but a tie goes to the even digit: JavaScript takes the larger one. */
function roundedExponential(value: number, places: number): string {
  const [digits = '', power = '0'] = value.toExponential(MAX_PLACES).split('e')
  const end = digits.indexOf('.') + 1 + places
  return isTieToEven(digits, end) ? `${cutAt(digits, end)}e${power}` : value.toExponential(places)
}

/** As toFixed, but a tie goes to the even digit. */
function roundedFixed(value: number, places: number): string {
  const digits = value.toFixed(MAX_PLACES)
  const end = digits.indexOf('.') + 1 + places
  return isTieToEven(digits, end) ? cutAt(digits, end) : value.toFixed(places)
}

/** Whether exactly a half is cut off behind an even digit. */
function isTieToEven(digits: string, end: number): boolean {
  if (!/^50*$/.test(digits.slice(end))) return false
  return '02468'.includes(digits.slice(0, end).replace('.', '').at(-1) ?? '')
}

function cutAt(digits: string, end: number): string {
  return digits.slice(0, end).replace(/\.$/, '')
}

function exponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}

/** `%.4g`: so many digits, trailing zeros dropped, exponent form when the exponent reaches the precision. */
export function significant(value: number, precision: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const digits = Math.min(Math.max(1, precision), MAX_PLACES)
  const [mantissa = '', power = '0'] = roundedExponential(value, digits - 1).split('e')
  if (Number(power) < -4 || Number(power) >= digits) return exponent(`${trimZeros(mantissa)}e${power}`)
  return trimZeros(fixed(value, Math.max(0, digits - 1 - Number(power))))
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

function pad(text: string, { width, minus }: Flags): string {
  const missing = (width ?? 0) - Array.from(text).length
  if (missing <= 0) return text
  return minus ? text + ' '.repeat(missing) : ' '.repeat(missing) + text
}
