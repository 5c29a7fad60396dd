import type { LineLabels } from '../line-labels.ts'
import { sanitizedName } from './names.ts'

// Reads JSON objects of log lines without building values: numbers keep their digits, fields nobody wants are skipped. A hot path.

/** Whether a field of this label name is wanted; absent means all are. */
export type Wanted = ReadonlySet<string> | undefined

/**
 * Adds every field of the object `line` as a label: nested names are joined by `_`, arrays and nulls are skipped.
 *
 * Returns whether the line is a JSON object; fields before a syntax error stay added.
 * Source: Grafana Loki documentation, "Parser expression: JSON".
 */
export function extractJson(line: string, labels: LineLabels, wanted: Wanted): boolean {
  const scanner = new JsonScanner(line)
  try {
    if (!scanner.takeOpening()) return false
    flatten(scanner, '', labels, wanted, 0)
    return scanner.isAtEnd
  } catch (error) {
    if (error !== MALFORMED) throw error
    return false
  }
}

/** A path of `json x="a.b[0][\"c\"]"`: names of object fields and indexes of arrays. */
export type JsonPath = readonly (string | number)[]

/** Parses a path; `undefined` when it is none. */
export function parseJsonPath(text: string): JsonPath | undefined {
  const path: (string | number)[] = []
  let at = 0
  while (at < text.length) {
    PATH_PART.lastIndex = at
    const match = PATH_PART.exec(text)
    if (match === null) return undefined
    const [whole, name, index, quoted] = match
    if (name !== undefined) path.push(name)
    else if (index !== undefined) path.push(Number(index))
    else if (quoted !== undefined) path.push(quoted.replaceAll(/\\(.)/g, '$1'))
    at += whole.length
  }
  return path.length === 0 ? undefined : path
}

const PATH_PART = /\.?([A-Za-z_][A-Za-z0-9_-]*)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]/y

/** The value at a path: text of a string, the digits of a number, JSON text of objects and arrays; `undefined` if absent. */
export function jsonAt(line: string, path: JsonPath): string | undefined {
  const scanner = new JsonScanner(line)
  for (const part of path) {
    const isThere = typeof part === 'string' ? scanner.enterField(part) : scanner.enterItem(part)
    if (!isThere) return undefined
  }
  return scanner.readAny()
}

/** Whether the text is one JSON object, as far as its braces and strings go. */
export function isJsonObject(line: string): boolean {
  const scanner = new JsonScanner(line)
  try {
    if (!scanner.isObject) return false
    scanner.skipValue(0)
    return scanner.isAtEnd
  } catch (error) {
    if (error !== MALFORMED) throw error
    return false
  }
}

/** What the scanner throws at malformed text: one value, because making an error per line costs more than reading it. */
const MALFORMED: Error = new Error('malformed JSON')

// 64: deeper nesting makes names that nobody can write.
const MAX_DEPTH = 64
const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

function flatten(scanner: JsonScanner, prefix: string, labels: LineLabels, wanted: Wanted, depth: number): void {
  if (depth > MAX_DEPTH) throw MALFORMED
  while (scanner.nextField()) {
    const key = scanner.readKey()
    const raw = prefix === '' ? key : `${prefix}_${key}`
    const code = scanner.peekCode()
    if (code === OPEN_OBJECT) {
      scanner.takeOpening()
      flatten(scanner, raw, labels, wanted, depth + 1)
    } else if (code === OPEN_ARRAY) scanner.skipValue(depth)
    else {
      const name = sanitizedName(raw)
      if (wanted !== undefined && !wanted.has(name)) scanner.skipValue(depth)
      else if (code === QUOTE) labels.extract(name, scanner.readString())
      else labels.extract(name, scanner.readLiteral())
    }
  }
}

/** Reads one JSON text piece by piece. Throws `MALFORMED`. */
class JsonScanner {
  readonly #text: string
  #at = 0
  /** Whether the current object has given a field already, so that a comma must stand before the next. */
  #isFirst = true

  constructor(text: string) {
    this.#text = text
    this.#skipSpace()
  }

  get isObject(): boolean {
    return this.#text.charCodeAt(this.#at) === OPEN_OBJECT
  }

  get isAtEnd(): boolean {
    this.#skipSpace()
    return this.#at >= this.#text.length
  }

  peekCode(): number {
    return this.#text.charCodeAt(this.#at)
  }

