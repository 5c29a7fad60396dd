// Source: Go 1.25 text/template/parse/lex.go.

/** What a token is. */
export type TokenKind =
  | 'error'
  | 'eof'
  | 'text'
  | 'leftDelim'
  | 'rightDelim'
  | 'space'
  | 'assign'
  | 'declare'
  | 'pipe'
  | 'leftParen'
  | 'rightParen'
  | 'char'
  | 'dot'
  | 'field'
  | 'variable'
  | 'identifier'
  | 'keyword'
  | 'bool'
  | 'nil'
  | 'number'
  | 'charConstant'
  | 'string'
  | 'rawString'

/** A piece of a template. `at` is a UTF-16 offset, `line` counts from 1. For an error, `text` is the message. */
export interface Token {
  readonly kind: TokenKind
  readonly at: number
  readonly line: number
  readonly text: string
}

const KEYWORDS = new Set(['block', 'break', 'continue', 'define', 'else', 'end', 'if', 'range', 'template', 'with'])
const SPACE = /[ \t\r\n]/
const ALPHANUMERIC = /[\p{L}\p{Nd}_]/u
const NUMBER =
  /[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*|0[bB][01_]*|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)/y

/** Cuts a template into tokens, one call of `next` at a time. After an error or the end there is only the end. */
export class Lexer {
  readonly #text: string
  #at = 0
  #line = 1
  #isInside = false
  #parens = 0
  #isDone = false

  constructor(text: string) {
    this.#text = text
  }

  next(): Token {
    if (this.#isDone) return { kind: 'eof', at: this.#at, line: this.#line, text: '' }
    return this.#isInside ? this.#lexInside() : this.#lexText()
  }

  #emit(kind: TokenKind, from: number, to: number): Token {
    const text = this.#text.slice(from, to)
    const token: Token = { kind, at: from, line: this.#line, text }
    this.#advance(to)
    return token
  }

  #advance(to: number): void {
    for (let i = this.#text.indexOf('\n', this.#at); i >= 0 && i < to; i = this.#text.indexOf('\n', i + 1)) this.#line++
    this.#at = to
  }

  #fail(message: string): Token {
    this.#isDone = true
    return { kind: 'error', at: this.#at, line: this.#line, text: message }
  }

  #lexText(): Token {
    const text = this.#text
    const from = this.#at
    const open = text.indexOf('{{', from)
    if (open < 0) {
      if (from < text.length) return this.#emit('text', from, text.length)
      this.#isDone = true
      return { kind: 'eof', at: from, line: this.#line, text: '' }
    }
    if (open > from) {
      const shown = isLeftTrim(text, open) ? trimEnd(text, from, open) : open
      if (shown > from) {
        const token = this.#emit('text', from, shown)
        this.#advance(open)
        return token
      }
    }
    this.#advance(open)
    return this.#lexLeftDelim()
  }

  #lexLeftDelim(): Token {
    const text = this.#text
    const from = this.#at
    const afterTrim = from + 2 + (isLeftTrim(text, from) ? 2 : 0)
    if (text.startsWith('/*', afterTrim)) return this.#skipComment(afterTrim)
    const token = this.#emit('leftDelim', from, from + 2)
    this.#advance(afterTrim)
    this.#isInside = true
    this.#parens = 0
    return token
  }

