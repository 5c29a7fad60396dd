import type { Label } from '@oriel/model'
import { METRIC_NAME } from '@oriel/model'
import { WireError } from '../errors.ts'

/**
 * The labels of a series as text: `name{a="b"}`, or `{"any name", "any label"="b"}` as since Prometheus 3.
 *
 * In order of appearance, the name as `__name__`, empty values kept. Throws `WireError` WIRE_MALFORMED, or WIRE_NOT_UTF8.
 */
export function decodeTextSeries(bytes: Uint8Array, start: number, end: number): Label[] {
  return new SeriesText(decodeUtf8(bytes, start, end), start).read()
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
  readonly #labels: Label[] = []
  #at = 0

  constructor(text: string, offset: number) {
    this.#text = text
    this.#offset = offset
  }

  read(): Label[] {
    const name = this.#match(METRIC)
    if (name !== '') this.#labels.push({ name: METRIC_NAME, value: name })
    this.#match(BLANK)
    if (this.#text[this.#at] === '{') {
      this.#at++
      this.#readBraces()
    }
    if (this.#at !== this.#text.length) throw this.#error('text after the series')
    if (this.#labels.length === 0) throw this.#error('no metric name')
    return this.#labels
  }

  #readBraces(): void {
    for (;;) {
      this.#match(BLANK)
      if (this.#text[this.#at] === '}') break
      this.#readItem()
      this.#match(BLANK)
      const next = this.#text[this.#at]
      if (next === ',') this.#at++
      else if (next !== '}') throw this.#error('expected "," or "}"')
    }
    this.#at++
  }

  #readItem(): void {
    const isQuoted = this.#text[this.#at] === '"'
    const name = isQuoted ? this.#readQuoted() : this.#match(LABEL)
    if (name === '' && !isQuoted) throw this.#error('expected a label name')
    this.#match(BLANK)
    if (this.#text[this.#at] !== '=') {
      // A quoted string alone is the metric's name.
      if (!isQuoted || this.#labels.some((label) => label.name === METRIC_NAME)) throw this.#error('expected "="')
      this.#labels.push({ name: METRIC_NAME, value: name })
      return
    }
    this.#at++
    this.#match(BLANK)
    if (this.#text[this.#at] !== '"') throw this.#error('expected a quoted value')
    this.#labels.push({ name, value: this.#readQuoted() })
  }

  /** Escapes are `\\`, `\"` and `\n`; another backslash stands for itself. */
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

const METRIC = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const LABEL = /[a-zA-Z_][a-zA-Z0-9_]*/y
const BLANK = /[ \t]*/y
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
