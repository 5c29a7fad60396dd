import type { TextSpan } from '@oriel/syntax'
import { isDigit, isSpace, parseGoDuration, stringEnd, unquote } from '@oriel/syntax'

/** A piece of a query's text. `value` is the decoded text of a string, the raw text of everything else. */
export interface Token extends TextSpan {
  readonly kind: 'string' | 'name' | 'number' | 'duration' | 'bytes' | 'op' | 'bad' | 'end'
  readonly value: string
  /** What is wrong with a `bad` token. */
  readonly problem?: string
}

/**
 * Splits LogQL text into tokens; the last is always `end`. Never throws: what cannot be read becomes a `bad` token.
 *
 * Comments (`#` to the end of the line) and white space are skipped.
 */
export function lex(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  for (;;) {
    at = skipBlank(text, at)
    if (at >= text.length) break
    const token = readToken(text, at)
    tokens.push(token)
    at = token.end
  }
  tokens.push({ kind: 'end', value: '', start: text.length, end: text.length })
  return tokens
}

/** Seconds of a duration such as `1h30m` or `1.5s`, with days, weeks and years; `undefined` if it is none. */
export function parseDurationSeconds(text: string): number | undefined {
  // Most values of logs have one unit: dividing (not multiplying) gives the double nearest to the decimal.
  const single = SINGLE_DURATION.exec(text)
  const divisor = SUBSECOND_DIVISORS[single?.[2] ?? '']
  if (divisor !== undefined) return Number(single?.[1]) / divisor
  const parsed = parseGoDuration(text)
  return parsed.ok ? Number(parsed.value) / 1e9 : undefined
}

/** Bytes of a size such as `20MB` or `1.5KiB` (units of 1000 and 1024, any case); `undefined` if it is none. */
export function parseBytes(text: string): number | undefined {
  const match = BYTES.exec(text)
  if (match === null) return undefined
  const [, amount = '', unit = ''] = match
  const scale = BYTE_UNITS[unit.toLowerCase()]
  // Whole bytes, as the library that Loki names in its documentation prints and parses them.
  return scale === undefined ? undefined : Math.trunc(Number(amount.replaceAll(',', '')) * scale)
}

const SINGLE_DURATION = /^(-?\d+(?:\.\d+)?)(ns|us|µs|ms|s)$/
const SUBSECOND_DIVISORS: Readonly<Record<string, number>> = { ns: 1e9, us: 1e6, µs: 1e6, ms: 1e3, s: 1 }
const BYTES = /^\s*(\d[\d,]*\.?\d*|\.\d+)\s*([a-zA-Z]*)\s*$/
const BYTE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  ki: 2 ** 10,
  kib: 2 ** 10,
  m: 1e6,
  mb: 1e6,
  mi: 2 ** 20,
  mib: 2 ** 20,
  g: 1e9,
  gb: 1e9,
  gi: 2 ** 30,
  gib: 2 ** 30,
  t: 1e12,
  tb: 1e12,
  ti: 2 ** 40,
  tib: 2 ** 40,
  p: 1e15,
  pb: 1e15,
  pi: 2 ** 50,
  pib: 2 ** 50,
  e: 1e18,
  eb: 1e18,
  ei: 2 ** 60,
  eib: 2 ** 60,
}
const NAME = /[A-Za-z_][A-Za-z0-9_:]*/y
const NUMBER = /(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/y
const QUANTITY = /(?:\d+\.?\d*|\.\d+)[A-Za-zµμ][A-Za-zµμ0-9.]*/y
const OPERATORS = ['=~', '!~', '!=', '!>', '|=', '|~', '|>', '==', '>=', '<='] as const

function skipBlank(text: string, from: number): number {
  let at = from
  while (at < text.length) {
    const char = text[at]!
    if (char === '#') {
      const line = text.indexOf('\n', at)
      at = line < 0 ? text.length : line + 1
    } else if (isSpace(char)) at++
    else break
  }
  return at
}

function readToken(text: string, start: number): Token {
  const char = text[start]!
  if (char === '"' || char === '`') return readString(text, start)
  const name = matchAt(NAME, text, start)
  if (name !== undefined) return { kind: 'name', value: name, start, end: start + name.length }
  if (isDigit(char) || (char === '.' && isDigit(text.charAt(start + 1)))) return readQuantity(text, start)
  for (const operator of OPERATORS) {
    if (text.startsWith(operator, start)) return { kind: 'op', value: operator, start, end: start + operator.length }
  }
  const kind = '{}()[],=|<>+-*/%^@.'.includes(char) ? 'op' : 'bad'
  const end = start + (text.codePointAt(start)! > 0xffff ? 2 : 1)
  const value = text.slice(start, end)
  return kind === 'op' ? { kind, value, start, end } : { kind, value, start, end, problem: `unexpected ${quoted(value)}` }
}

function quoted(char: string): string {
  return char === "'" ? 'single quote: strings stand in double quotes or backticks' : JSON.stringify(char)
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

function readQuantity(text: string, start: number): Token {
  const number = matchAt(NUMBER, text, start) ?? ''
  const quantity = matchAt(QUANTITY, text, start) ?? ''
  // `0x1F` and `1e3` read as quantities too: the number wins when it reaches as far.
  if (number.length >= quantity.length) return { kind: 'number', value: number, start, end: start + number.length }
  const end = start + quantity.length
  if (parseDurationSeconds(quantity) !== undefined) return { kind: 'duration', value: quantity, start, end }
  if (parseBytes(quantity) !== undefined) return { kind: 'bytes', value: quantity, start, end }
  return { kind: 'bad', value: quantity, start, end, problem: `${JSON.stringify(quantity)} is no number, duration or size` }
}

function readString(text: string, start: number): Token {
  const end = stringEnd(text, start)
  if (end === undefined) {
    return { kind: 'bad', value: text.slice(start), start, end: text.length, problem: 'string is not closed' }
  }
  const literal = text.slice(start, end)
  const parsed = unquote(literal)
  if (parsed.ok) return { kind: 'string', value: parsed.value, start, end }
  const problem = 'unknown escape in string: double the backslash, or use backticks'
  return { kind: 'bad', value: literal, start, end, problem }
}
