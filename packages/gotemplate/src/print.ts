import { printGoDuration } from '@oriel/syntax'
import { printTime } from './time.ts'
import type { Value } from './values.ts'

/** A value as Go's `%v` prints it. A nil inside something is `<nil>`; on its own, a template shows it as `<no value>`. */
export function printValue(value: Value): string {
  if (typeof value === 'string') return value
  if (value === undefined) return '<nil>'
  if (typeof value === 'number') return printFloat(value)
  return typeof value === 'object' ? printComposed(value) : String(value)
}

function printComposed(value: Extract<Value, object>): string {
  switch (value.kind) {
    case 'list':
      return `[${value.items.map(printValue).join(' ')}]`
    case 'map': {
      const entries = [...value.entries].sort(([a], [b]) => (a < b ? -1 : 1))
      return `map[${entries.map(([key, item]) => `${key}:${printValue(item)}`).join(' ')}]`
    }
    case 'object':
      return value.print()
    case 'html':
      return value.text
    case 'time':
      return printTime(value)
    case 'duration':
      return printGoDuration(value.ns)
    case 'sized':
      return String(value.int)
  }
}

/** A float as `%v` and `%g` print it: shortest digits, in exponent form below 1e-4 and from 1e+06 on. */
export function printFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e')
  const exponent = Number(exponentText)

  if (exponent >= -4 && exponent < SHORTEST_LIMIT) return String(value)
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

// Source: Go strconv/ftoa.go: `if shortest { eprec = 6 }`.
const SHORTEST_LIMIT = 6
