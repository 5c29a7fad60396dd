// Source: Go 1.25 text/template/parse/parse.go.

import { unquote } from '@oriel/syntax'
import type { BranchNode, CommandNode, Operand, PipeNode, TemplateNode, VariableNode } from './ast.ts'
import { printNode } from './ast.ts'
import { TemplateError } from './errors.ts'
import type { Token } from './lex.ts'
import { parseChar, parseNumber } from './numbers.ts'
import { Tokens } from './tokens.ts'

/** A parsed template. `text` is what places in nodes count in. */
export interface Template {
  readonly name: string
  readonly text: string
  readonly nodes: readonly TemplateNode[]
  /** Those that `define` and `block` made, by name. */
  readonly defined: ReadonlyMap<string, Template>
}

/** 64 KiB: templates stand in rule files, where a long one has some hundred characters. */
const MAX_SOURCE_LENGTH = 65_536
// 100: the parser and the printer recurse.
const MAX_DEPTH = 100

/**
 * Parses a template. `name` stands in messages, `functions` are the names that may be called.
 *
 * Throws `TemplateError` TEMPLATE_SYNTAX with Go's message, TEMPLATE_LIMIT.
 */
export function parseTemplate(name: string, text: string, functions: ReadonlySet<string>): Template {
  if (text.length > MAX_SOURCE_LENGTH) {
    throw new TemplateError(
      'TEMPLATE_LIMIT',
      `template: ${name}: ${text.length} characters of source, limit ${MAX_SOURCE_LENGTH}`,
    )
  }
  return new Parser(name, text, functions).parse()
}

/** What ends a list: `{{end}}`, or `{{else}}` with what stands in it. */
type ListEnd = { readonly kind: 'end' } | { readonly kind: 'else'; readonly at: number }
type Item = { readonly kind: 'node'; readonly node: TemplateNode } | ListEnd

class Parser {
  readonly #name: string
  readonly #text: string
  readonly #functions: ReadonlySet<string>
  readonly #tokens: Tokens
  readonly #defined = new Map<string, Template>()
  #variables: string[] = ['$']
  #rangeDepth = 0
  #depth = 0

  constructor(name: string, text: string, functions: ReadonlySet<string>) {
    this.#name = name
    this.#text = text
    this.#functions = functions
    this.#tokens = new Tokens(name, text)
  }

  parse(): Template {
    const nodes: TemplateNode[] = []
    for (;;) {
      const token = this.#tokens.next()
      if (token.kind === 'eof') return { name: this.#name, text: this.#text, nodes, defined: this.#defined }
      if (token.kind === 'leftDelim') {
        const head = this.#tokens.nextNonSpace()
        if (head.kind === 'keyword' && head.text === 'define') {
          this.#parseDefinition('define clause')
          continue
        }
        this.#tokens.backup(head)
        this.#tokens.backup(token)
      } else this.#tokens.backup(token)
      const item = this.#textOrAction()
      if (item.kind !== 'node') this.#tokens.fail(`unexpected {{${item.kind}}}`)
      nodes.push(item.node)
    }
  }

  /** `{{define "name"}}...{{end}}`, the keyword read. */
  #parseDefinition(context: string): void {
    const name = this.#parseName(this.#tokens.nextNonSpace(), context)
    this.#tokens.expect('rightDelim', context)
    this.#define(name, context)
  }

  #define(name: string, context: string): void {
    const outer = { variables: this.#variables, rangeDepth: this.#rangeDepth }
    this.#variables = ['$']
    this.#rangeDepth = 0
    const { nodes, end } = this.#parseList()
    if (end.kind !== 'end') this.#tokens.fail(`unexpected {{else}} in ${context}`)
    this.#variables = outer.variables
    this.#rangeDepth = outer.rangeDepth
    // An empty one does not replace one that has something.
    if (this.#defined.has(name) && nodes.every((node) => node.kind === 'text' && node.text.trim() === '')) return
    this.#defined.set(name, { name, text: this.#text, nodes, defined: this.#defined })
  }

  #parseList(): { nodes: TemplateNode[]; end: ListEnd } {
    if (++this.#depth > MAX_DEPTH) throw new TemplateError('TEMPLATE_LIMIT', `template: ${this.#name}: over ${MAX_DEPTH} levels`)
    const nodes: TemplateNode[] = []
    while (this.#tokens.peekNonSpace().kind !== 'eof') {
      const item = this.#textOrAction()
      if (item.kind !== 'node') {
        this.#depth--
        return { nodes, end: item }
      }
      nodes.push(item.node)
    }
    return this.#tokens.fail('unexpected EOF')
  }

  #textOrAction(): Item {
    const token = this.#tokens.nextNonSpace()
    if (token.kind === 'text') return { kind: 'node', node: { kind: 'text', at: token.at, text: token.text } }
    if (token.kind !== 'leftDelim') this.#tokens.unexpected(token, 'input')
    this.#tokens.actionLine = token.line
    const item = this.#action()
    this.#tokens.actionLine = 0
    return item
  }

