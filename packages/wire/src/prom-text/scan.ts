// Exposition text, line by line, without strings. A hot path (bench/HOTPATHS.md): scraping spends its time here.
//
// Source: Prometheus docs/instrumenting/exposition_formats.md, OpenMetrics 1.0, Prometheus 3.14 model/textparse.

import type { Label, MetricType } from '@oriel/model'
import { WireError } from '../errors.ts'
import { readDouble } from './number.ts'
import { decodeTextSeries, decodeUtf8, unescapeText } from './series.ts'

/** What a line is; comments and blank lines are passed over. */
export type TextLine = 'sample' | 'type' | 'help' | 'unit' | 'end'

/**
 * A cursor over exposition text, version 0.0.4 and 1.0.0, or OpenMetrics 1.0.
 *
 * `next` finds a line. For metadata, `metric` and `metricType` or `text` hold what it says. For a sample exactly one of `acceptSeries`
 * (returning true) and `scanSeries` follows, then `scanValue`. Byte ranges are in `bytes`, which stay the caller's. Every method throws
 * `WireError` WIRE_MALFORMED or WIRE_NOT_UTF8 with its offset: the whole text is then refused, as Prometheus does.
 */
export class TextScanner {
  readonly bytes: Uint8Array
  /** The series of the sample: `bytes[seriesStart, seriesEnd)`. */
  seriesStart = 0
  seriesEnd = 0
  /** The sample's value, as words. */
  valueLow = 0
  valueHigh = 0
  /** The sample's time in milliseconds; meaningful where `hasTime`. */
  tMs = 0
  hasTime = false
  /** The exemplar's text, an empty range for none: see `readExemplar`. */
  exemplarStart = 0
  exemplarEnd = 0
  /** A metadata line: `bytes[lineStart, lineEnd)`, without its end. */
  lineStart = 0
  lineEnd = 0
  /** Of a metadata line. */
  metric = ''
  metricType: MetricType = 'unknown'
  text = ''
  readonly #isOpenMetrics: boolean
  readonly #view: DataView
  readonly #end: number
  #at = 0
  #isEnded = false

  constructor(bytes: Uint8Array, { isOpenMetrics }: { readonly isOpenMetrics: boolean }) {
    this.bytes = bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#end = bytes.length
    this.#isOpenMetrics = isOpenMetrics
  }

