import type { Parsed } from './durations.ts'

const SIMPLE: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\' }
const decoder = new TextDecoder()
const encoder = new TextEncoder()

/**
 * The value of a string literal with its quotes: `"..."` and `'...'` with Go's escapes, backquotes raw.
 *
 * `\x` and octal escapes are bytes: bytes that are no UTF-8 become U+FFFD. Returns a reason for a malformed literal.
 */
export function unquote(literal: string): Parsed<string> {
  const quote = literal[0] ?? ''
  if (literal.length < 2 || !literal.endsWith(quote) || !'"\'`'.includes(quote)) return invalid()
  const body = literal.slice(1, -1)
  if (quote === '`') return body.includes('`') ? invalid() : { ok: true, value: body }
  if (!body.includes('\\')) return body.includes(quote) || body.includes('\n') ? invalid() : { ok: true, value: body }
  return unescape(body, quote)
}

/** Quotes a string as Go's `strconv.Quote`: double quotes, escapes for control characters, other text as it is. */
export function quote(text: string): string {
  let quoted = '"'
  for (const char of text) quoted += quotedChar(char)
  return `${quoted}"`
}

/** Whether `text` is a label name that needs no quotes: `[a-zA-Z_][a-zA-Z0-9_]*`. */
export function isPlainLabelName(text: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(text)
}

/** Whether `text` is a metric name that needs no quotes: as a label name, with colons. */
export function isPlainMetricName(text: string): boolean {
  return /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(text)
}

function invalid(): Parsed<string> {
  return { ok: false, reason: 'invalid syntax' }
}

const ESCAPE = /\\(?:([abfnrtv\\'"])|x([\da-fA-F]{2})|([0-3][0-7]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8}))/y

function unescape(body: string, quoteChar: string): Parsed<string> {
  const bytes: number[] = []
  let at = 0
  while (at < body.length) {
    if (body[at] === '\\') {
      ESCAPE.lastIndex = at
      const match = ESCAPE.exec(body)
      const escaped = match === null ? undefined : escapedBytes(match, quoteChar)
      if (escaped === undefined) return invalid()
      bytes.push(...escaped)
      at = ESCAPE.lastIndex
      continue
    }
    const next = body.indexOf('\\', at)
    const plain = body.slice(at, next < 0 ? body.length : next)
    if (plain.includes(quoteChar) || plain.includes('\n')) return invalid()
    for (const byte of encoder.encode(plain)) bytes.push(byte)
    at += plain.length
  }
  return { ok: true, value: decoder.decode(Uint8Array.from(bytes)) }
}

function escapedBytes(match: RegExpExecArray, quoteChar: string): Iterable<number> | undefined {
  const [, simple, hex, octal, short, long] = match
  if (simple !== undefined) {
    const isOtherQuote = (simple === '"' || simple === "'") && simple !== quoteChar
    return isOtherQuote ? undefined : encoder.encode(SIMPLE[simple] ?? simple)
  }
  if (hex !== undefined) return [Number.parseInt(hex, 16)]
  if (octal !== undefined) return [Number.parseInt(octal, 8)]
  const codePoint = Number.parseInt(short ?? long ?? '', 16)
  if (codePoint > 0x10_ffff || (codePoint >= 0xd800 && codePoint < 0xe000)) return undefined
  return encoder.encode(String.fromCodePoint(codePoint))
}

const NAMED: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\v': '\\v',
}

function quotedChar(char: string): string {
  const named = NAMED[char]
  if (named !== undefined) return named
  const code = char.codePointAt(0) ?? 0
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`
  // U+FFFD would be taken for bytes that are no UTF-8.
  if ((code >= 0x80 && code < 0xa0) || code === 0xfffd) return `\\u${code.toString(16).padStart(4, '0')}`
  return char
}