  #action(): Item {
    const token = this.#tokens.nextNonSpace()
    if (token.kind === 'keyword') return this.#keyword(token)
    this.#tokens.backup(token)
    const { at } = this.#tokens.peek()
    return { kind: 'node', node: { kind: 'action', at, pipe: this.#pipeline('command', 'rightDelim') } }
  }

  #keyword(token: Token): Item {
    const { at, text } = token
    switch (text) {
      case 'if':
      case 'with':
      case 'range':
        return { kind: 'node', node: this.#control(text) }
      case 'end':
        this.#tokens.expect('rightDelim', 'end')
        return { kind: 'end' }
      case 'else':
        return this.#else()
      case 'break':
      case 'continue':
        this.#tokens.expect('rightDelim', `{{${text}}}`)
        if (this.#rangeDepth === 0) this.#tokens.fail(`{{${text}}} outside {{range}}`)
        return { kind: 'node', node: { kind: text, at } }
      case 'template':
        return { kind: 'node', node: this.#template() }
      case 'block':
        return { kind: 'node', node: this.#block() }
      default:
        return this.#tokens.unexpected(token, 'command')
    }
  }

  /** What follows may be another `if` or `with`, which is left to be read. */
  #else(): Item {
    const next = this.#tokens.peekNonSpace()
    if (next.kind === 'keyword' && (next.text === 'if' || next.text === 'with')) return { kind: 'else', at: next.at }
    return { kind: 'else', at: this.#tokens.expect('rightDelim', 'else').at }
  }

  #control(kind: BranchNode['kind']): BranchNode {
    const scope = this.#variables.length
    const pipe = this.#pipeline(kind, 'rightDelim')
    if (kind === 'range') this.#rangeDepth++
    const { nodes: list, end } = this.#parseList()
    if (kind === 'range') this.#rangeDepth--
    const elseList = end.kind === 'else' ? this.#elseList(kind) : undefined
    this.#variables.length = scope
    return { kind, at: pipe.at, pipe, list, elseList }
  }

  #elseList(kind: BranchNode['kind']): TemplateNode[] {
    const next = this.#tokens.peek()
    // `{{else if}}` shares the outer `{{end}}`.
    if (kind !== 'range' && next.kind === 'keyword' && next.text === kind) {
      this.#tokens.next()
      return [this.#control(kind)]
    }
    const { nodes, end } = this.#parseList()
    if (end.kind !== 'end') this.#tokens.fail('expected end; found {{else}}')
    return nodes
  }

  #template(): TemplateNode {
    const token = this.#tokens.nextNonSpace()
    const name = this.#parseName(token, 'template clause')
    const next = this.#tokens.nextNonSpace()
    if (next.kind === 'rightDelim') return { kind: 'template', at: token.at, name, pipe: undefined }
    this.#tokens.backup(next)
    return { kind: 'template', at: token.at, name, pipe: this.#pipeline('template clause', 'rightDelim') }
  }

  #block(): TemplateNode {
    const token = this.#tokens.nextNonSpace()
    const name = this.#parseName(token, 'block clause')
    const pipe = this.#pipeline('block clause', 'rightDelim')
    this.#define(name, 'block clause')
    return { kind: 'template', at: token.at, name, pipe }
  }

  #parseName(token: Token, context: string): string {
    if (token.kind !== 'string' && token.kind !== 'rawString') return this.#tokens.unexpected(token, context)
    return this.#unquote(token.text)
  }

  #unquote(text: string): string {
    const value = unquote(text)
    return value.ok ? value.value : this.#tokens.fail('invalid syntax')
  }