  /** Moves to the next line that says something. */
  next(): TextLine {
    const { bytes } = this
    while (this.#at < this.#end) {
      const byte = bytes[this.#at]!
      if (byte === HASH) {
        const line = this.#readComment()
        if (line !== undefined) return line
      } else if (byte === NEWLINE && !this.#isOpenMetrics) this.#at++
      else if ((byte === SPACE || byte === TAB) && !this.#isOpenMetrics) this.#at++
      else {
        if (this.#isEnded) throw this.#error('text after # EOF')
        this.seriesStart = this.#at
        return 'sample'
      }
    }
    if (this.#isOpenMetrics && !this.#isEnded) throw this.#error('no # EOF at the end')
    return 'end'
  }

  /** Whether the series here is exactly `known[start, end)`, the text of a series seen before; moves past it if so. */
  acceptSeries(known: DataView, start: number, end: number): boolean {
    const { bytes } = this
    const stop = this.#at + end - start
    if (stop >= this.#end || !this.#isNext(known, start, end)) return false
    // A blank must follow, and no brace after it: `name {` goes on.
    if (bytes[stop] !== SPACE && bytes[stop] !== TAB) return false
    if (bytes[stop + 1] === BRACE) return false
    if (bytes[stop + 1] === SPACE || bytes[stop + 1] === TAB) return false
    this.#at = stop
    this.seriesEnd = stop
    return true
  }

  /** Whether the line here is exactly the metadata line `known[start, end)`, which was read before; moves past it if so. */
  acceptMetadata(known: DataView, start: number, end: number): boolean {
    const stop = this.#at + end - start
    if (stop > this.#end || this.#isEnded || !this.#isNext(known, start, end)) return false
    if (stop < this.#end && this.bytes[stop] !== NEWLINE) return false
    this.#at = stop + 1
    return true
  }

  /** Passes over the line here unread. */
  skipLine(): void {
    const end = this.bytes.indexOf(NEWLINE, this.#at)
    this.#at = end === -1 ? this.#end : end + 1
  }

  /** Finds where the series ends. What is inside is checked by `decodeTextSeries`, once for each new text. */
  scanSeries(): void {
    const { bytes } = this
    let at = this.#at
    while (at < this.#end && bytes[at] !== BRACE && bytes[at] !== SPACE && bytes[at] !== TAB && bytes[at] !== NEWLINE) at++
    let end = at
    while (bytes[at] === SPACE || bytes[at] === TAB) at++
    if (bytes[at] === BRACE) {
      at = this.#scanBraces(at)
      end = at
    }
    this.#at = end
    this.seriesEnd = end
  }

  /** Reads the value, and the time and exemplar if there are any, to the end of the line. */
  scanValue(): void {
    const { bytes } = this
    const start = this.#skipBlanks(this.#at)
    const end = this.#tokenEnd(start)
    if (start === this.#at || end === start) throw this.#error('expected a value after the series')
    readDouble(bytes, start, end, this)
    let at = this.#skipBlanks(end)
    this.hasTime = false
    this.exemplarStart = this.exemplarEnd = at
    if (at < this.#end && bytes[at] !== NEWLINE && bytes[at] !== HASH) {
      const stop = this.#tokenEnd(at)
      this.#readTime(at, stop)
      at = this.#skipBlanks(stop)
    }
    if (at < this.#end && bytes[at] === HASH && this.#isOpenMetrics) at = this.#passExemplar(at)
    if (at < this.#end && bytes[at] !== NEWLINE) throw this.#error('text after the value', at)
    this.#at = at + 1
  }

  /** The exemplar of the sample: labels, value and time (`undefined` where it has none). */
  readExemplar(): { readonly labels: Label[]; readonly valueLow: number; readonly valueHigh: number; readonly tMs?: number } {
    const inner = new TextScanner(this.bytes.subarray(this.exemplarStart, this.exemplarEnd), { isOpenMetrics: true })
    inner.scanSeries()
    // `{}`: an exemplar may have no labels, a series may not.
    const labels = inner.seriesEnd <= 2 ? [] : decodeTextSeries(inner.bytes, 0, inner.seriesEnd)
    inner.scanValue()
    const { valueLow, valueHigh } = inner
    return inner.hasTime ? { labels, valueLow, valueHigh, tMs: inner.tMs } : { labels, valueLow, valueHigh }
  }

  /** Whether `known[start, end)` is what comes next. As many bytes must be left. */
  #isNext(known: DataView, start: number, end: number): boolean {
    const view = this.#view
    let i = this.#at
    let j = start
    // Four at a time: lines are compared as a whole, and most are as before.
    for (; j + 4 <= end; i += 4, j += 4) if (view.getInt32(i, true) !== known.getInt32(j, true)) return false
    for (; j < end; i++, j++) if (view.getUint8(i) !== known.getUint8(j)) return false
    return true
  }

  #passExemplar(hash: number): number {
    const start = this.#skipBlanks(hash + 1)
    if (this.bytes[start] !== BRACE) throw this.#error('expected "{" of an exemplar', start)
    let at = this.#scanBraces(start)
    while (at < this.#end && this.bytes[at] !== NEWLINE) at++
    this.exemplarStart = start
    this.exemplarEnd = at
    return at
  }

  #readTime(start: number, end: number): void {
    this.hasTime = true
    const number = { valueLow: 0, valueHigh: 0 }
    readDouble(this.bytes, start, end, number)
    scratchWords[0] = number.valueLow
    scratchWords[1] = number.valueHigh
    const time = scratch[0]!
    if (this.#isOpenMetrics ? !Number.isFinite(time) : !Number.isSafeInteger(time)) throw this.#error('no time', start)
    this.tMs = this.#isOpenMetrics ? Math.trunc(time * 1_000) : time
  }

  #scanBraces(brace: number): number {
    const { bytes } = this
    let isQuoted = false
    for (let at = brace + 1; at < this.#end; at++) {
      const byte = bytes[at]!
      if (isQuoted) {
        if (byte === BACKSLASH) at++
        else if (byte === QUOTE) isQuoted = false
      } else if (byte === QUOTE) isQuoted = true
      else if (byte === CLOSING) return at + 1
      else if (byte === NEWLINE) break
    }
    throw this.#error('labels have no end', brace)
  }

  #skipBlanks(from: number): number {
    let at = from
    while (this.bytes[at] === SPACE || this.bytes[at] === TAB) at++
    return at
  }

  #tokenEnd(from: number): number {
    const { bytes } = this
    let at = from
    while (at < this.#end && bytes[at] !== SPACE && bytes[at] !== TAB && bytes[at] !== NEWLINE) at++
    return at
  }

  /** Reads a line that begins with #; `undefined` for one that says nothing to us. */
  #readComment(): TextLine | undefined {
    const start = this.#at
    let end = this.bytes.indexOf(NEWLINE, start)
    if (end === -1) end = this.#end
    if (this.#isEnded) throw this.#error('text after # EOF')
    this.#at = end + 1
    const line = decodeUtf8(this.bytes, start, end)
    if (this.#isOpenMetrics && line === '# EOF') {
      this.#isEnded = true
      return undefined
    }
    const found = COMMENT.exec(line)
    if (found === null) {
      if (this.#isOpenMetrics) throw this.#error(`unknown line ${JSON.stringify(line.slice(0, 40))}`, start)
      return undefined
    }
    const [, keyword = '', name = '', rest = ''] = found
    this.lineStart = start
    this.lineEnd = end
    this.metric = name.startsWith('"') ? unescapeText(name.slice(1, -1)) : name
    return this.#readMetadata(keyword, rest, start)
  }

  #readMetadata(keyword: string, rest: string, start: number): TextLine | undefined {
    if (keyword === 'TYPE') {
      const type = this.#isOpenMetrics ? OPEN_TYPES.get(rest) : TEXT_TYPES.get(rest.trimEnd())
      if (type === undefined) throw this.#error(`unknown metric type ${JSON.stringify(rest.slice(0, 40))}`, start)
      this.metricType = type
      return 'type'
    }
    this.text = keyword === 'HELP' ? unescapeText(rest) : rest
    if (keyword === 'HELP') return 'help'
    // In the older formats such a line is a comment.
    return this.#isOpenMetrics ? 'unit' : undefined
  }

  #error(reason: string, offset: number = this.#at): WireError {
    return new WireError('WIRE_MALFORMED', `cannot read exposition: ${reason} at byte ${offset}`, { offset })
  }
}

const COMMENT = /^#[ \t]+(HELP|TYPE|UNIT)[ \t]+("(?:\\.|[^"\\])*"|[a-zA-Z_:][a-zA-Z0-9_:]*)(?:[ \t]+([^]*))?$/
const TEXT_TYPES = new Map<string, MetricType>([
  ['counter', 'counter'],
  ['gauge', 'gauge'],
  ['histogram', 'histogram'],
  ['summary', 'summary'],
  ['untyped', 'unknown'],
])
const OPEN_TYPES = new Map<string, MetricType>([
  ['counter', 'counter'],
  ['gauge', 'gauge'],
  ['histogram', 'histogram'],
  ['gaugehistogram', 'gaugehistogram'],
  ['summary', 'summary'],
  ['info', 'info'],
  ['stateset', 'stateset'],
  ['unknown', 'unknown'],
])

const NEWLINE = 0x0a
const TAB = 0x09
const SPACE = 0x20
const QUOTE = 0x22
const HASH = 0x23
const BACKSLASH = 0x5c
const BRACE = 0x7b
const CLOSING = 0x7d
const scratch = new Float64Array(1)
const scratchWords = new Uint32Array(scratch.buffer)
