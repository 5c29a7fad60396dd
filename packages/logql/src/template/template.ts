import { OrielError } from '@oriel/model'
import type { Parsed } from '@oriel/syntax'
import { QueryError } from '@oriel/syntax'
import type { LineLabels } from '../line-labels.ts'
import type { Command, Operand, Pipe, TemplateNode } from './ast.ts'
import { FUNCTIONS, REFUSED_FUNCTIONS } from './functions.ts'
import { parseTemplate, TemplateProblem } from './parse.ts'
import type { Value } from './values.ts'
import { isList, isTruthy, printValue } from './values.ts'

/** What a template sees. */
export interface TemplateInput {
  readonly line: string
  readonly labels: LineLabels
  readonly tNs: bigint
}

/**
 * Compiles a template of `line_format` or `label_format`. A missing label is empty. Running it tells why where it fails.
 *
 * Throws `QueryError` QUERY_SYNTAX for a malformed template, QUERY_UNSUPPORTED for functions that are not offered, by name.
 */
export function compileTemplate(text: string): (input: TemplateInput) => Parsed<string> {
  const nodes = parseOrRefuse(text)
  checkFunctions(nodes)
  const [only] = nodes
  // Plain text and a single label are most templates: they need no machinery.
  if (nodes.length === 0) return () => ({ ok: true, value: '' })
  if (nodes.length === 1 && only?.kind === 'text') return () => ({ ok: true, value: only.text })
  return (input) => {
    try {
      const scope: Scope = { input, variables: new Map(), dot: LABELS, size: 0 }
      return { ok: true, value: render(nodes, scope) }
    } catch (error) {
      if (error instanceof TemplateProblem || error instanceof OrielError) return { ok: false, reason: error.message }
      throw error
    }
  }
}

function parseOrRefuse(text: string): readonly TemplateNode[] {
  try {
    return parseTemplate(text)
  } catch (error) {
    if (!(error instanceof TemplateProblem)) throw error
    throw new QueryError('QUERY_SYNTAX', `cannot read template: ${error.message}`, { cause: error })
  }
}

/** Stands for the label set as the value of `.` at the top of a template. */
const LABELS = Symbol('labels')

interface Scope {
  readonly input: TemplateInput
  readonly variables: Map<string, Value>
  dot: Value | typeof LABELS
  size: number
}

// 1 MiB: what one line may grow to.
const MAX_OUTPUT = 1_048_576

function checkFunctions(nodes: readonly TemplateNode[]): void {
  for (const node of nodes) {
    if (node.kind === 'text') continue
    checkPipe(node.pipe)
    if (node.kind === 'print') continue
    checkFunctions(node.body)
    checkFunctions(node.other)
  }
}

function checkPipe({ commands }: Pipe): void {
  for (const { head, arguments: operands } of commands) {
    for (const operand of [head, ...operands]) {
      if (operand.kind === 'pipe') checkPipe(operand.pipe)
      if (operand.kind === 'function') checkName(operand.name)
    }
  }
}

function checkName(name: string): void {
  if (name === '__line__' || name === '__timestamp__' || name === 'now' || FUNCTIONS.has(name)) return
  if (REFUSED_FUNCTIONS.has(name)) throw new QueryError('QUERY_UNSUPPORTED', `the template function ${name} is not supported`)
  throw new QueryError('QUERY_SYNTAX', `cannot read template: function "${name}" not defined`)
}

function render(nodes: readonly TemplateNode[], scope: Scope): string {
  let output = ''
  for (const node of nodes) {
    const piece = renderNode(node, scope)
    scope.size += node.kind === 'text' || node.kind === 'print' ? piece.length : 0
    if (scope.size > MAX_OUTPUT) throw new TemplateProblem(`output longer than ${MAX_OUTPUT} characters`)
    output += piece
  }
  return output
}

function renderNode(node: TemplateNode, scope: Scope): string {
  switch (node.kind) {
    case 'text':
      return node.text
    case 'print': {
      const value = runPipe(node.pipe, scope)
      return node.pipe.set === undefined ? shown(value) : ''
    }
    case 'if':
      return render(isTruthy(plain(runPipe(node.pipe, scope))) ? node.body : node.other, scope)
    case 'with': {
      const value = runPipe(node.pipe, scope)
      return isTruthy(plain(value)) ? withDot(scope, value, () => render(node.body, scope)) : render(node.other, scope)
    }
    case 'range':
      return renderRange(node, scope)
  }
}

