import type { Diagnostic, QueryErrorCode, TextSpan } from '@oriel/syntax'
import type { PromqlFeatures } from './features.ts'
import type { Token } from './tokens.ts'
import { describeToken, tokenize } from './tokens.ts'

/** Thrown inside the parser when it cannot go on here; caught where it can go on again. Never leaves the parser. */
export class ParseAbort extends Error {}

/** Reads tokens one by one and collects errors. */
export class Cursor {
  readonly text: string
  readonly features: PromqlFeatures
  readonly errors: Diagnostic[] = []
  /** End of the last token that can close an expression: a bracket, number or duration. */
  lastClosing = 0
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(text: string, features: PromqlFeatures) {
    this.text = text
    this.features = features
    this.#tokens = tokenize(text)
  }

  /** The next token, not yet taken. The last token (`eof` or `error`) stays forever. */
  get token(): Token {
    return this.#tokens[this.#at]!
  }

  /** Whether the next token is of `kind`. */
  is(kind: string): boolean {
    return this.token.kind === kind
  }

  /** The kind of the token after the next. */
  get following(): string {
    return this.#tokens[this.#at + 1]?.kind ?? 'eof'
  }

  /** Takes the next token. */
  take(): Token {
    const token = this.token
    if (CLOSING.has(token.kind)) this.lastClosing = token.span.end
    if (this.#at < this.#tokens.length - 1) this.#at++
    return token
  }

  /** Takes the next token if it is of `kind`. */
  accept(kind: string): Token | undefined {
    return this.token.kind === kind ? this.take() : undefined
  }

  /** Takes a token of `kind` or reports it as unexpected. */
  expect(kind: string, context: string, expected: string): Token {
    return this.accept(kind) ?? this.unexpected(context, expected)
  }

  /** Adds an error and goes on. */
  report(span: TextSpan, message: string, code: QueryErrorCode = 'QUERY_SYNTAX'): void {
    this.errors.push({ severity: 'error', code, message, span })
  }

  /** Reports the next token as unexpected and gives up here. */
  unexpected(context = '', expected = ''): never {
    const { token } = this
    if (token.kind === 'error') this.report(token.span, token.message ?? 'error')
    else {
      const place = context === '' ? '' : ` in ${context}`
      const wish = expected === '' ? '' : `, expected ${expected}`
      this.report(token.span, `unexpected ${describeToken(token)}${place}${wish}`)
    }
    throw new ParseAbort()
  }

  /** Skips to the next token of one of `kinds` that is not inside brackets opened on the way. */
  skipTo(kinds: readonly string[]): void {
    let depth = 0
    for (let { kind } = this.token; kind !== 'eof' && kind !== 'error'; { kind } = this.token) {
      if (depth === 0 && kinds.includes(kind)) return
      if ('([{'.includes(kind)) depth++
      if (')]}'.includes(kind)) depth--
      if (depth < 0) return
      this.take()
    }
  }
}

const CLOSING = new Set(['}', ')', ']', 'duration', 'number'])
