// Source: Go 1.25 text/template/exec.go: evalPipeline and what it calls.

import type { CommandNode, FieldNode, NumberNode, Operand, PipeNode, TemplateNode, VariableNode } from './ast.ts'
import { printNode } from './ast.ts'
import { BUILTINS } from './builtins.ts'
import { TemplateError } from './errors.ts'
import { printValue } from './print.ts'
import { DURATION_METHODS, TIME_METHODS } from './time.ts'
import type { ParameterType, TemplateFunction, Value } from './values.ts'
import { isTruthy, typeName } from './values.ts'

/** What a missing key of a map gives: nothing (which prints `<no value>`), the zero of the map's type, or an error. */
export type MissingKey = 'invalid' | 'zero' | 'error'

/** A text of a template that is being run: what places count in. */
export interface Running {
  readonly name: string
  /** The name of the template that was parsed: what places begin with. */
  readonly root: string
  readonly text: string
}

/** Stands for "no value comes from the command before". */
const MISSING = Symbol('missing')
type Final = Value | typeof MISSING

/** Evaluates pipelines with variables in scope. One per run. */
export class Evaluator {
  /** The template whose nodes are met, for messages. */
  running: Running
  readonly variables: { readonly name: string; value: Value }[]
  readonly #functions: ReadonlyMap<string, TemplateFunction>
  readonly #missingKey: MissingKey
  #node: TemplateNode | Operand | CommandNode | undefined

  constructor(running: Running, data: Value, functions: ReadonlyMap<string, TemplateFunction>, missingKey: MissingKey) {
    this.running = running
    this.variables = [{ name: '$', value: data }]
    this.#functions = functions
    this.#missingKey = missingKey
  }

  /** Names the node that errors are about from now on. */
  at(node: TemplateNode | Operand | CommandNode): void {
    this.#node = node
  }

