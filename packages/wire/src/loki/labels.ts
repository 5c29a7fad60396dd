import type { Labels } from '@oriel/model'
import { makeLabels } from '@oriel/model'
import { WireError } from '../errors.ts'

/**
 * Reads a stream's labels as pushed in protobuf: `{a="b", c="d"}`, strings as in Go (double quotes with escapes, or backticks).
 *
 * Throws `WireError` WIRE_MALFORMED with the place of the fault.
 */
export function parseStreamLabels(text: string): Labels {
  const entries: [string, string][] = []
  let at = skipSpace(text, 0)
  if (text[at] !== '{') throw fault(text, at, 'expected {')
  at = skipSpace(text, at + 1)
  while (text[at] !== '}') {
    NAME.lastIndex = at
    const name = NAME.exec(text)?.[0]
    if (name === undefined) throw fault(text, at, 'expected a label name')
    at = skipSpace(text, at + name.length)
    if (text[at] !== '=') throw fault(text, at, 'expected =')
    at = skipSpace(text, at + 1)
    const quoted = readQuoted(text, at)
    entries.push([name, quoted.value])
    at = skipSpace(text, quoted.end)
    if (text[at] === ',') at = skipSpace(text, at + 1)
    else if (text[at] !== '}') throw fault(text, at, 'expected , or }')
  }
  if (skipSpace(text, at + 1) !== text.length) throw fault(text, at + 1, 'expected nothing after }')
  return makeLabels(entries)
}

const NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y
const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
}
// Digits that follow each numeric escape, and their base. Source: Go spec, string literals.
const NUMERIC_ESCAPES: Readonly<Record<string, readonly [digits: number, base: number]>> = { x: [2, 16], u: [4, 16], U: [8, 16] }

function skipSpace(text: string, at: number): number {
  while (at < text.length && ' \t\n\r'.includes(text[at]!)) at++
  return at
}

function readQuoted(text: string, at: number): { value: string; end: number } {
  const quote = text[at]
  if (quote !== '"' && quote !== '`' && quote !== "'") throw fault(text, at, 'expected a quoted value')
  const close = closingQuote(text, at)
  const inner = text.slice(at + 1, close)
  if (quote === '`' || !inner.includes('\\')) return { value: inner, end: close + 1 }
  return { value: unescape(text, at + 1, close), end: close + 1 }
}

function closingQuote(text: string, open: number): number {
  const quote = text[open]
  for (let at = open + 1; at < text.length; at++) {
    if (text[at] === quote) return at
    if (text[at] === '\\' && quote !== '`') at++
  }
  throw fault(text, open, 'unterminated string')
}

function unescape(text: string, start: number, end: number): string {
  let value = ''
  for (let at = start; at < end; at++) {
    const char = text[at]!
    if (char !== '\\') {
      value += char
      continue
    }
    const kind = text[++at]!
    const simple = SIMPLE_ESCAPES[kind]
    if (simple !== undefined) {
      value += simple
      continue
    }
    const [digits, base] = NUMERIC_ESCAPES[kind] ?? [3, 8]
    const from = base === 8 ? at : at + 1
    const code = Number.parseInt(text.slice(from, from + digits), base)
    if (!(code <= 0x10_ffff) || from + digits > end) throw fault(text, at, 'unknown escape')
    value += String.fromCodePoint(code)
    at = from + digits - 1
  }
  return value
}

function fault(text: string, at: number, what: string): WireError {
  return new WireError(
    'WIRE_MALFORMED',
    `cannot read stream labels: ${what} at character ${at} of ${JSON.stringify(text.slice(0, 100))}`,
  )
}