  /** Takes `{`. */
  takeOpening(): boolean {
    if (!this.isObject) return false
    this.#at++
    this.#isFirst = true
    return true
  }

  /** Moves to the next field's key, or takes `}` and answers false. */
  nextField(): boolean {
    this.#skipSpace()
    const code = this.peekCode()
    if (code === CLOSE_OBJECT) {
      this.#at++
      this.#isFirst = false
      return false
    }
    if (!this.#isFirst) {
      if (code !== COMMA) throw MALFORMED
      this.#at++
      this.#skipSpace()
    }
    this.#isFirst = false
    return true
  }

  /** Reads a key and its colon; the scanner then stands at the value. */
  readKey(): string {
    const key = this.readString()
    this.#skipSpace()
    if (this.peekCode() !== COLON) throw MALFORMED
    this.#at++
    this.#skipSpace()
    return key
  }

  readString(): string {
    if (this.peekCode() !== QUOTE) throw MALFORMED
    const start = this.#at + 1
    const end = this.#stringEnd()
    this.#at = end + 1
    const plain = this.#text.slice(start, end)
    if (!plain.includes('\\')) return plain
    return unescape(this.#text.slice(start - 1, end + 1))
  }

  /** A number, true or false as written; '' for null. */
  readLiteral(): string {
    const start = this.#at
    let at = start
    while (at < this.#text.length && isLiteralCode(this.#text.charCodeAt(at))) at++
    this.#at = at
    const text = this.#text.slice(start, at)
    if (text === 'null') return ''
    if (text === 'true' || text === 'false' || NUMBER.test(text)) return text
    throw MALFORMED
  }

  skipValue(depth: number): void {
    if (depth > MAX_DEPTH) throw MALFORMED
    const code = this.peekCode()
    if (code === QUOTE) {
      this.#at = this.#stringEnd() + 1
      return
    }
    if (code !== OPEN_OBJECT && code !== OPEN_ARRAY) {
      this.readLiteral()
      return
    }
    if (code === OPEN_OBJECT) {
      this.takeOpening()
      while (this.nextField()) {
        this.readKey()
        this.skipValue(depth + 1)
      }
      return
    }
    this.#at++
    for (let i = 0; this.#nextItem(i); i++) this.skipValue(depth + 1)
  }

  enterField(name: string): boolean {
    if (!this.takeOpening()) return false
    while (this.nextField()) {
      if (this.readKey() === name) return true
      this.skipValue(0)
    }
    return false
  }

  enterItem(index: number): boolean {
    if (this.peekCode() !== OPEN_ARRAY) return false
    this.#at++
    for (let i = 0; this.#nextItem(i); i++) {
      if (i === index) return true
      this.skipValue(0)
    }
    return false
  }

  readAny(): string {
    const code = this.peekCode()
    if (code === QUOTE) return this.readString()
    if (code !== OPEN_OBJECT && code !== OPEN_ARRAY) return this.readLiteral()
    const start = this.#at
    this.skipValue(0)
    return this.#text.slice(start, this.#at)
  }

  #nextItem(index: number): boolean {
    this.#skipSpace()
    if (this.peekCode() === CLOSE_ARRAY) {
      this.#at++
      return false
    }
    if (index > 0) {
      if (this.peekCode() !== COMMA) throw MALFORMED
      this.#at++
      this.#skipSpace()
    }
    return true
  }

  /** Offset of the quote that closes the string that opens here. */
  #stringEnd(): number {
    let end = this.#text.indexOf('"', this.#at + 1)
    while (end >= 0 && this.#isEscaped(end)) end = this.#text.indexOf('"', end + 1)
    if (end < 0) throw MALFORMED
    return end
  }

  #isEscaped(at: number): boolean {
    let slashes = 0
    while (this.#text.charCodeAt(at - 1 - slashes) === 0x5c) slashes++
    return slashes % 2 === 1
  }

  #skipSpace(): void {
    let code = this.peekCode()
    while (code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d) {
      this.#at++
      code = this.peekCode()
    }
  }
}

const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/

function isLiteralCode(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x2d ||
    code === 0x2b ||
    code === 0x2e ||
    code === 0x45
  )
}

function unescape(literal: string): string {
  try {
    const value: unknown = JSON.parse(literal)
    if (typeof value === 'string') return value
  } catch {
    // Control characters inside a string are not JSON; Go's scanner and ours call the line malformed.
  }
  throw MALFORMED
}
