// Source: Go 1.25 text/template/exec.go: walk and what it calls.

import { quote } from '@oriel/syntax'
import type { BranchNode, PipeNode, TemplateNode } from './ast.ts'
import { TemplateError } from './errors.ts'
import { escapeHtml } from './escape.ts'
import type { MissingKey } from './evaluate.ts'
import { Evaluator } from './evaluate.ts'
import type { Template } from './parse.ts'
import { printValue } from './print.ts'
import type { TemplateFunction, Value } from './values.ts'
import { integerOf, isTruthy, textOf, typeName } from './values.ts'

/** What a template is run with. */
export interface RunOptions {
  /** Functions beside Go's own; they win over those of the same name. */
  readonly functions: ReadonlyMap<string, TemplateFunction>
  readonly missingKey?: MissingKey
  /** Escapes what actions print, as `html/template` does in text and attribute values. */
  readonly isHtml?: boolean
  /** Templates of the same set that `{{template}}` may name, beside those that the text defines. */
  readonly others?: ReadonlyMap<string, Template>
}

// 1 MiB of output: no notification takes more.
const MAX_OUTPUT_LENGTH = 1_048_576
// 200,000 steps: tens of milliseconds. Loops over a query's answer stay far below.
const MAX_STEPS = 200_000
// 100 templates that call each other: the walk recurses.
const MAX_DEPTH = 100

/**
 * Runs a template on `data`, which is `.` and `$`.
 *
 * Throws `TemplateError` TEMPLATE_FAILED with Go's message, TEMPLATE_LIMIT.
 */
export function runTemplate(template: Template, data: Value, options: RunOptions): string {
  return new Run(template, data, options).render()
}

type Outcome = 'next' | 'break' | 'continue'

class Run {
  readonly #template: Template
  readonly #data: Value
  readonly #options: RunOptions
  readonly #root: string
  #evaluator: Evaluator
  #output = ''
  #steps = 0
  #depth = 0

  constructor(template: Template, data: Value, options: RunOptions) {
    this.#template = template
    this.#data = data
    this.#options = options
    this.#root = template.name
    this.#evaluator = this.#open(template, data)
  }

  render(): string {
    this.#walkList(this.#data, this.#template.nodes)
    return this.#output
  }

  #open({ name, text }: Template, data: Value): Evaluator {
    const { functions, missingKey = 'invalid' } = this.#options
    return new Evaluator({ name, root: this.#root, text }, data, functions, missingKey)
  }

  #walkList(dot: Value, nodes: readonly TemplateNode[]): Outcome {
    for (const node of nodes) {
      const outcome = this.#walk(dot, node)
      if (outcome !== 'next') return outcome
    }
    return 'next'
  }

  #walk(dot: Value, node: TemplateNode): Outcome {
    if (++this.#steps > MAX_STEPS) this.#overLimit(`over ${MAX_STEPS} steps`)
    this.#evaluator.at(node)
    switch (node.kind) {
      case 'text':
        this.#write(node.text)
        return 'next'
      case 'action':
        this.#walkAction(dot, node.pipe)
        return 'next'
      case 'template':
        this.#walkTemplate(dot, node)
        return 'next'
      case 'if':
      case 'with':
        return this.#walkIfOrWith(dot, node)
      case 'range':
        return this.#walkRange(dot, node)
      case 'break':
      case 'continue':
        return node.kind
    }
  }

  #walkAction(dot: Value, pipe: PipeNode): void {
    const value = this.#evaluator.pipeline(dot, pipe)
    if (pipe.declared.length === 0) this.#write(this.#print(value))
  }

  #print(value: Value): string {
    if (this.#options.isHtml !== true) return value === undefined ? '<no value>' : printValue(value)
    if (value === undefined) return ''
    return typeof value === 'object' && value.kind === 'html' ? value.text : escapeHtml(printValue(value))
  }

  #write(text: string): void {
    if (this.#output.length + text.length > MAX_OUTPUT_LENGTH) this.#overLimit(`over ${MAX_OUTPUT_LENGTH} characters of output`)
    this.#output += text
  }

  #walkIfOrWith(dot: Value, { kind, pipe, list, elseList }: BranchNode): Outcome {
    const mark = this.#evaluator.variables.length
    const value = this.#evaluator.pipeline(dot, pipe)
    const nodes = isTruthy(value) ? list : elseList
    const outcome = this.#walkList(kind === 'with' && isTruthy(value) ? value : dot, nodes ?? [])
    this.#evaluator.variables.length = mark
    return outcome
  }

  #walkRange(dot: Value, node: BranchNode): Outcome {
    const { variables } = this.#evaluator
    const outer = variables.length
    const value = this.#evaluator.pipeline(dot, node.pipe)
    const mark = variables.length
    let count = 0
    for (const [key, item] of this.#itemsOf(value)) {
      count++
      if (++this.#steps > MAX_STEPS) this.#overLimit(`over ${MAX_STEPS} steps`)
      this.#setLoopVariables(node.pipe, key, item)
      const outcome = this.#walkList(item, node.list)
      variables.length = mark
      if (outcome === 'break') break
    }
    let outcome: Outcome = 'next'
    if (count === 0 && node.elseList !== undefined) outcome = this.#walkList(dot, node.elseList)
    variables.length = outer
    return outcome
  }

  #setLoopVariables({ declared, isAssign }: PipeNode, key: Value, item: Value): void {
    const evaluator = this.#evaluator
    const [first, second] = declared
    if (first === undefined) return
    if (isAssign) {
      evaluator.assign(first.path[0] ?? '', second === undefined ? item : key)
      if (second !== undefined) evaluator.assign(second.path[0] ?? '', item)
      return
    }
    const top = evaluator.variables.at(-1)
    if (top !== undefined) top.value = item
    const below = evaluator.variables.at(-2)
    if (second !== undefined && below !== undefined) below.value = key
  }

  *#itemsOf(value: Value): Generator<readonly [Value, Value]> {
    if (value === undefined) return
    const count = integerOf(value)
    if (count !== undefined) {
      for (let i = 0n; i < count; i++) yield [i, i]
      return
    }
    if (typeof value === 'object' && value.kind === 'list') {
      for (const [i, item] of value.items.entries()) yield [BigInt(i), item]
      return
    }
    if (typeof value === 'object' && value.kind === 'map') {
      for (const key of [...value.entries.keys()].sort()) yield [key, value.entries.get(key)]
      return
    }
    this.#evaluator.fail(`range can't iterate over ${textOf(value) ?? `${printValue(value)} (${typeName(value)})`}`)
  }

  #walkTemplate(dot: Value, { name, pipe }: Extract<TemplateNode, { kind: 'template' }>): void {
    const target = this.#template.defined.get(name) ?? this.#options.others?.get(name)
    if (target === undefined) this.#evaluator.fail(`template ${quote(name)} not defined`)
    if (++this.#depth > MAX_DEPTH) this.#overLimit(`over ${MAX_DEPTH} templates that call each other`)
    const data = pipe === undefined ? undefined : this.#evaluator.pipeline(dot, pipe)
    const outer = this.#evaluator
    this.#evaluator = this.#open(target, data)
    this.#walkList(data, target.nodes)
    this.#evaluator = outer
    this.#depth--
  }

  #overLimit(what: string): never {
    throw new TemplateError('TEMPLATE_LIMIT', `template: ${this.#root}: ${what}`)
  }
}
