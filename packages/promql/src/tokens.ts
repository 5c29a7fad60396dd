import type { TextSpan } from '@oriel/syntax'
import { isDigit, isNamePart, isNameStart, isSpace, quote, skipSpace, stringEnd, unquote } from '@oriel/syntax'

/** What a piece of PromQL text is. Keywords, operators and brackets have their own (lower-case) text as kind. */
export interface Token {
  readonly kind: string
  readonly span: TextSpan
  /** As written. */
  readonly text: string
  /** For kind `error`: what is wrong. */
  readonly message?: string
}

/** Aggregation operators as keywords. */
export const AGGREGATORS: ReadonlySet<string> = new Set([
  'sum',
  'avg',
  'count',
  'min',
  'max',
  'group',
  'stddev',
  'stdvar',
  'topk',
  'bottomk',
  'count_values',
  'quantile',
  'limitk',
  'limit_ratio',
])

const WORD_OPERATORS = new Set(['and', 'or', 'unless', 'atan2'])
const FILLS = new Set(['fill', 'fill_left', 'fill_right'])
const MODIFIERS = new Set([
  'offset',
  'smoothed',
  'anchored',
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  ...FILLS,
  'bool',
])
const PREPROCESSORS = new Set(['start', 'end', 'step', 'range', 'max_of', 'min_of'])
const SYMBOLS = ['==', '!=', '<=', '</', '>=', '>/', '=~', '!~', '<', '>', '=', '+', '-', '*', '/', '%', '^', '@', ',']
const OPERATORS = new Set(['==', '!=', '<=', '</', '>=', '>/', '=~', '!~', '<', '>', '+', '-', '*', '/', '%', '^', '@'])

/** Whether the kind is a keyword, also where it may stand for a name. */
export function isKeyword(kind: string): boolean {
  return AGGREGATORS.has(kind) || WORD_OPERATORS.has(kind) || MODIFIERS.has(kind) || PREPROCESSORS.has(kind)
}

/** How a token is named in "unexpected ..." messages. Source: Prometheus 3.14 promql/parser/lex.go Item.desc. */
export function describeToken({ kind, text }: Token): string {
  if (kind === 'eof') return 'end of input'
  if (AGGREGATORS.has(kind)) return `<aggr:${text}>`
  if (MODIFIERS.has(kind)) return `<${text}>`
  if (OPERATORS.has(kind) || WORD_OPERATORS.has(kind)) return `<op:${text}>`
  const shown =
    text.length > 10 && kind !== 'identifier' && kind !== 'metric identifier' ? `${quote(text.slice(0, 10))}...` : quote(text)
  return NAMED_KINDS.has(kind) ? `${kind} ${shown}` : shown
}

const NAMED_KINDS = new Set(['identifier', 'metric identifier', 'string', 'number', 'duration'])

/** Where the lexer stands: inside braces words are label names, inside brackets a colon separates range and step. */
interface LexState {
  braceAt: number | undefined
  bracketAt: number | undefined
  parens: number
}