function shown(value: Value | typeof LABELS): string {
  if (value === LABELS) throw new TemplateProblem('the label set itself cannot be printed: name a label')
  // A key that a JSON object lacks prints as Go prints a missing value.
  return value === undefined ? '<no value>' : printValue(plain(value))
}

function plain(value: Value | typeof LABELS): Value {
  return value === LABELS ? true : value
}

function withDot<T>(scope: Scope, dot: Value | typeof LABELS, run: () => T): T {
  const before = scope.dot
  scope.dot = dot
  try {
    return run()
  } finally {
    scope.dot = before
  }
}

function renderRange({ pipe, names, body, other }: Extract<TemplateNode, { kind: 'range' }>, scope: Scope): string {
  const entries = entriesOf(runPipe(pipe, scope), scope)
  if (entries.length === 0) return render(other, scope)
  const [first, second] = names
  let output = ''
  for (const [key, value] of entries) {
    if (second !== undefined && first !== undefined) scope.variables.set(first, key).set(second, value)
    else if (first !== undefined) scope.variables.set(first, value)
    output += withDot(scope, value, () => render(body, scope))
  }
  return output
}

function entriesOf(value: Value | typeof LABELS, { input }: Scope): [Value, Value][] {
  if (value === LABELS) return input.labels.entries().sort(([a], [b]) => (a < b ? -1 : 1))
  if (value === undefined) return []
  if (isList(value)) return value.map((item, i) => [BigInt(i), item])
  if (value instanceof Map) return [...value].sort(([a], [b]) => (a < b ? -1 : 1))
  throw new TemplateProblem("range can't iterate over this value")
}

function runPipe({ commands, set }: Pipe, scope: Scope): Value | typeof LABELS {
  let value: Value | typeof LABELS
  for (const [i, command] of commands.entries()) value = runCommand(command, scope, i === 0 ? [] : [plain(value)])
  if (set !== undefined) {
    if (!set.isNew && !scope.variables.has(set.name)) throw new TemplateProblem(`undefined variable ${set.name}`)
    scope.variables.set(set.name, plain(value))
  }
  return value
}

function runCommand({ head, arguments: operands }: Command, scope: Scope, last: readonly Value[]): Value | typeof LABELS {
  if (head.kind !== 'function') {
    if (last.length > 0) throw new TemplateProblem('a chain goes on with a function')
    return runOperand(head, scope)
  }
  const values = [...operands.map((operand) => plain(runOperand(operand, scope))), ...last]
  return callFunction(head.name, values, scope)
}

function callFunction(name: string, values: readonly Value[], { input }: Scope): Value {
  if (name === '__line__') return input.line
  if (name === '__timestamp__') return { tNs: input.tNs }
  if (name === 'now') return { tNs: BigInt(Date.now()) * 1_000_000n }
  const known = FUNCTIONS.get(name)
  if (known === undefined) throw new TemplateProblem(`function "${name}" not defined`)
  if (values.length < known.least || values.length > known.most) {
    throw new TemplateProblem(`wrong number of arguments for ${name}: ${values.length}`)
  }
  return known.call(values)
}

function runOperand(operand: Operand, scope: Scope): Value | typeof LABELS {
  switch (operand.kind) {
    case 'literal':
      return operand.value
    case 'function':
      return callFunction(operand.name, [], scope)
    case 'dot':
      return readPath(scope.dot, operand.path, scope)
    case 'variable': {
      if (operand.name === '$') return readPath(LABELS, operand.path, scope)
      if (!scope.variables.has(operand.name)) throw new TemplateProblem(`undefined variable ${operand.name}`)
      return readPath(scope.variables.get(operand.name), operand.path, scope)
    }
    case 'pipe':
      return readPath(runPipe(operand.pipe, scope), operand.path, scope)
  }
}

function readPath(start: Value | typeof LABELS, path: readonly string[], { input }: Scope): Value | typeof LABELS {
  let value = start
  for (const name of path) {
    if (value === LABELS) value = input.labels.get(name)
    else if (value instanceof Map) value = value.get(name)
    else throw new TemplateProblem(`can't evaluate field ${name}`)
  }
  return value
}
