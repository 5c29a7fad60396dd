import type { Label } from '@oriel/model'
import { METRIC_NAME } from '@oriel/model'
import { WireError } from '../errors.ts'

/**
 * The labels of a series as text: `name{a="b"}`, or `{"any name", "any label"="b"}` as since Prometheus 3.
 *
 * In order of appearance, the name as `__name__`, empty values kept. `isStrict` is the grammar of OpenMetrics: no blanks, commas between
 * labels, no line breaks in values; `isNameless` that of exemplars. Throws `WireError` WIRE_MALFORMED, or WIRE_NOT_UTF8.
 */
export function decodeTextSeries(
  bytes: Uint8Array,
  start: number,
  end: number,
  { isStrict = false, isNameless = false }: { readonly isStrict?: boolean; readonly isNameless?: boolean } = {},
): Label[] {
  return new SeriesText(decodeUtf8(bytes, start, end), start, { isStrict, isNameless }).read()
}

/** UTF-8 that must be valid. Throws `WireError` WIRE_NOT_UTF8. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  try {
    return strictDecoder.decode(bytes.subarray(start, end))
  } catch (error) {
    throw new WireError('WIRE_NOT_UTF8', `cannot read exposition: no UTF-8 at byte ${start}`, { cause: error, offset: start })
  }
}

class SeriesText {
  readonly #text: string
  readonly #offset: number
  readonly #isStrict: boolean
  readonly #isNameless: boolean
  readonly #labels: Label[] = []
  #hasName: boolean
  #at = 0

  constructor(text: string, offset: number, { isStrict, isNameless }: { isStrict: boolean; isNameless: boolean }) {
    this.#text = text
    this.#offset = offset
    this.#isStrict = isStrict
    this.#isNameless = isNameless
    this.#hasName = isNameless
  }

  read(): Label[] {
    const name = this.#match(METRIC)
    if (name !== '') this.#addName(name)
    this.#skipBlanks()
    if (this.#text[this.#at] === '{') {
      this.#at++
      this.#readBraces()
    }
    if (this.#at !== this.#text.length) throw this.#error('text after the series')
    if (!this.#hasName) throw this.#error('no metric name')
    return this.#labels
  }

  #addName(name: string): void {
    if (this.#hasName) throw this.#error('a metric name where none may be')
    this.#hasName = true
    this.#labels.push({ name: METRIC_NAME, value: name })
  }

  #readBraces(): void {
    this.#skipBlanks()
    while (this.#text[this.#at] !== '}') {
      const isName = this.#readItem()
      this.#skipBlanks()
      const next = this.#text[this.#at]
      if (next === ',') this.#at++
      // Blanks alone between labels will do, but not in OpenMetrics, and not after a name.
      else if (next !== '}' && (this.#isStrict || isName)) throw this.#error('expected "," or "}"')
      this.#skipBlanks()
    }
    this.#at++
  }

  /** Reads a label, or a metric name: then true. */
  #readItem(): boolean {
    const isQuoted = this.#text[this.#at] === '"'
    const name = isQuoted ? this.#readQuoted() : this.#match(LABEL)
    if ((name === '' && !isQuoted) || name.includes('\0')) throw this.#error('expected a label name')
    this.#skipBlanks()
    if (this.#text[this.#at] !== '=') {
      // A quoted string alone is the metric's name.
      if (!isQuoted) throw this.#error('expected "="')
      this.#addName(name)
      return true
    }
    this.#at++
    this.#skipBlanks()
    if (this.#text[this.#at] !== '"') throw this.#error('expected a quoted value')
    const from = this.#at
    const value = this.#readQuoted()
    if (this.#isStrict && this.#text.slice(from, this.#at).includes('\n')) throw this.#error('a line break in a label value')
    // Prometheus takes one in a series, but not in an exemplar.
    if (this.#isNameless && value.includes('\0')) throw this.#error('a null byte in an exemplar')
    this.#labels.push({ name, value })
    return false
  }

  #skipBlanks(): void {
    if (!this.#isStrict) this.#match(BLANK)
  }

  #readQuoted(): string {
    const from = ++this.#at
    let isEscaped = false
    for (; this.#text[this.#at] !== '"'; this.#at++) {
      if (this.#at >= this.#text.length) throw this.#error('a quoted string has no end')
      if (this.#text[this.#at] === '\\') {
        isEscaped = true
        this.#at++
      }
    }
    const raw = this.#text.slice(from, this.#at++)
    return isEscaped ? unescapeText(raw) : raw
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0] ?? ''
    this.#at += found.length
    return found
  }

  #error(reason: string): WireError {
    const offset = this.#offset + this.#at
    return new WireError(
      'WIRE_MALFORMED',
      `cannot read series ${JSON.stringify(this.#text.slice(0, 100))}: ${reason} at byte ${offset}`,
      { offset },
    )
  }
}

/** Undoes `\\`, `\"` and `\n`. */
export function unescapeText(raw: string): string {
  return raw.replace(/\\([\\"n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
}

/** Undoes `\\` and `\n`: in help texts quotes are not escaped. */
export function unescapeHelp(raw: string): string {
  return raw.replace(/\\([\\n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
}

const METRIC = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const LABEL = /[a-zA-Z_][a-zA-Z0-9_]*/y
const BLANK = /[ \t]*/y
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
