import { unquote } from '@oriel/syntax'
import type { Command, Operand, Pipe, TemplateNode } from './ast.ts'

/** Why a template is refused. */
export class TemplateProblem extends Error {}

// 64 KiB and 100 levels: templates stand in query texts, which are limited themselves; the depth guards the stack.
const MAX_LENGTH = 65_536
const MAX_DEPTH = 100

/** Parses a template. Throws `TemplateProblem` with what is wrong, or with the name of what is not supported. */
export function parseTemplate(text: string): readonly TemplateNode[] {
  if (text.length > MAX_LENGTH) throw new TemplateProblem(`${text.length} characters, limit ${MAX_LENGTH}`)
  const parser = new Parser(split(text))
  const nodes = parser.parseBlock(0)
  if (parser.stop !== undefined) throw new TemplateProblem(`unexpected {{${parser.stop.join(' ')}}}`)
  return nodes
}

type Piece = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'action'; readonly tokens: readonly string[] }

/** Cuts a template into texts and actions; `{{-` and `-}}` trim the text beside them. */
function split(text: string): Piece[] {
  const pieces: Piece[] = []
  let at = 0
  let trimsNext = false
  while (at < text.length) {
    const open = text.indexOf('{{', at)
    const plain = text.slice(at, open < 0 ? text.length : open)
    const trimsHere = open >= 0 && /^\{\{-\s/.test(text.slice(open, open + 4))
    const left = trimsNext ? plain.trimStart() : plain
    const shown = trimsHere ? left.trimEnd() : left
    if (shown !== '') pieces.push({ kind: 'text', text: shown })
    if (open < 0) return pieces
    const { tokens, end, trims } = readAction(text, open + (trimsHere ? 3 : 2))
    if (tokens.length > 0) pieces.push({ kind: 'action', tokens })
    trimsNext = trims
    at = end
  }
  return pieces
}

const TOKEN =
  /\s+|-?\}\}|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)+'|:=|[|(),=]|[+-]?(?:0[xX][0-9a-fA-F]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)|\$?[A-Za-z_0-9]*(?:\.[A-Za-z_][A-Za-z_0-9]*)+|\.|\$[A-Za-z_0-9]*|[A-Za-z_][A-Za-z_0-9]*/y

function readAction(text: string, from: number): { tokens: string[]; end: number; trims: boolean } {
  const tokens: string[] = []
  let at = from
  for (;;) {
    TOKEN.lastIndex = at
    const token = TOKEN.exec(text)?.[0]
    if (token === undefined || at >= text.length) {
      throw new TemplateProblem(at >= text.length ? 'unclosed action' : `unexpected ${JSON.stringify(text.charAt(at))} in action`)
    }
    at += token.length
    if (token === '}}' || token === '-}}') return { tokens, end: at, trims: token === '-}}' }
    // A field right behind a parenthesis belongs to it; a space keeps them apart.
    if (token.trim() === '') continue
    const follows = token.length > 1 && token.startsWith('.') && text[at - token.length - 1] === ')'
    if (follows) tokens[tokens.length - 1] = `)${token}`
    else if (!token.startsWith('/*')) tokens.push(token)
  }
}

class Parser {
  /** The `end`, `else` ... that ended the last block. */
  stop: readonly string[] | undefined
  readonly #pieces: readonly Piece[]
  #at = 0

  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces
  }

  /** Parses up to `end`, `else` or the end of the text. */
  parseBlock(depth: number): TemplateNode[] {
    if (depth > MAX_DEPTH) throw new TemplateProblem(`nested deeper than ${MAX_DEPTH} levels`)
    const nodes: TemplateNode[] = []
    this.stop = undefined
    while (this.#at < this.#pieces.length) {
      const piece = this.#pieces[this.#at++]!
      if (piece.kind === 'text') nodes.push(piece)
      else {
        const [word = ''] = piece.tokens
        if (word === 'end' || word === 'else') {
          this.stop = piece.tokens
          return nodes
        }
        nodes.push(this.#parseAction(word, piece.tokens, depth))
      }
    }
    return nodes
  }

  #parseAction(word: string, tokens: readonly string[], depth: number): TemplateNode {
    if (word === 'if' || word === 'with') return this.#parseBranch(word, tokens.slice(1), depth)
    if (word === 'range') return this.#parseRange(tokens.slice(1), depth)
    if (['define', 'template', 'block', 'break', 'continue'].includes(word)) {
      throw new TemplateProblem(`{{${word}}} is not supported`)
    }
    return { kind: 'print', pipe: parsePipe(tokens) }
  }

  #parseBranch(kind: 'if' | 'with', tokens: readonly string[], depth: number): TemplateNode {
    const pipe = parsePipe(tokens)
    const body = this.parseBlock(depth + 1)
    return { kind, pipe, body, other: this.#parseOther(kind, depth) }
  }

  #parseOther(kind: string, depth: number): readonly TemplateNode[] {
    const stop: readonly string[] = this.stop ?? []
    if (stop[0] === 'end') {
      this.stop = undefined
      return []
    }
    if (stop[0] !== 'else') throw new TemplateProblem(`{{${kind}}} without {{end}}`)
    const [, again] = stop
    if (again === 'if' || again === 'with') return [this.#parseBranch(again, stop.slice(2), depth + 1)]
    const other = this.parseBlock(depth + 1)
    if (this.stop?.[0] !== 'end') throw new TemplateProblem(`{{${kind}}} without {{end}}`)
    this.stop = undefined
    return other
  }

  #parseRange(tokens: readonly string[], depth: number): TemplateNode {
    const assign = tokens.indexOf(':=')
    const names = assign < 0 ? [] : tokens.slice(0, assign).filter((token) => token !== ',')
    if (names.some((name) => !name.startsWith('$')) || names.length > 2) throw new TemplateProblem('bad variables in {{range}}')
    const pipe = parsePipe(tokens.slice(assign + 1))
    const body = this.parseBlock(depth + 1)
    return { kind: 'range', pipe, names, body, other: this.#parseOther('range', depth) }
  }
}

