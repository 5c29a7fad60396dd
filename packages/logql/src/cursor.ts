import type { Diagnostic, QueryErrorCode, TextSpan } from '@oriel/syntax'
import type { Token } from './lex.ts'
import { lex } from './lex.ts'

// 100: queries written by people nest below 20; the bound keeps hostile text from the stack's end.
const MAX_DEPTH = 100

/** Thrown by the parser after it reported a problem, caught where it can go on. */
export class ParseStop extends Error {}

/** Reads the tokens of one text and collects what is wrong with it. */
export class Cursor {
  readonly text: string
  readonly problems: Diagnostic[] = []
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.text = text
    this.#tokens = lex(text)
  }

  /** The token `ahead` of the current one; `end` for ever behind the last. */
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

  isName(value: string, ahead = 0): boolean {
    const token = this.peek(ahead)
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

  /** Takes an operator that must stand here; stops when it does not. */
  expectOp(value: string, after: string): void {
    if (!this.takeOp(value)) this.stop(`expected "${value}" ${after}`)
  }

  expectString(what: string): Token {
    if (this.peek().kind !== 'string') this.stop(`expected ${what} in double quotes or backticks`)
    return this.next()
  }

  expectName(what: string): Token {
    if (this.peek().kind !== 'name') this.stop(`expected ${what}`)
    return this.next()
  }

  /** A number with an optional sign. */
  expectNumber(what: string): number {
    const sign = this.takeOp('-') ? -1 : this.takeOp('+') ? 1 : 1
    const token = this.peek()
    if (token.kind !== 'number') this.stop(`expected ${what}`)
    this.next()
    return sign * Number(token.value)
  }

  report(message: string, span: TextSpan, code: QueryErrorCode = 'QUERY_SYNTAX'): void {
    this.problems.push({ severity: 'error', code, message, span: { start: span.start, end: span.end } })
  }

  /** Reports a problem at the current token and gives up on the piece being parsed. */
  stop(message: string, code: QueryErrorCode = 'QUERY_SYNTAX'): never {
    const token = this.peek()
    if (token.problem !== undefined) this.report(token.problem, token)
    else this.report(`${message}, found ${nameOf(token)}`, token, code)
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

  /** Skips to the first token of this level that `isGoal` accepts, or to the closing bracket of this level, or to the end. */
  skipTo(isGoal: (token: Token) => boolean): void {
    let open = 0
    for (;;) {
      const token = this.peek()
      if (token.kind === 'end') return
      if (open === 0 && isGoal(token)) return
      if (token.kind === 'op' && '([{'.includes(token.value)) open++
      if (token.kind === 'op' && ')]}'.includes(token.value)) {
        if (open === 0) return
        open--
      }
      this.next()
    }
  }
}

function nameOf(token: Token): string {
  if (token.kind === 'end') return 'the end of the query'
  return token.kind === 'string' ? `string ${JSON.stringify(token.value)}` : `"${token.value}"`
}
