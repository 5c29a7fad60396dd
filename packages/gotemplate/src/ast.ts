import { quote } from '@oriel/syntax'

/** Where a node begins: a UTF-16 offset into the template's text. */
interface Placed {
  readonly at: number
}

export interface IdentifierNode extends Placed {
  readonly kind: 'identifier'
  readonly name: string
}

/** `.a.b` */
export interface FieldNode extends Placed {
  readonly kind: 'field'
  readonly path: readonly string[]
}

/** `$x.a.b`; the name with its dollar stands first. */
export interface VariableNode extends Placed {
  readonly kind: 'variable'
  readonly path: readonly string[]
}

/** `(pipeline).a.b` */
export interface ChainNode extends Placed {
  readonly kind: 'chain'
  readonly node: Operand
  readonly path: readonly string[]
}

/** A constant as it is written. `isFloat`: it is a float64 where nothing says otherwise. */
export interface NumberNode extends Placed {
  readonly kind: 'number'
  readonly text: string
  readonly isFloat: boolean
  /** The integer, where the constant is one: `1.0` too. */
  readonly int: bigint | undefined
  readonly float: number
}

export interface StringNode extends Placed {
  readonly kind: 'string'
  /** With its quotes. */
  readonly quoted: string
  readonly value: string
}

export interface BoolNode extends Placed {
  readonly kind: 'bool'
  readonly value: boolean
}

export interface DotNode extends Placed {
  readonly kind: 'dot'
}

export interface NilNode extends Placed {
  readonly kind: 'nil'
}

/** What a command is made of. */
export type Operand =
  | IdentifierNode
  | FieldNode
  | VariableNode
  | ChainNode
  | NumberNode
  | StringNode
  | BoolNode
  | DotNode
  | NilNode
  | PipeNode

/** `func arg arg` */
export interface CommandNode extends Placed {
  readonly kind: 'command'
  readonly args: readonly Operand[]
}

/** `$x := a | b`; `isAssign` for `=`. */
export interface PipeNode extends Placed {
  readonly kind: 'pipe'
  readonly declared: readonly VariableNode[]
  readonly isAssign: boolean
  readonly commands: readonly CommandNode[]
}

export interface BranchNode extends Placed {
  readonly kind: 'if' | 'with' | 'range'
  readonly pipe: PipeNode
  readonly list: readonly TemplateNode[]
  readonly elseList: readonly TemplateNode[] | undefined
}

/** A piece of a template. */
export type TemplateNode =
  | (Placed & { readonly kind: 'text'; readonly text: string })
  | (Placed & { readonly kind: 'action'; readonly pipe: PipeNode })
  | (Placed & { readonly kind: 'template'; readonly name: string; readonly pipe: PipeNode | undefined })
  | (Placed & { readonly kind: 'break' | 'continue' })
  | BranchNode

/** Prints a node as Go does in messages. */
export function printNode(node: TemplateNode | Operand | CommandNode): string {
  switch (node.kind) {
    case 'text':
      return node.text
    case 'action':
      return `{{${printNode(node.pipe)}}}`
    case 'template':
      return `{{template ${quote(node.name)}${node.pipe === undefined ? '' : ` ${printNode(node.pipe)}`}}}`
    case 'if':
    case 'with':
    case 'range': {
      const rest = node.elseList === undefined ? '' : `{{else}}${node.elseList.map(printNode).join('')}`
      return `{{${node.kind} ${printNode(node.pipe)}}}${node.list.map(printNode).join('')}${rest}{{end}}`
    }
    case 'break':
    case 'continue':
      return `{{${node.kind}}}`
    case 'command':
      return node.args.map(printArgument).join(' ')
    case 'pipe':
      return printPipe(node)
    case 'bool':
    case 'chain':
    case 'dot':
    case 'field':
    case 'identifier':
    case 'nil':
    case 'number':
    case 'string':
    case 'variable':
      return printOperand(node)
  }
}

function printPipe({ declared, isAssign, commands }: PipeNode): string {
  const names = declared.map((variable) => variable.path.join('.')).join(', ')
  const head = names === '' ? '' : `${names} ${isAssign ? '=' : ':='} `
  return head + commands.map(printNode).join(' | ')
}

function printArgument(node: Operand): string {
  return node.kind === 'pipe' ? `(${printPipe(node)})` : printNode(node)
}

function printOperand(node: Exclude<Operand, PipeNode>): string {
  switch (node.kind) {
    case 'identifier':
      return node.name
    case 'field':
      return `.${node.path.join('.')}`
    case 'variable':
      return node.path.join('.')
    case 'chain':
      return `${printArgument(node.node)}.${node.path.join('.')}`
    case 'number':
      return node.text
    case 'string':
      return node.quoted
    case 'bool':
      return String(node.value)
    case 'dot':
      return '.'
    case 'nil':
      return 'nil'
  }
}
