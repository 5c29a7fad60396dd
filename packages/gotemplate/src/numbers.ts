import { unquote } from '@oriel/syntax'
import type { NumberNode } from './ast.ts'

const MAX_INT = 2n ** 63n - 1n
const MIN_INT = -(2n ** 63n)

/** Reads a numeric constant of a template, or `undefined` where it is none. Source: Go text/template/parse/node.go newNumber. */
export function parseNumber(text: string, at: number): NumberNode | undefined {
  const int = parseInteger(text)
  const isHex = /^[+-]?0[xX]/.test(text)
  if (int !== undefined) {
    if (int > MAX_INT || int < MIN_INT) return undefined
    return { kind: 'number', at, text, isFloat: false, int, float: Number(int) }
  }
  const digits = text.replaceAll('_', '')
  if (isHex || !/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(digits)) return undefined
  const float = Number(digits)
  // A float constant with a whole value can stand where an integer must.
  const whole = Number.isSafeInteger(float) ? BigInt(float) : undefined
  return { kind: 'number', at, text, isFloat: true, int: whole, float }
}

/** Reads a character constant with its quotes, as the integer it stands for. */
export function parseChar(text: string, at: number): NumberNode | undefined {
  const inner = text.slice(1, -1)
  const value = unquote(`"${inner === "\\'" ? "'" : inner === '"' ? '\\"' : inner}"`)
  if (!value.ok || Array.from(value.value).length !== 1) return undefined
  const code = value.value.codePointAt(0) ?? 0
  return { kind: 'number', at, text, isFloat: false, int: BigInt(code), float: code }
}

/** An integer as Go reads it with base 0: 0x, 0o, 0b, a leading 0 for octal, underscores. */
export function parseInteger(text: string): bigint | undefined {
  const found = /^([+-]?)(0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|\d[\d_]*)$/.exec(text)
  if (found === null) return undefined
  const [, sign, body = ''] = found
  const digits = body.replaceAll('_', '').toLowerCase()
  if (/^0\d/.test(digits) && !/^[0-7]+$/.test(digits)) return undefined
  const value = BigInt(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits)
  return sign === '-' ? -value : value
}
