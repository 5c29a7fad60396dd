import type { TextSpan } from '@oriel/syntax'
import { isDigit, isNameStart, isSpace, parseGoDuration, stringEnd, unquote } from '@oriel/syntax'
import { ATTRIBUTE_SCOPES } from './ast.ts'
import { INTRINSIC_NAMES } from './names.ts'

/** A piece of a query's text. `value` is decoded for strings and attribute keys, raw for everything else. */
export interface Token extends TextSpan {
  readonly kind: 'string' | 'name' | 'attribute' | 'intrinsic' | 'number' | 'duration' | 'op' | 'bad' | 'end'
  readonly value: string
  /** Where an attribute is looked up, as written; '' for a leading dot. */
  readonly scope?: string
  /** What is wrong with a `bad` token. */
  readonly problem?: string
}

/** Splits TraceQL into tokens; the last is always `end`. Never throws: what cannot be read becomes a `bad` token. */
export function lex(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    if (isSpace(text.charAt(at))) at++
    else {
      const token = readToken(text, at)
      tokens.push(token)
      at = token.end
    }
  }
  tokens.push({ kind: 'end', value: '', start: text.length, end: text.length })
  return tokens
}

// Longest first, so that `!>>` is not read as `!>` and `>`.
const OPERATORS = '!>> !<< &>> &<< && || >> << !> !< !~ &> &< &~ =~ != >= <= { } ( ) [ ] , | = > < ~ ! + - * / % ^'.split(' ')
const QUANTITY = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[A-Za-zµμ0-9.]*/y
const KEYWORD = /[A-Za-z_][A-Za-z0-9_]*/y

function readToken(text: string, start: number): Token {
  const char = text.charAt(start)
  if (char === '"' || char === '`' || char === "'") return readString(text, start)
  if (isDigit(char) || (char === '.' && isDigit(text.charAt(start + 1)))) return readQuantity(text, start)
  if (char === '.') return readAttribute(text, start, '', start + 1)
  if (isNameStart(char)) return readName(text, start)
  for (const operator of OPERATORS) {
    if (text.startsWith(operator, start)) return { kind: 'op', value: operator, start, end: start + operator.length }
  }
  const end = start + (text.codePointAt(start)! > 0xffff ? 2 : 1)
  return { kind: 'bad', value: text.slice(start, end), start, end, problem: `unexpected character ${text.slice(start, end)}` }
}

function readString(text: string, start: number): Token {
  const end = stringEnd(text, start)
  if (end === undefined) {
    return { kind: 'bad', value: text.slice(start), start, end: text.length, problem: 'string is not closed' }
  }
  const parsed = unquote(text.slice(start, end))
  if (parsed.ok) return { kind: 'string', value: parsed.value, start, end }
  return { kind: 'bad', value: text.slice(start, end), start, end, problem: 'unknown escape in string' }
}

function readQuantity(text: string, start: number): Token {
  QUANTITY.lastIndex = start
  const value = QUANTITY.exec(text)?.[0] ?? ''
  const end = start + value.length
  if (Number.isFinite(Number(value))) return { kind: 'number', value, start, end }
  if (parseGoDuration(value).ok) return { kind: 'duration', value, start, end }
  return { kind: 'bad', value, start, end, problem: `${JSON.stringify(value)} is neither a number nor a duration` }
}

/** A keyword, an intrinsic (`duration`, `span:duration`) or a scoped attribute (`span.http.method`). */
function readName(text: string, start: number): Token {
  KEYWORD.lastIndex = start
  const word = KEYWORD.exec(text)?.[0] ?? ''
  const end = start + word.length
  const next = text.charAt(end)
  if (next === '.' && isScope(word)) return readAttribute(text, start, word, end + 1)
  if (next === ':') {
    KEYWORD.lastIndex = end + 1
    const scoped = `${word}:${KEYWORD.exec(text)?.[0] ?? ''}`
    const isKnown = Object.hasOwn(INTRINSIC_NAMES, scoped)
    const scopedEnd = start + scoped.length
    if (isKnown) return { kind: 'intrinsic', value: scoped, start, end: scopedEnd }
    return { kind: 'bad', value: scoped, start, end: scopedEnd, problem: `unknown intrinsic "${scoped}"` }
  }
  return { kind: 'name', value: word, start, end }
}

function isScope(word: string): boolean {
  return word !== 'any' && ATTRIBUTE_SCOPES.some((scope) => scope === word)
}

// What ends an attribute's name. Source: Grafana Tempo documentation, "Construct a TraceQL query", quoted attribute names.
const ENDS_KEY = '{}()=~!<>&|^,'

function readAttribute(text: string, start: number, scope: string, from: number): Token {
  let key = ''
  let at = from
  while (at < text.length) {
    const char = text.charAt(at)
    if (char === '"') {
      const end = stringEnd(text, at)
      const parsed = unquote(text.slice(at, end ?? text.length))
      if (end === undefined || !parsed.ok) {
        return { kind: 'bad', value: text.slice(start), start, end: text.length, problem: 'quoted attribute name is not closed' }
      }
      key += parsed.value
      at = end
    } else if (isSpace(char) || ENDS_KEY.includes(char)) break
    else {
      key += char
      at++
    }
  }
  if (key === '')
    return { kind: 'bad', value: text.slice(start, at), start, end: Math.max(at, start + 1), problem: 'attribute without a name' }
  return { kind: 'attribute', value: key, scope, start, end: at }
}