  #pipeline(context: string, end: 'rightDelim' | 'rightParen'): PipeNode {
    if (++this.#depth > MAX_DEPTH) throw new TemplateError('TEMPLATE_LIMIT', `template: ${this.#name}: over ${MAX_DEPTH} levels`)
    const { at } = this.#tokens.peekNonSpace()
    const { declared, isAssign } = this.#declarations(context)
    const commands: CommandNode[] = []
    for (;;) {
      const token = this.#tokens.nextNonSpace()
      if (token.kind === end) break
      if (!STARTS_COMMAND.has(token.kind)) this.#tokens.unexpected(token, context)
      this.#tokens.backup(token)
      commands.push(this.#command())
    }
    this.#checkPipeline(commands, context)
    this.#depth--
    return { kind: 'pipe', at, declared, isAssign, commands }
  }

  #declarations(context: string): { declared: VariableNode[]; isAssign: boolean } {
    const declared: VariableNode[] = []
    for (;;) {
      const variable = this.#tokens.peekNonSpace()
      if (variable.kind !== 'variable') return { declared, isAssign: false }
      this.#tokens.next()
      const after = this.#tokens.peek()
      const next = this.#tokens.peekNonSpace()
      const isComma = next.kind === 'char' && next.text === ','
      if (next.kind !== 'assign' && next.kind !== 'declare' && !isComma) {
        if (after.kind === 'space') this.#tokens.backup(variable, after)
        else this.#tokens.backup(variable)
        return { declared, isAssign: false }
      }
      this.#tokens.nextNonSpace()
      declared.push({ kind: 'variable', at: variable.at, path: [variable.text] })
      this.#variables.push(variable.text)
      if (!isComma) return { declared, isAssign: next.kind === 'assign' }
      if (context !== 'range' || declared.length > 1) this.#tokens.fail(`too many declarations in ${context}`)
      const follower = this.#tokens.peekNonSpace().kind
      if (follower !== 'variable' && follower !== 'rightDelim' && follower !== 'rightParen')
        this.#tokens.fail('range can only initialize variables')
    }
  }

  #checkPipeline(commands: readonly CommandNode[], context: string): void {
    if (commands.length === 0) this.#tokens.fail(`missing value for ${context}`)
    for (const [i, { args }] of commands.entries())
      if (i > 0 && ['bool', 'dot', 'nil', 'number', 'string'].includes(args[0]?.kind ?? ''))
        this.#tokens.fail(`non executable command in pipeline stage ${i + 1}`)
  }

  #command(): CommandNode {
    const { at } = this.#tokens.peekNonSpace()
    const args: Operand[] = []
    for (;;) {
      this.#tokens.peekNonSpace()
      const operand = this.#operand()
      if (operand !== undefined) args.push(operand)
      const token = this.#tokens.next()
      if (token.kind === 'space') continue
      if (token.kind === 'rightDelim' || token.kind === 'rightParen') this.#tokens.backup(token)
      else if (token.kind !== 'pipe') this.#tokens.unexpected(token, 'operand')
      if (args.length === 0) this.#tokens.fail('empty command')
      return { kind: 'command', at, args }
    }
  }

  #operand(): Operand | undefined {
    const node = this.#term()
    if (node === undefined) return undefined
    const first = this.#tokens.peek()
    if (first.kind !== 'field') return node
    const path: string[] = []
    while (this.#tokens.peek().kind === 'field') path.push(this.#tokens.next().text.slice(1))
    switch (node.kind) {
      case 'field':
      case 'variable':
        return { ...node, at: first.at, path: [...node.path, ...path] }
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        return this.#tokens.fail(`unexpected . after term ${JSON.stringify(printNode(node))}`)
      case 'chain':
      case 'identifier':
      case 'pipe':
        return { kind: 'chain', at: first.at, node, path }
    }
  }

  #term(): Operand | undefined {
    const token = this.#tokens.nextNonSpace()
    const { at, text } = token
    const kind: string = token.kind
    switch (kind) {
      case 'identifier':
        if (!this.#functions.has(text)) this.#tokens.fail(`function ${JSON.stringify(text)} not defined`)
        return { kind: 'identifier', at, name: text }
      case 'dot':
        return { kind: 'dot', at }
      case 'nil':
        return { kind: 'nil', at }
      case 'variable':
        if (!this.#variables.includes(text)) this.#tokens.fail(`undefined variable ${JSON.stringify(text)}`)
        return { kind: 'variable', at, path: [text] }
      case 'field':
        return { kind: 'field', at, path: [text.slice(1)] }
      case 'bool':
        return { kind: 'bool', at, value: text === 'true' }
      case 'number':
        return parseNumber(text, at) ?? this.#tokens.fail(`bad number syntax: ${JSON.stringify(text)}`)
      case 'charConstant':
        return parseChar(text, at) ?? this.#tokens.fail(`malformed character constant: ${text}`)
      case 'leftParen':
        return this.#pipeline('parenthesized pipeline', 'rightParen')
      case 'string':
      case 'rawString':
        return { kind: 'string', at, quoted: text, value: this.#unquote(text) }
      default:
        this.#tokens.backup(token)
        return undefined
    }
  }
}

const STARTS_COMMAND = new Set<Token['kind']>([
  'bool',
  'charConstant',
  'dot',
  'field',
  'identifier',
  'number',
  'nil',
  'rawString',
  'string',
  'variable',
  'leftParen',
])
