// Source: Go 1.25 text/template/funcs.go.

import { escapeHtml, escapeJs, escapeQuery } from './escape.ts'
import { printValue } from './print.ts'
import { sprintf } from './printf.ts'
import type { TemplateFunction, Value } from './values.ts'
import { integerOf, isTruthy, textOf, typeName } from './values.ts'

/** The functions that every Go template has, but `and` and `or`, which do not evaluate all their arguments. */
export const BUILTINS: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ['not', fixed(1, ([value]) => !isTruthy(value))],
  ['len', fixed(1, ([value]) => length(value))],
  ['index', variadic(1, ([value, ...keys]) => keys.reduce<Value>(item, value))],
  ['slice', variadic(1, slice)],
  ['print', variadic(0, sprint)],
  [
    'printf',
    { parameters: ['string', 'any'], isVariadic: true, call: ([format, ...rest]) => sprintf(textOf(format) ?? '', rest) },
  ],
  ['println', variadic(0, (values) => `${values.map(printValue).join(' ')}\n`)],
  ['html', variadic(0, (values) => escapeHtml(evalArgs(values)))],
  ['js', variadic(0, (values) => escapeJs(evalArgs(values)))],
  ['urlquery', variadic(0, (values) => escapeQuery(evalArgs(values)))],
  ['call', variadic(1, ([value]) => refuse(`error calling call: non-function of type ${typeName(value)}`))],
  ['eq', variadic(1, equals)],
  ['ne', fixed(2, ([a, b]) => !equals([a, b]))],
  ['lt', fixed(2, ([a, b]) => compare(a, b) < 0)],
  ['le', fixed(2, ([a, b]) => compare(a, b) < 0 || equals([a, b]))],
  ['gt', fixed(2, ([a, b]) => !(compare(a, b) < 0 || equals([a, b])))],
  ['ge', fixed(2, ([a, b]) => !(compare(a, b) < 0))],
])

/** All names that a template may call without being given functions. */
export const BUILTIN_NAMES: readonly string[] = [...BUILTINS.keys(), 'and', 'or']

function fixed(count: number, call: TemplateFunction['call']): TemplateFunction {
  return { parameters: Array.from({ length: count }, () => 'any'), call }
}

/** At least so many arguments, and any number after them. */
function variadic(least: number, call: TemplateFunction['call']): TemplateFunction {
  return { parameters: Array.from({ length: least + 1 }, () => 'any'), isVariadic: true, call }
}

function refuse(message: string): never {
  // Caught where the function was called, and made an error of the template with its place.
  throw new Error(message)
}

/** A text's length is in bytes. */
function length(value: Value): bigint {
  if (value === undefined) return refuse('len of nil pointer')
  const text = textOf(value)
  if (text !== undefined) return BigInt(Buffer.byteLength(text))
  if (typeof value === 'object' && value.kind === 'list') return BigInt(value.items.length)
  if (typeof value === 'object' && value.kind === 'map') return BigInt(value.entries.size)
  return refuse(`len of type ${typeName(value)}`)
}

function item(value: Value, key: Value): Value {
  if (value === undefined) return refuse('index of untyped nil')
  if (typeof value === 'object' && value.kind === 'map') {
    const name = textOf(key)
    if (name === undefined) return refuse(`value has type ${typeName(key)}; should be string`)
    return value.entries.has(name) ? value.entries.get(name) : value.zero
  }
  const items = indexable(value)
  if (items === undefined) return refuse(`can't index item of type ${typeName(value)}`)
  return items[position(key, items.length - 1)]
}

function indexable(value: Value): readonly Value[] | undefined {
  if (typeof value === 'object' && value.kind === 'list') return value.items
  const text = textOf(value)
  return text === undefined ? undefined : [...Buffer.from(text)].map(BigInt)
}

/** A position up to `last`. */
function position(key: Value, last: number): number {
  const index = integerOf(key)
  if (index === undefined) return refuse(`cannot index slice/array with type ${typeName(key)}`)
  if (index < 0n || index > BigInt(last)) return refuse(`index out of range: ${index}`)
  return Number(index)
}

function slice([value, ...bounds]: readonly Value[]): Value {
  if (bounds.length > 3) return refuse(`too many slice indexes: ${bounds.length}`)
  const text = textOf(value)
  const items = value === undefined ? undefined : indexable(value)
  if (items === undefined)
    return refuse(value === undefined ? 'slice of untyped nil' : `can't slice item of type ${typeName(value)}`)
  if (text !== undefined && bounds.length === 3) return refuse('cannot 3-index slice a string')
  const [from = 0, to = items.length] = bounds.map((bound) => position(bound, items.length))
  if (from > to) return refuse(`invalid slice index: ${from} > ${to}`)
  if (text !== undefined) return Buffer.from(text).subarray(from, to).toString()
  return typeof value === 'object' && value.kind === 'list' ? { ...value, items: items.slice(from, to) } : undefined
}

/** Go's `fmt.Sprint`: spaces between operands when neither is a text. */
function sprint(values: readonly Value[]): string {
  let text = ''
  for (const [i, value] of values.entries()) {
    if (i > 0 && textOf(value) === undefined && textOf(values[i - 1]) === undefined) text += ' '
    text += printValue(value)
  }
  return text
}

function evalArgs(values: readonly Value[]): string {
  const [only] = values
  return values.length === 1 && typeof only === 'string' ? only : sprint(values)
}

type BasicKind = 'int' | 'uint' | 'float' | 'string' | 'bool'

function basicKind(value: Value): BasicKind | undefined {
  if (typeof value === 'number') return 'float'
  if (typeof value === 'boolean') return 'bool'
  if (textOf(value) !== undefined) return 'string'
  if (integerOf(value) === undefined) return undefined
  return typeof value === 'object' && value.kind === 'sized' && value.type.startsWith('uint') ? 'uint' : 'int'
}

function isInteger(kind: BasicKind | undefined): boolean {
  return kind === 'int' || kind === 'uint'
}

function equals([first, ...others]: readonly Value[]): boolean {
  if (others.length === 0) return refuse('missing argument for comparison')
  const kind = basicKind(first)
  return others.some((other) => {
    const otherKind = basicKind(other)
    if (isInteger(kind) && isInteger(otherKind)) return integerOf(first) === integerOf(other)
    // Nil compares with anything; other types must agree.
    if (first === undefined || other === undefined) return first === other
    if (kind !== otherKind) return refuse('incompatible types for comparison')
    if (kind === undefined) return refuse('non-comparable types in comparison')
    return kind === 'string' ? textOf(first) === textOf(other) : first === other
  })
}

/** Negative when `a` is less. */
function compare(a: Value, b: Value): number {
  const [kind, otherKind] = [basicKind(a), basicKind(b)]
  if (kind === undefined || otherKind === undefined) return refuse('invalid type for comparison')
  if (isInteger(kind) && isInteger(otherKind)) return compareIntegers(integerOf(a), integerOf(b))
  if (kind !== otherKind) return refuse('incompatible types for comparison')
  if (kind === 'bool') return refuse('invalid type for comparison')
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : 0
  return Buffer.compare(Buffer.from(textOf(a) ?? ''), Buffer.from(textOf(b) ?? '')) < 0 ? -1 : 0
}

function compareIntegers(a = 0n, b = 0n): number {
  return a < b ? -1 : 0
}
