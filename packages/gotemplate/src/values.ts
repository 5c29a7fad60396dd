/** A Go slice. `type` as Go names it: `[]float64`. */
export interface GoList {
  readonly kind: 'list'
  readonly type: string
  readonly items: readonly Value[]
}

/** A Go map with text keys. `zero` is what a missing key gives: '' in a `map[string]string`. */
export interface GoMap {
  readonly kind: 'map'
  readonly type: string
  readonly entries: ReadonlyMap<string, Value>
  readonly zero: Value
}

/** A Go struct, or a pointer to one: fields, methods and how it prints. */
export interface GoObject {
  readonly kind: 'object'
  readonly type: string
  readonly fields: ReadonlyMap<string, Value>
  readonly methods: ReadonlyMap<string, TemplateFunction>
  /** What `%v` shows. */
  readonly print: () => string
}

/** Text that must not be escaped where a template makes HTML. Elsewhere it is text. */
export interface GoHtml {
  readonly kind: 'html'
  readonly text: string
}

/** A moment, in UTC. */
export interface GoTime {
  readonly kind: 'time'
  readonly tNs: bigint
}

/** A length of time. */
export interface GoDuration {
  readonly kind: 'duration'
  readonly ns: bigint
}

/** An integer of a type other than `int`: it prints alike, and its type shows in messages. */
export interface GoSized {
  readonly kind: 'sized'
  readonly type: 'int64' | 'uint' | 'uint64' | 'int32'
  readonly int: bigint
}

/**
 * A value in a template.
 *
 * Go's ints are bigints and its float64s numbers, so that they stay apart as in Go. `undefined` is nil and prints `<no value>`.
 */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | undefined
  | GoList
  | GoMap
  | GoObject
  | GoHtml
  | GoTime
  | GoDuration
  | GoSized

/** What a parameter takes: a basic Go type, `any`, or the name of another type, which the value's type must equal. */
export type ParameterType = 'any' | 'string' | 'float64' | 'int' | 'bool' | (string & {})

/** A function that a template may call. The value of a pipeline comes last. */
export interface TemplateFunction {
  readonly parameters: readonly ParameterType[]
  /** The last parameter may come any number of times, none included. */
  readonly isVariadic?: boolean
  /** Throws `Error` with Go's message where the function fails. */
  readonly call: (values: readonly Value[]) => Value
}

/** The type's name as Go prints it. */
export function typeName(value: Value): string {
  if (value === undefined) return '<nil>'
  if (typeof value === 'number') return 'float64'
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'string') return 'string'
  switch (value.kind) {
    case 'html':
      return 'template.HTML'
    case 'time':
      return '*time.Time'
    case 'duration':
      return '*time.Duration'
    case 'list':
    case 'map':
    case 'object':
    case 'sized':
      return value.type
  }
}

/** Whether a value counts as true: not false, zero, nil or empty. Source: Go text/template/exec.go IsTrue. */
export function isTruthy(value: Value): boolean {
  if (value === undefined || value === false || value === '' || value === 0 || value === 0n) return false
  if (typeof value !== 'object') return true
  switch (value.kind) {
    case 'list':
      return value.items.length > 0
    case 'map':
      return value.entries.size > 0
    case 'html':
      return value.text !== ''
    case 'sized':
      return value.int !== 0n
    case 'duration':
    case 'object':
    case 'time':
      return true
  }
}

/** An integer of any of Go's types, or `undefined` where the value is none. */
export function integerOf(value: Value): bigint | undefined {
  if (typeof value === 'bigint') return value
  return typeof value === 'object' && value.kind === 'sized' ? value.int : undefined
}

/** A text of any of Go's types, or `undefined` where the value is none. */
export function textOf(value: Value): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'object' && value.kind === 'html' ? value.text : undefined
}

/** Makes a `map[string]string`. */
export function makeTextMap(entries: Iterable<readonly [string, string]>): GoMap {
  return { kind: 'map', type: 'map[string]string', entries: new Map(entries), zero: '' }
}

/** Makes a struct. `fields` by name; it prints like Go's `%v` of a struct unless told otherwise. */
export function makeObject(
  type: string,
  fields: Readonly<Record<string, Value>>,
  { methods = {}, print = () => type }: { methods?: Readonly<Record<string, TemplateFunction>>; print?: () => string } = {},
): GoObject {
  return { kind: 'object', type, fields: new Map(Object.entries(fields)), methods: new Map(Object.entries(methods)), print }
}