  /** Throws TEMPLATE_FAILED with the place of the current node, as Go words it. */
  fail(message: string): never {
    const { name, root, text } = this.running
    const node = this.#node
    if (node === undefined) throw new TemplateError('TEMPLATE_FAILED', `template: ${name}: ${message}`)
    const before = text.slice(0, node.at)
    const column = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1))
    const place = `${root}:${before.split('\n').length}:${column}`
    throw new TemplateError(
      'TEMPLATE_FAILED',
      `template: ${place}: executing ${JSON.stringify(name)} at <${printNode(node)}>: ${message}`,
    )
  }

  /** The value of a pipeline; its variables come into scope. */
  pipeline(dot: Value, pipe: PipeNode): Value {
    this.at(pipe)
    let value: Final = MISSING
    for (const command of pipe.commands) value = this.#command(dot, command, value)
    const result = value === MISSING ? undefined : value
    for (const { path } of pipe.declared) {
      if (pipe.isAssign) this.assign(path[0] ?? '', result)
      else this.variables.push({ name: path[0] ?? '', value: result })
    }
    return result
  }

  /** Sets the innermost variable of that name. */
  assign(name: string, value: Value): void {
    const variable = this.variables.findLast((candidate) => candidate.name === name)
    if (variable === undefined) this.fail(`undefined variable: ${name}`)
    variable.value = value
  }

  #command(dot: Value, { args, ...command }: CommandNode, final: Final): Value {
    const first = args[0]
    if (first === undefined) return this.fail('empty command')
    switch (first.kind) {
      case 'field':
        return this.#field(dot, first, args, final)
      case 'chain':
        this.at(first)
        return this.#path(dot, this.#argument(dot, 'any', first.node), first, first.path, args, final)
      case 'identifier':
        return this.#function(dot, first.name, first, { ...command, args }, args, final)
      case 'pipe':
        this.#noArguments(args, final)
        return this.pipeline(dot, first)
      case 'variable':
        return this.#variable(dot, first, args, final)
      case 'nil':
        this.at(first)
        this.#noArguments(args, final)
        return this.fail('nil is not a command')
      case 'bool':
      case 'dot':
      case 'number':
      case 'string':
        this.at(first)
        this.#noArguments(args, final)
        return first.kind === 'dot' ? dot : this.#constant(first)
    }
  }

  #constant(node: Extract<Operand, { kind: 'bool' | 'number' | 'string' }>): Value {
    if (node.kind !== 'number') return node.value
    return node.isFloat ? node.float : (node.int ?? node.float)
  }

  #noArguments(args: readonly Operand[], final: Final): void {
    if (args.length > 1 || final !== MISSING)
      this.fail(`can't give argument to non-function ${args[0] ? printNode(args[0]) : ''}`)
  }

  #field(dot: Value, node: FieldNode, args: readonly Operand[], final: Final): Value {
    this.at(node)
    return this.#path(dot, dot, node, node.path, args, final)
  }

  #variable(dot: Value, node: VariableNode, args: readonly Operand[], final: Final): Value {
    this.at(node)
    const name = node.path[0] ?? ''
    const variable = this.variables.findLast((candidate) => candidate.name === name)
    if (variable === undefined) return this.fail(`undefined variable: ${name}`)
    if (node.path.length === 1) {
      this.#noArguments(args, final)
      return variable.value
    }
    return this.#path(dot, variable.value, node, node.path.slice(1), args, final)
  }

  /** `.a.b.c arg`: the arguments belong to the last one. */
  #path(dot: Value, receiver: Value, node: Operand, path: readonly string[], args: readonly Operand[], final: Final): Value {
    let value = receiver
    for (const name of path.slice(0, -1)) value = this.#get(dot, value, node, name, [node], MISSING)
    return this.#get(dot, value, node, path.at(-1) ?? '', args, final)
  }

  #get(dot: Value, receiver: Value, node: Operand, name: string, args: readonly Operand[], final: Final): Value {
    if (receiver === undefined) {
      if (this.#missingKey === 'error') this.fail(`nil data; no entry for key ${JSON.stringify(name)}`)
      return undefined
    }
    const method = methodOf(receiver, name)
    if (method !== undefined) {
      const call = (values: readonly Value[]) => method.call([receiver, ...values])
      return this.#call(dot, { ...method, call }, node, name, args, final)
    }
    const hasArguments = args.length > 1 || final !== MISSING
    if (typeof receiver === 'object' && receiver.kind === 'object' && receiver.fields.has(name)) {
      if (hasArguments) this.fail(`${name} has arguments but cannot be invoked as function`)
      return receiver.fields.get(name)
    }
    if (typeof receiver === 'object' && receiver.kind === 'map') {
      if (hasArguments) this.fail(`${name} is not a method but has arguments`)
      if (receiver.entries.has(name)) return receiver.entries.get(name)
      if (this.#missingKey === 'error') this.fail(`map has no entry for key ${JSON.stringify(name)}`)
      return this.#missingKey === 'zero' ? receiver.zero : undefined
    }
    return this.fail(`can't evaluate field ${name} in type ${typeName(receiver)}`)
  }

  #function(
    dot: Value,
    name: string,
    node: Operand,
    command: CommandNode | Operand,
    args: readonly Operand[],
    final: Final,
  ): Value {
    this.at(node)
    const own = this.#functions.get(name)
    if (own !== undefined) return this.#call(dot, own, command, name, args, final)
    if (name === 'and' || name === 'or') return this.#shortCircuit(dot, name, args, final)
    const builtin = BUILTINS.get(name)
    if (builtin === undefined) return this.fail(`${JSON.stringify(name)} is not a defined function`)
    return this.#call(dot, builtin, command, name, args, final)
  }

  /** `and` and `or` evaluate no more arguments than they need. */
  #shortCircuit(dot: Value, name: 'and' | 'or', args: readonly Operand[], final: Final): Value {
    if (args.length < 2 && final === MISSING) this.fail(`wrong number of args for ${name}: want at least 1 got 0`)
    let value: Value
    for (const arg of args.slice(1)) {
      value = this.#argument(dot, 'any', arg)
      if (isTruthy(value) === (name === 'or')) return value
    }
    return final === MISSING ? value : final
  }

  #call(
    dot: Value,
    fn: TemplateFunction,
    node: Operand | CommandNode,
    name: string,
    args: readonly Operand[],
    final: Final,
  ): Value {
    const given = args.slice(1)
    const { parameters } = fn
    const isVariadic = fn.isVariadic === true
    const fixed = isVariadic ? parameters.length - 1 : parameters.length
    const count = given.length + (final === MISSING ? 0 : 1)
    if (isVariadic && count < fixed) this.fail(`wrong number of args for ${name}: want at least ${fixed} got ${given.length}`)
    if (!isVariadic && count !== fixed) this.fail(`wrong number of args for ${name}: want ${fixed} got ${count}`)
    const typeAt = (i: number): ParameterType => parameters[Math.min(i, parameters.length - 1)] ?? 'any'
    const values = given.map((arg, i) => this.#argument(dot, typeAt(i), arg))
    if (final !== MISSING) values.push(this.#validate(final, typeAt(values.length)))
    try {
      return fn.call(values)
    } catch (error) {
      // A missing answer is no failure: the run is repeated once it is there.
      if (error instanceof TemplateError || !(error instanceof Error) || error.name === 'PendingAnswer') throw error
      this.at(node)
      return this.fail(`error calling ${name}: ${error.message}`)
    }
  }

  #argument(dot: Value, type: ParameterType, node: Operand): Value {
    this.at(node)
    switch (node.kind) {
      case 'dot':
        return this.#validate(dot, type)
      case 'nil':
        return type === 'any' || type.startsWith('*') ? undefined : this.fail(`cannot assign nil to ${type}`)
      case 'field':
        return this.#validate(this.#field(dot, node, [node], MISSING), type)
      case 'variable':
        return this.#validate(this.#variable(dot, node, [], MISSING), type)
      case 'pipe':
        return this.#validate(this.pipeline(dot, node), type)
      case 'identifier':
        return this.#validate(this.#function(dot, node.name, node, node, [], MISSING), type)
      case 'chain': {
        const receiver = this.#argument(dot, 'any', node.node)
        return this.#validate(this.#path(dot, receiver, node, node.path, [node], MISSING), type)
      }
      case 'bool':
        return type === 'bool' || type === 'any' ? node.value : this.#unexpected(type, node)
      case 'string':
        return type === 'string' || type === 'any' ? node.value : this.#unexpected(type, node)
      case 'number':
        return this.#number(type, node)
    }
  }

  #number(type: ParameterType, node: NumberNode): Value {
    if (type === 'float64') return node.float
    if (type === 'int' && node.int !== undefined) return node.int
    return type === 'any' ? this.#constant(node) : this.#unexpected(type, node)
  }

  #unexpected(type: ParameterType, node: Operand): never {
    const word = TYPE_WORDS.get(type)
    if (word === undefined) return this.fail(`can't handle ${printNode(node)} for arg of type ${type}`)
    return this.fail(`expected ${word}; found ${printNode(node)}`)
  }

  #validate(value: Value, type: ParameterType): Value {
    if (type === 'any') return value
    if (value === undefined) return type.startsWith('*') ? undefined : this.fail(`invalid value; expected ${type}`)
    const own = typeName(value)
    return own === type || own === `*${type}` ? value : this.fail(`wrong type for value; expected ${type}; got ${own}`)
  }
}

const TYPE_WORDS = new Map<string, string>([
  ['bool', 'bool'],
  ['string', 'string'],
  ['int', 'integer'],
  ['float64', 'float'],
])

function methodOf(receiver: Value, name: string): TemplateFunction | undefined {
  if (typeof receiver !== 'object') return undefined
  switch (receiver.kind) {
    case 'object':
      return receiver.methods.get(name)
    case 'time':
      return TIME_METHODS.get(name)
    case 'duration': {
      if (name === 'String') return { parameters: [], call: () => printValue(receiver) }
      const get = DURATION_METHODS.get(name)
      return get && { parameters: [], call: () => get(receiver) }
    }
    case 'html':
    case 'list':
    case 'map':
    case 'sized':
      return undefined
  }
}
