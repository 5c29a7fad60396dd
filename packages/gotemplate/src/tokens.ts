import { quote } from '@oriel/syntax'
import { TemplateError } from './errors.ts'
import type { Token, TokenKind } from './lex.ts'
import { Lexer } from './lex.ts'

/** The tokens of a template with three of them to look at again, and the errors that name one. Source: Go text/template/parse/parse.go. */
export class Tokens {
  /** The line on which the current action began, 0 outside of one. */
  actionLine = 0
  readonly #name: string
  readonly #lexer: Lexer
  /** Tokens put back, the next one last. */
  readonly #back: Token[] = []
  #last: Token = { kind: 'eof', at: 0, line: 1, text: '' }

  constructor(name: string, text: string) {
    this.#name = name
    this.#lexer = new Lexer(text)
  }

  next(): Token {
    const token = this.#back.pop() ?? this.#lexer.next()
    this.#last = token
    return token
  }

  /** Puts tokens back, in the order in which they came. */
  backup(...tokens: readonly Token[]): void {
    this.#back.push(...tokens.toReversed())
  }

  peek(): Token {
    const token = this.next()
    this.backup(token)
    return token
  }

  nextNonSpace(): Token {
    let token = this.next()
    while (token.kind === 'space') token = this.next()
    return token
  }

  peekNonSpace(): Token {
    const token = this.nextNonSpace()
    this.backup(token)
    return token
  }

  expect(kind: TokenKind, context: string): Token {
    const token = this.nextNonSpace()
    return token.kind === kind ? token : this.unexpected(token, context)
  }

  /** Throws TEMPLATE_SYNTAX with the name and the line of the last token. */
  fail(message: string): never {
    throw new TemplateError('TEMPLATE_SYNTAX', `template: ${this.#name}:${this.#last.line}: ${message}`)
  }

  unexpected(token: Token, context: string): never {
    if (token.kind !== 'error') this.fail(`unexpected ${printToken(token)} in ${context}`)
    if (this.actionLine === 0 || this.actionLine === token.line) this.fail(token.text)
    const where = ` in action started at ${this.#name}:${this.actionLine}`
    this.fail(token.text + (token.text.endsWith(' action') ? where.slice(' in action'.length) : where))
  }
}

// Source: Go text/template/parse/lex.go item.String: long tokens are cut.
const SHOWN_CHARACTERS = 10

/** A token as messages show it. */
function printToken({ kind, text }: Token): string {
  if (kind === 'eof') return 'EOF'
  if (kind === 'error') return text
  if (kind === 'keyword' || kind === 'nil' || kind === 'dot') return `<${text}>`
  const characters = Array.from(text)
  return characters.length > SHOWN_CHARACTERS ? `${quote(characters.slice(0, SHOWN_CHARACTERS).join(''))}...` : quote(text)
}