function parsePipe(tokens: readonly string[]): Pipe {
  const [first = '', second = ''] = tokens
  const isSet = first.startsWith('$') && !first.includes('.') && (second === ':=' || second === '=')
  const reader = { tokens, at: isSet ? 2 : 0 }
  const pipe = readPipe(reader, 0)
  if (reader.at < tokens.length) throw new TemplateProblem(`unexpected ${tokens[reader.at] ?? ''}`)
  return isSet ? { ...pipe, set: { name: first, isNew: second === ':=' } } : pipe
}

interface Reader {
  readonly tokens: readonly string[]
  at: number
}

function readPipe(reader: Reader, depth: number): Pipe {
  if (depth > MAX_DEPTH) throw new TemplateProblem(`nested deeper than ${MAX_DEPTH} levels`)
  const commands = [readCommand(reader, depth)]
  while (reader.tokens[reader.at] === '|') {
    reader.at++
    commands.push(readCommand(reader, depth))
  }
  return { commands }
}

function readCommand(reader: Reader, depth: number): Command {
  const operands: Operand[] = []
  for (;;) {
    const token = reader.tokens[reader.at]
    if (token === undefined || token === '|' || token.startsWith(')')) break
    operands.push(readOperand(reader, token, depth))
  }
  const [head, ...rest] = operands
  if (head === undefined) throw new TemplateProblem('missing value')
  if (rest.length > 0 && head.kind !== 'function')
    throw new TemplateProblem("can't give arguments to a value that is no function")
  return { head, arguments: rest }
}

function readOperand(reader: Reader, token: string, depth: number): Operand {
  reader.at++
  if (token === '(') {
    const pipe = readPipe(reader, depth + 1)
    const close = reader.tokens[reader.at++] ?? ''
    if (!close.startsWith(')')) throw new TemplateProblem('unclosed parenthesis')
    return { kind: 'pipe', pipe, path: pathOf(close.slice(1)) }
  }
  if (token.startsWith('.')) return { kind: 'dot', path: token === '.' ? [] : pathOf(token) }
  if (token.startsWith('$')) {
    const [name = '$', ...path] = token.split('.')
    return { kind: 'variable', name, path }
  }
  if (/^["'`]/.test(token)) return { kind: 'literal', value: textOf(token) }
  if (/^[+-]?\d/.test(token)) return { kind: 'literal', value: numberOf(token) }
  if (token === 'true' || token === 'false') return { kind: 'literal', value: token === 'true' }
  if (token === 'nil') return { kind: 'literal', value: undefined }
  if (/^[A-Za-z_]\w*$/.test(token)) return { kind: 'function', name: token }
  throw new TemplateProblem(`unexpected ${JSON.stringify(token)}`)
}

function pathOf(text: string): string[] {
  return text.split('.').filter((part) => part !== '')
}

function textOf(literal: string): string | bigint {
  const parsed = unquote(literal)
  if (!parsed.ok) throw new TemplateProblem(`bad string ${literal}`)
  // A character constant is its code point, an int.
  return literal.startsWith("'") ? BigInt(parsed.value.codePointAt(0) ?? 0) : parsed.value
}

/** Whole numbers are Go ints (bigint here), numbers with a point or an exponent are floats. */
function numberOf(token: string): number | bigint {
  const digits = token.replaceAll('_', '')
  if (/[.eE]/.test(digits) && !/^[+-]?0[xX]/.test(digits)) return Number(digits)
  return digits.startsWith('-') ? -BigInt(digits.slice(1)) : BigInt(digits.replace('+', ''))
}