/**
 * Splits PromQL text into tokens, comments left out; the last is `eof`, or `error` where the text has no meaning.
 *
 * Source: Prometheus 3.14 promql/parser/lex.go.
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  const state: LexState = { braceAt: undefined, bracketAt: undefined, parens: 0 }
  let at = skipBlank(text, 0)
  while (at < text.length) {
    const token = nextToken(text, at, state)
    tokens.push(token)
    if (token.kind === 'error') return tokens
    at = skipBlank(text, token.span.end)
  }
  tokens.push(endToken(text, state, tokens))
  return tokens
}

function skipBlank(text: string, at: number): number {
  let i = skipSpace(text, at)
  while (text.charAt(i) === '#') {
    while (i < text.length && text.charAt(i) !== '\n' && text.charAt(i) !== '\r') i++
    i = skipSpace(text, i)
  }
  return i
}

function endToken(text: string, { braceAt, bracketAt, parens }: LexState, tokens: readonly Token[]): Token {
  const end = text.length
  if (braceAt !== undefined) return errorToken(text, end, 'unexpected end of input inside braces')
  // A bracket that holds no number yet: the lexer is still at the duration.
  const hasNumber = tokens.some(({ kind, span }) => span.start > (bracketAt ?? end) && (kind === 'number' || kind === 'duration'))
  if (bracketAt !== undefined && !hasNumber) return errorToken(text, end, 'unexpected end of input in duration expression')
  if (parens > 0) return errorToken(text, end, 'unclosed left parenthesis')
  if (bracketAt !== undefined) return errorToken(text, end, 'unclosed left bracket')
  return { kind: 'eof', span: { start: end, end }, text: '' }
}

function nextToken(text: string, at: number, state: LexState): Token {
  const char = text.charAt(at)
  if (char === '"' || char === "'" || char === '`') return stringToken(text, at)
  if (state.braceAt !== undefined) return tokenInBraces(text, at, state)
  if (isDigit(char) || (char === '.' && isDigit(text.charAt(at + 1)))) return numberToken(text, at)
  if ('(){}[]'.includes(char)) return bracketToken(text, at, state)
  if (state.bracketAt !== undefined && char === ':') return token(text, at, at + 1, ':')
  if (isNameStart(char) || char === ':') return wordToken(text, at)
  return symbolToken(text, at)
}

function symbolToken(text: string, at: number): Token {
  const symbol = SYMBOLS.find((candidate) => text.startsWith(candidate, at))
  if (symbol === '!~' || symbol === '=~') return errorToken(text, at, `unexpected character after '${symbol.charAt(0)}': '~'`)
  if (symbol !== undefined) return token(text, at, at + symbol.length, symbol)
  if (text.charAt(at) === '!') return errorToken(text, at, `unexpected character after '!': ${quoteRune(text, at + 1)}`)
  return errorToken(text, at, `unexpected character: ${quoteRune(text, at)}`)
}

function tokenInBraces(text: string, at: number, state: LexState): Token {
  const char = text.charAt(at)
  if (isNameStart(char)) {
    let end = at + 1
    while (end < text.length && isNamePart(text.charAt(end))) end++
    return token(text, at, end, 'identifier')
  }
  if (char === '}') {
    state.braceAt = undefined
    return token(text, at, at + 1, '}')
  }
  const two = text.slice(at, at + 2)
  if (two === '=~' || two === '!~' || two === '!=') return token(text, at, at + 2, two)
  if (char === '=' || char === ',') return token(text, at, at + 1, char)
  if (char === '!') return errorToken(text, at, `unexpected character after '!' inside braces: ${quoteRune(text, at + 1)}`)
  if (char === '{') return errorToken(text, at, "unexpected left brace '{'")
  return errorToken(text, at, `unexpected character inside braces: ${quoteRune(text, at)}`)
}

function bracketToken(text: string, at: number, state: LexState): Token {
  const char = text.charAt(at)
  if (char === '(') state.parens++
  if (char === ')') {
    if (state.parens === 0) return errorToken(text, at, "unexpected right parenthesis ')'")
    state.parens--
  }
  if (char === '{') state.braceAt = at
  if (char === '}') return errorToken(text, at, "unexpected character: '}'")
  if (char === '[') {
    if (state.bracketAt !== undefined) return errorToken(text, at, "unexpected left bracket '['")
    state.bracketAt = at
  }
  if (char === ']') {
    if (state.bracketAt === undefined) return errorToken(text, at, "unexpected right bracket ']'")
    state.bracketAt = undefined
  }
  return token(text, at, at + 1, char)
}

function stringToken(text: string, at: number): Token {
  const end = stringEnd(text, at)
  if (end === undefined)
    return errorToken(text, at, text.charAt(at) === '`' ? 'unterminated raw string' : 'unterminated quoted string')
  // U+FFFD stands for bytes that are no UTF-8: Prometheus refuses it too.
  if (text.slice(at, end).includes('\u{fffd}')) return errorToken(text, at, 'invalid UTF-8 rune')
  const value = unquote(text.slice(at, end))
  if (!value.ok) return errorToken(text, at, 'unknown escape sequence in string')
  return token(text, at, end, 'string')
}

// Digits with single underscores between them, one dot, one exponent; hexadecimal integers.
const NUMBER =
  /0[xX]_?[\da-fA-F]+(?:_[\da-fA-F]+)*|(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+(?:_\d+)*)?/y
const DURATION = /(?:\d+(?:ms|[smhdwy]))+/y

function numberToken(text: string, at: number): Token {
  for (const [kind, pattern] of [
    ['number', NUMBER],
    ['duration', DURATION],
  ] as const) {
    pattern.lastIndex = at
    if (!pattern.test(text)) continue
    const end = pattern.lastIndex
    const next = text.charAt(end)
    if (!isNamePart(next) && !(kind === 'number' && next === '.')) return token(text, at, end, kind)
  }
  let end = at
  while (end < text.length && (isNamePart(text.charAt(end)) || text.charAt(end) === '.')) end++
  return errorToken(text, at, `bad number or duration syntax: ${quote(text.slice(at, end))}`)
}

function wordToken(text: string, at: number): Token {
  let end = at + 1
  while (end < text.length && (isNamePart(text.charAt(end)) || text.charAt(end) === ':')) end++
  const word = text.slice(at, end)
  const lower = word.toLowerCase()
  if (lower === 'inf' || lower === 'nan') return token(text, at, end, 'number')
  if (FILLS.has(lower) && text.charAt(skipSpace(text, end)) !== '(') return token(text, at, end, 'identifier')
  if (isKeyword(lower)) return token(text, at, end, lower)
  return token(text, at, end, word.includes(':') ? 'metric identifier' : 'identifier')
}

function token(text: string, start: number, end: number, kind: string): Token {
  return { kind, span: { start, end }, text: text.slice(start, end) }
}

function errorToken(text: string, at: number, message: string): Token {
  return { kind: 'error', span: { start: at, end: text.length }, text: '', message }
}

function quoteRune(text: string, at: number): string {
  const code = text.codePointAt(at)
  if (code === undefined) return '-1'
  const char = String.fromCodePoint(code)
  return isSpace(char) || char === "'" ? `'${JSON.stringify(char).slice(1, -1)}'` : `'${char}'`
}
