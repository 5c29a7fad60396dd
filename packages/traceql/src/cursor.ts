import type { Diagnostic, QueryErrorCode, TextSpan } from '@oriel/syntax'
import type { Token } from './lex.ts'
import { lex } from './lex.ts'

// 100: the bound keeps hostile text from the stack's end.
const MAX_DEPTH = 100

/** Thrown by the parser after it reported a problem, caught where it can go on. */
export class ParseStop extends Error {}

/** Reads the tokens of one text and collects what is wrong with it. */
export class Cursor {
  readonly problems: Diagnostic[] = []
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#tokens = lex(text)
  }

  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!
  }

  next(): Token {
    const token = this.peek()
    if (token.kind !== 'end') this.#at++
    return token
  }

  /** End of the token before the current one. */
  get lastEnd(): number {
    return this.#at === 0 ? 0 : this.#tokens[this.#at - 1]!.end
  }

  isOp(value: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'op' && token.value === value
  }

  isName(value: string): boolean {
    const token = this.peek()
    return token.kind === 'name' && token.value === value
  }

  takeOp(value: string): boolean {
    const isThere = this.isOp(value)
    if (isThere) this.next()
    return isThere
  }

  takeName(value: string): boolean {
    const isThere = this.isName(value)
    if (isThere) this.next()
    return isThere
  }

  expectOp(value: string, after: string): void {
    if (!this.takeOp(value)) this.stop(`expected "${value}" ${after}`)
  }

  report(message: string, span: TextSpan, code: QueryErrorCode = 'QUERY_SYNTAX'): void {
    this.problems.push({ severity: 'error', code, message, span: { start: span.start, end: span.end } })
  }

  /** Reports a problem at the current token and gives up on the piece being parsed. */
  stop(message: string): never {
    const token = this.peek()
    const found = token.kind === 'end' ? 'the end of the query' : JSON.stringify(token.value)
    this.report(token.problem ?? `${message}, found ${found}`, token)
    throw new ParseStop()
  }

  /** Parses one level deeper; stops at `MAX_DEPTH` levels. */
  deeper<T>(parse: () => T): T {
    if (this.#depth >= MAX_DEPTH) {
      this.report(`nested deeper than ${MAX_DEPTH} levels`, this.peek())
      throw new ParseStop()
    }
    this.#depth++
    try {
      return parse()
    } finally {
      this.#depth--
    }
  }

  /** Skips to the closing brace or parenthesis of this level, without taking it, or to the end. */
  skipToClose(close: '}' | ')'): void {
    let open = 0
    for (;;) {
      const token = this.peek()
      if (token.kind === 'end') return
      if (token.kind === 'op') {
        if (open === 0 && token.value === close) return
        if (token.value === '(' || token.value === '{') open++
        if (token.value === ')' || token.value === '}') open = Math.max(0, open - 1)
      }
      this.next()
    }
  }
}
