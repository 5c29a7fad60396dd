// Reading YAML node by node: every value has its line and column, and everything wrong is told at once.

import { parsePromDuration } from '@oriel/syntax'
import type { Document, Node } from 'yaml'
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml'

/** A place in a file, both from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** A YAML value with its place. `undefined` inside stands for null. */
export interface YamlValue {
  readonly node: Node | undefined
  readonly place: Place
}

/** A YAML mapping, read key by key. */
export type YamlFields = ReadonlyMap<string, YamlValue>

// 10,000: a rule file has some hundred aliases at most, each of which is read where it stands.
const MAX_ALIASES = 10_000

/**
 * Reads one document of YAML 1.2 with every scalar as text.
 *
 * Methods that meet something else than they expect add to `problems` and answer with nothing; the caller throws at the end.
 */
export class YamlReader {
  /** What is wrong, as go-yaml words it: `line 3: field nope not found in type rulefmt.Rule`. */
  readonly problems: string[] = []
  /** There is more than one document, of which only the first counts. */
  readonly hasMoreDocuments: boolean
  readonly #document: Document | undefined
  readonly #lines = new LineCounter()
  #aliases = 0

  constructor(text: string) {
    const documents = parseAllDocuments(text, { schema: 'failsafe', merge: true, uniqueKeys: false, lineCounter: this.#lines })
    const all = 'empty' in documents ? [] : documents
    this.#document = all[0]
    this.hasMoreDocuments = all.length > 1
    for (const error of this.#document?.errors ?? [])
      this.problems.push(`line ${this.#lines.linePos(error.pos[0]).line}: ${error.message.split('\n')[0] ?? ''}`)
  }

  root(): YamlValue {
    return this.#valueOf(this.#document?.contents, { line: 1, column: 1 })
  }

  /** The entries of a mapping of the type `type`; keys that are none of `known` are problems, unless `known` is undefined. */
  fields(value: YamlValue, type: string, known: readonly string[] | undefined): YamlFields {
    const fields = new Map<string, YamlValue>()
    if (value.node === undefined) return fields
    if (!isMap(value.node)) {
      this.#mismatch(value, type)
      return fields
    }
    this.#addFields(value, fields, type)
    for (const [key, { place }] of fields)
      if (known !== undefined && !known.includes(key)) this.problem(place.line, `field ${key} not found in type ${type}`)
    return fields
  }

  /** The items of a list; nothing for null. */
  items(value: YamlValue | undefined, type: string): YamlValue[] {
    if (value?.node === undefined) return []
    if (!isSeq(value.node)) {
      this.#mismatch(value, type)
      return []
    }
    return value.node.items.map((item) => this.#valueOf(item, value.place))
  }

  /** A text; numbers and booleans are texts as they are written. '' for null. */
  text(value: YamlValue | undefined): string {
    if (value?.node === undefined) return ''
    if (isScalar(value.node)) return String(value.node.value)
    this.#mismatch(value, 'string')
    return ''
  }

  texts(value: YamlValue | undefined): string[] {
    return this.items(value, '[]string').map((item) => this.text(item))
  }

  /** A mapping of texts. */
  textMap(value: YamlValue | undefined): [string, string][] {
    if (value === undefined) return []
    return [...this.fields(value, 'map[string]string', undefined)].map(([key, item]) => [key, this.text(item)])
  }

  integer(value: YamlValue | undefined): number {
    const text = this.text(value)
    if (text === '' || value === undefined) return 0
    const number = Number(text.replaceAll('_', ''))
    if (!Number.isSafeInteger(number)) this.problem(value.place.line, `cannot unmarshal ${tagOf(text)} \`${text}\` into int`)
    return Number.isSafeInteger(number) ? number : 0
  }

  number(value: YamlValue | undefined): number {
    const text = this.text(value)
    if (text === '' || value === undefined) return 0
    const special = SPECIAL_NUMBERS.get(text.toLowerCase())
    const number = special ?? Number(text.replaceAll('_', ''))
    if (Number.isNaN(number) && special === undefined)
      this.problem(value.place.line, `cannot unmarshal !!str \`${text}\` into float64`)
    return number
  }

  boolean(value: YamlValue | undefined): boolean {
    const text = this.text(value)
    if (/^(true|yes|on|y)$/i.test(text)) return true
    if (value !== undefined && text !== '' && !/^(false|no|off|n)$/i.test(text))
      this.problem(value.place.line, `cannot unmarshal !!str \`${text}\` into bool`)
    return false
  }

  /** Milliseconds of a Prometheus duration; `undefined` where there is none. */
  duration(value: YamlValue | undefined): number | undefined {
    const text = this.text(value)
    if (value?.node === undefined) return undefined
    const parsed = parsePromDuration(text)
    if (parsed.ok) return parsed.value
    this.problem(value.place.line, parsed.reason)
    return undefined
  }

  problem(line: number, message: string): void {
    this.problems.push(`line ${line}: ${message}`)
  }

  #addFields(value: YamlValue, fields: Map<string, YamlValue>, type: string): void {
    if (!isMap(value.node)) return
    const merged: YamlValue[] = []
    const own = new Set<string>()
    for (const { key, value: item } of value.node.items) {
      const name = this.#valueOf(key, value.place)
      const text = isScalar(name.node) ? keyOf(name.node.value) : ''
      const content = this.#valueOf(item, name.place)
      if (text === '<<') {
        merged.push(...(isSeq(content.node) ? this.items(content, type) : [content]))
        continue
      }
      if (own.has(text)) this.problem(name.place.line, `mapping key "${text}" already defined`)
      own.add(text)
      fields.set(text, content)
    }
    for (const from of merged)
      for (const [key, item] of this.fields(from, type, undefined)) if (!fields.has(key)) fields.set(key, item)
  }

  #valueOf(item: unknown, fallback: Place): YamlValue {
    const node = isNode(item) ? item : undefined
    const place = node?.range ? this.#placeAt(node.range[0]) : fallback
    if (node !== undefined && isAlias(node)) {
      const target = this.#document === undefined ? undefined : node.resolve(this.#document)
      if (++this.#aliases > MAX_ALIASES) this.problem(place.line, `more than ${MAX_ALIASES} aliases`)
      if (this.#aliases > MAX_ALIASES || target === undefined) return { node: undefined, place }
      return this.#valueOf(target, place)
    }
    return { node: isNull(node) ? undefined : node, place }
  }

  #placeAt(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset)
    return { line, column: col }
  }

  #mismatch({ node, place }: YamlValue, type: string): void {
    const text = isScalar(node) ? ` \`${String(node.value).slice(0, 10)}\`` : ''
    this.problem(place.line, `cannot unmarshal ${isMap(node) ? '!!map' : isSeq(node) ? '!!seq' : '!!str'}${text} into ${type}`)
  }
}

const SPECIAL_NUMBERS = new Map([
  ['.inf', Infinity],
  ['+.inf', Infinity],
  ['-.inf', -Infinity],
  ['.nan', NaN],
  ['nan', NaN],
  ['inf', Infinity],
  ['+inf', Infinity],
  ['-inf', -Infinity],
])

/** The library reads the key of a merge as a symbol. */
function keyOf(value: unknown): string {
  return typeof value === 'symbol' ? '<<' : String(value)
}

function tagOf(text: string): string {
  return /^[-+]?\d/.test(text) ? '!!float' : '!!str'
}

function isNode(item: unknown): item is Node {
  return isScalar(item) || isMap(item) || isSeq(item) || isAlias(item)
}

/** Nothing, `~` or `null`, unquoted. */
function isNull(node: Node | undefined): boolean {
  if (node === undefined || !isScalar(node)) return node === undefined
  const { type, value } = node
  return type === 'PLAIN' && (value === null || (typeof value === 'string' && /^(?:|~|null|Null|NULL)$/.test(value)))
}