  /** Comments are left out whole, with the spaces that their trim markers name. */
  #skipComment(from: number): Token {
    const text = this.#text
    const close = text.indexOf('*/', from)
    if (close < 0) return this.#fail('unclosed comment')
    const end = this.#rightDelimAt(close + 2)
    if (end === undefined) return this.#fail('comment ends before closing delimiter')
    this.#advance(end.isTrim ? trimStart(text, end.to) : end.to)
    return this.#lexText()
  }

  #rightDelimAt(at: number): { to: number; isTrim: boolean } | undefined {
    if (this.#text.startsWith('}}', at)) return { to: at + 2, isTrim: false }
    const isTrim = SPACE.test(this.#text.charAt(at)) && this.#text.startsWith('-}}', at + 1)
    return isTrim ? { to: at + 4, isTrim: true } : undefined
  }

  #lexInside(): Token {
    const text = this.#text
    const from = this.#at
    const end = this.#rightDelimAt(from)
    if (end !== undefined) {
      if (this.#parens > 0) return this.#fail('unclosed left paren')
      return this.#lexRightDelim(end)
    }
    const char = text.charAt(from)
    if (char === '') return this.#fail('unclosed action')
    if (SPACE.test(char)) return this.#lexSpace()
    switch (char) {
      case '=':
        return this.#emit('assign', from, from + 1)
      case ':':
        return text.charAt(from + 1) === '=' ? this.#emit('declare', from, from + 2) : this.#fail('expected :=')
      case '|':
        return this.#emit('pipe', from, from + 1)
      case '"':
        return this.#lexQuote()
      case '`':
        return this.#lexRawQuote()
      case '$':
        return this.#lexPath('variable')
      case "'":
        return this.#lexChar()
      case '(':
        this.#parens++
        return this.#emit('leftParen', from, from + 1)
      case ')':
        if (--this.#parens < 0) return this.#fail('unexpected right paren')
        return this.#emit('rightParen', from, from + 1)
      default:
        return this.#lexOther(char)
    }
  }

  #lexRightDelim({ to, isTrim }: { to: number; isTrim: boolean }): Token {
    const token = this.#emit('rightDelim', to - 2, to)
    if (isTrim) this.#advance(trimStart(this.#text, to))
    this.#isInside = false
    return token
  }

  #lexSpace(): Token {
    const from = this.#at
    let to = from
    while (SPACE.test(this.#text.charAt(to))) to++
    // The last space may belong to a trim marker.
    if (this.#text.startsWith('-}}', to)) {
      to--
      if (to === from) return this.#lexRightDelim({ to: from + 4, isTrim: true })
    }
    return this.#emit('space', from, to)
  }

  #lexOther(char: string): Token {
    const from = this.#at
    if (char === '.') {
      const next = this.#text.charAt(from + 1)
      if (next < '0' || next > '9') return this.#lexPath('field')
    }
    if (/[+\-0-9.]/.test(char)) return this.#lexNumber()
    const whole = String.fromCodePoint(this.#text.codePointAt(from) ?? 0)
    if (ALPHANUMERIC.test(whole)) return this.#lexIdentifier()
    if (/[ -~]/.test(char)) return this.#emit('char', from, from + 1)
    return this.#fail(`unrecognized character in action: ${printRune(whole)}`)
  }

  /** A field or a variable with what follows its dot or dollar. */
  #lexPath(kind: 'field' | 'variable'): Token {
    const from = this.#at
    const to = this.#wordEnd(from + 1)
    if (to === from + 1 && this.#isTerminator(to)) return this.#emit(kind === 'variable' ? 'variable' : 'dot', from, to)
    return this.#isTerminator(to) ? this.#emit(kind, from, to) : this.#fail(`bad character ${this.#runeAt(to)}`)
  }

  #lexIdentifier(): Token {
    const from = this.#at
    const to = this.#wordEnd(from)
    if (!this.#isTerminator(to)) return this.#fail(`bad character ${this.#runeAt(to)}`)
    const word = this.#text.slice(from, to)
    if (KEYWORDS.has(word)) return this.#emit('keyword', from, to)
    if (word === 'true' || word === 'false') return this.#emit('bool', from, to)
    return this.#emit(word === 'nil' ? 'nil' : 'identifier', from, to)
  }

  #lexNumber(): Token {
    const from = this.#at
    NUMBER.lastIndex = from
    const text = NUMBER.exec(this.#text)?.[0] ?? ''
    const to = from + text.length
    const next = this.#text.codePointAt(to)
    if (next !== undefined && ALPHANUMERIC.test(String.fromCodePoint(next))) {
      return this.#fail(`bad number syntax: ${JSON.stringify(this.#text.slice(from, to + 1))}`)
    }
    return this.#emit('number', from, to)
  }

  #lexChar(): Token {
    const to = this.#quoteEnd("'")
    return to === undefined ? this.#fail('unterminated character constant') : this.#emit('charConstant', this.#at, to)
  }

  #lexQuote(): Token {
    const to = this.#quoteEnd('"')
    return to === undefined ? this.#fail('unterminated quoted string') : this.#emit('string', this.#at, to)
  }

  #lexRawQuote(): Token {
    const close = this.#text.indexOf('`', this.#at + 1)
    return close < 0 ? this.#fail('unterminated raw quoted string') : this.#emit('rawString', this.#at, close + 1)
  }

  #quoteEnd(quote: string): number | undefined {
    for (let i = this.#at + 1; i < this.#text.length; i++) {
      const char = this.#text.charAt(i)
      if (char === '\n') return undefined
      if (char === quote) return i + 1
      if (char === '\\') {
        i++
        if (this.#text.charAt(i) === '\n') return undefined
      }
    }
    return undefined
  }

  #wordEnd(from: number): number {
    let to = from
    for (;;) {
      const code = this.#text.codePointAt(to)
      if (code === undefined) return to
      const char = String.fromCodePoint(code)
      if (!ALPHANUMERIC.test(char)) return to
      to += char.length
    }
  }

  /** Whether a word may end here. */
  #isTerminator(at: number): boolean {
    const char = this.#text.charAt(at)
    return char === '' || SPACE.test(char) || '.,|:)('.includes(char) || this.#text.startsWith('}}', at)
  }

  #runeAt(at: number): string {
    return printRune(String.fromCodePoint(this.#text.codePointAt(at) ?? 0))
  }
}

/** `{{- ` : a dash and a space. */
function isLeftTrim(text: string, open: number): boolean {
  return text.charAt(open + 2) === '-' && SPACE.test(text.charAt(open + 3))
}

function trimEnd(text: string, from: number, to: number): number {
  let end = to
  while (end > from && SPACE.test(text.charAt(end - 1))) end--
  return end
}

function trimStart(text: string, from: number): number {
  let start = from
  while (start < text.length && SPACE.test(text.charAt(start))) start++
  return start
}

/** As Go's `%#U`: U+00E9 'é', without the character where it does not show. */
function printRune(char: string): string {
  const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(char) && char !== '\u{a0}' ? `U+${code} '${char}'` : `U+${code}`
}
