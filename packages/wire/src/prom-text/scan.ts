// Exposition text, line by line, without strings. A hot path (bench/HOTPATHS.md): scraping spends its time here.
//
// Source: Prometheus docs/instrumenting/exposition_formats.md, OpenMetrics 1.0, Prometheus 3.14 model/textparse.

import type { Label, MetricType } from '@oriel/model'
import { WireError } from '../errors.ts'
import { latin1, readDouble, readInteger } from './number.ts'
import { decodeTextSeries, decodeUtf8, unescapeHelp, unescapeText } from './series.ts'

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
  readonly #word = { valueLow: 0, valueHigh: 0 }
  readonly #end: number
  #at = 0
  #isEnded = false

  constructor(bytes: Uint8Array, { isOpenMetrics }: { readonly isOpenMetrics: boolean }) {
    this.bytes = bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#end = bytes.length
    this.#isOpenMetrics = isOpenMetrics
  }

  /** Where reading stands: after an error, before or within the line that can not be read. */
  get offset(): number {
    return this.#at
  }

  /** Moves to the next line that says something. */
  next(): TextLine {
    const { bytes } = this
    while (this.#at < this.#end) {
      const byte = bytes[this.#at]!
      if (byte === HASH) {
        const line = this.#readComment()
        if (line !== undefined) return line
      } else if (byte <= SPACE && !this.#isOpenMetrics && this.#passBlank(byte)) continue
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

  /** Finds where the series ends. What is inside is checked by `readSeries`, once for each new text. */
  scanSeries(): void {
    const { bytes } = this
    let at = this.#at
    while (NAME_BYTES[bytes[at]!] === 1) at++
    let end = at
    if (!this.#isOpenMetrics) at = this.#skipBlanks(at)
    if (bytes[at] === BRACE) {
      at = this.#scanBraces(at)
      end = at
    }
    this.#at = end
    this.seriesEnd = end
  }

  /** The labels of the series that `scanSeries` found, by the grammar of this format: see `decodeTextSeries`. */
  readSeries(): Label[] {
    return decodeTextSeries(this.bytes, this.seriesStart, this.seriesEnd, { isStrict: this.#isOpenMetrics })
  }

  /** Reads the value, and the time and exemplar if there are any, to the end of the line. */
  scanValue(): void {
    this.hasTime = false
    this.exemplarStart = this.exemplarEnd = this.#at
    if (this.#isOpenMetrics) this.#scanOpenValue()
    else this.#scanTextValue()
  }

  #scanTextValue(): void {
    const { bytes } = this
    const start = this.#skipBlanks(this.#at)
    const end = this.#tokenEnd(start)
    if (end === start) throw this.#error('expected a value after the series')
    readDouble(bytes, start, end, this)
    let at = this.#skipBlanks(end)
    if (at < this.#end && bytes[at] !== NEWLINE) {
      const stop = this.#tokenEnd(at)
      this.hasTime = true
      this.tMs = readInteger(bytes, at, stop)
      at = this.#skipBlanks(stop)
    }
    if (at < this.#end && bytes[at] !== NEWLINE) throw this.#error('text after the timestamp', at)
    this.#at = at + 1
  }

  /** Of OpenMetrics: one space before each part, and nothing else between them. */
  #scanOpenValue(): void {
    const { bytes } = this
    let at = this.#readNumber(this.#at, 'value')
    if (bytes[at] === SPACE && bytes[at + 1] !== HASH) {
      this.#word.valueLow = this.valueLow
      this.#word.valueHigh = this.valueHigh
      const start = at
      at = this.#readNumber(at, 'timestamp')
      this.tMs = this.#timeOf(start)
      this.hasTime = true
      this.valueLow = this.#word.valueLow
      this.valueHigh = this.#word.valueHigh
    }
    if (bytes[at] === SPACE && bytes[at + 1] === HASH) at = this.#passExemplar(at)
    if (at >= this.#end) throw this.#error('no # EOF at the end', at)
    if (bytes[at] !== NEWLINE) throw this.#error('text after the value', at)
    this.#at = at + 1
  }

  /** Reads a space and a number into `valueLow` and `valueHigh`; returns where it ends. */
  #readNumber(at: number, what: string): number {
    const { bytes } = this
    if (bytes[at] !== SPACE) throw this.#error(`expected a space and a ${what}`, at)
    let end = at + 1
    while (end < this.#end && bytes[end] !== SPACE && bytes[end] !== NEWLINE) end++
    if (end === at + 1) throw this.#error(`expected a ${what}`, end)
    readDouble(bytes, at + 1, end, this)
    return end
  }

  /** The time in milliseconds that was just read as a number of seconds. */
  #timeOf(offset: number): number {
    scratchWords[0] = this.valueLow
    scratchWords[1] = this.valueHigh
    if (!Number.isFinite(scratch[0]!)) throw this.#error('a timestamp must be finite', offset)
    return Math.trunc(scratch[0]! * 1_000)
  }

  /** The exemplar of the sample: labels, value and time (`undefined` where it has none). */
  readExemplar(): { readonly labels: Label[]; readonly valueLow: number; readonly valueHigh: number; readonly tMs?: number } {
    const inner = new TextScanner(this.bytes.subarray(this.exemplarStart, this.exemplarEnd + 1), { isOpenMetrics: true })
    inner.scanSeries()
    const labels = decodeTextSeries(inner.bytes, 0, inner.seriesEnd, { isStrict: true, isNameless: true })
    inner.scanValue()
    const { valueLow, valueHigh } = inner
    return inner.hasTime ? { labels, valueLow, valueHigh, tMs: inner.tMs } : { labels, valueLow, valueHigh }
  }

  /** Whether `known[start, end)` is what comes next. As many bytes must be left. */
  #isNext(known: DataView, start: number, end: number): boolean {
    const view = this.#view
    let i = this.#at
    let j = start
    // Eight at a time: a twelfth of the time for all of a text (bench/decode-metrics.ts "exposition"). Compiled, no bigint is made.
    for (; j + 8 <= end; i += 8, j += 8) if (view.getBigInt64(i) !== known.getBigInt64(j)) return false
    for (; j < end; i++, j++) if (view.getUint8(i) !== known.getUint8(j)) return false
    return true
  }

  /** Checks the exemplar whose " #" is at `start`; returns the end of its line. */
  #passExemplar(start: number): number {
    const { bytes } = this
    const brace = start + 3
    if (bytes[start + 2] !== SPACE || bytes[brace] !== BRACE) throw this.#error('expected " # {" of an exemplar', start)
    const end = bytes.indexOf(NEWLINE, this.#scanBraces(brace))
    if (end === -1) throw this.#error('no # EOF at the end')
    this.exemplarStart = brace
    this.exemplarEnd = end
    this.readExemplar()
    return end
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
      else if (byte === NEWLINE) break // In quotes it may stand.
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

  /** Passes over what a text may have between lines; false for the beginning of something else. */
  #passBlank(byte: number): boolean {
    if (byte === NEWLINE || byte === SPACE || byte === TAB) this.#at++
    // For Prometheus a text ends there.
    else if (byte === NUL) this.#at = this.#end
    else return false
    return true
  }

  /** Reads a line that begins with #; `undefined` for one that says nothing to us. */
  #readComment(): TextLine | undefined {
    if (this.#isEnded) throw this.#error('text after # EOF')
    const start = this.#at
    let end = this.#lineEnd(start)
    const head = latin1(this.bytes, start, Math.min(end, start + MAX_HEAD))
    if (this.#isOpenMetrics) {
      if (head === '# EOF') return this.#endAt(end)
      // Every line must end.
      if (end === this.#end) throw this.#error('no # EOF at the end', start)
    }
    const keyword = (this.#isOpenMetrics ? OPEN_KEYWORD : TEXT_KEYWORD).exec(head)
    if (keyword === null) {
      this.#at = end + 1
      if (this.#isOpenMetrics) throw this.#error(`unknown line ${JSON.stringify(head.slice(0, 40))}`, start)
      return undefined
    }
    const nameStart = start + keyword[0].length
    if (this.bytes[nameStart] === QUOTE) end = this.#lineEnd(this.#quoteEnd(nameStart))
    const rest = decodeUtf8(this.bytes, nameStart, end)
    const found = (this.#isOpenMetrics ? OPEN_METADATA : TEXT_METADATA).exec(rest)
    if (found === null) throw this.#error(`expected a metric name and text after ${keyword[1]}`, nameStart)
    this.#at = end + 1
    this.lineStart = start
    this.lineEnd = end
    const [, name = '', text = ''] = found
    this.metric = name.startsWith('"') ? unescapeText(name.slice(1, -1)) : name
    return this.#readMetadata(keyword[1]!, text, start)
  }

  #endAt(end: number): undefined {
    this.#at = end + 1
    this.#isEnded = true
  }

  #lineEnd(from: number): number {
    const end = this.bytes.indexOf(NEWLINE, from)
    return end === -1 ? this.#end : end
  }

  /** Where the quoted string that begins at `quote` ends: it may go on in the next line. */
  #quoteEnd(quote: number): number {
    const { bytes } = this
    let at = quote + 1
    while (at < this.#end && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
    if (at >= this.#end) throw this.#error('a quoted string has no end', quote)
    return at
  }

  #readMetadata(keyword: string, text: string, start: number): TextLine {
    if (keyword === 'TYPE') {
      const type = (this.#isOpenMetrics ? OPEN_TYPES : TEXT_TYPES).get(text)
      if (type === undefined) throw this.#error(`unknown metric type ${JSON.stringify(text.slice(0, 40))}`, start)
      this.metricType = type
      return 'type'
    }
    if (keyword === 'HELP') {
      this.text = this.#isOpenMetrics ? unescapeText(text) : unescapeHelp(text)
      return 'help'
    }
    if (text !== '' && !this.metric.endsWith(`_${text}`))
      throw this.#error(`unit ${JSON.stringify(text)} is no suffix of metric ${JSON.stringify(this.metric)}`, start)
    this.text = text
    return 'unit'
  }

  #error(reason: string, offset: number = this.#at): WireError {
    return new WireError('WIRE_MALFORMED', `cannot read exposition: ${reason} at byte ${offset}`, { offset })
  }
}

// The first character after a name is passed over, whatever it is; blanks alone are no text.
const TEXT_METADATA = /^("(?:\\.|[^"\\])*"|[a-zA-Z_:][a-zA-Z0-9_:]*)(?:[ \t]*$|[^]([^]*))$/
const OPEN_METADATA = /^("(?:\\.|[^"\\])*"|[a-zA-Z_:][a-zA-Z0-9_:]*) ([^]*)$/
const TEXT_KEYWORD = /^#[ \t]+(HELP|TYPE)[ \t]+/
const OPEN_KEYWORD = /^# (HELP|TYPE|UNIT) /
// 256 bytes: more than anybody writes before the name of a metric.
const MAX_HEAD = 256
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

const NUL = 0x00
const NEWLINE = 0x0a
const TAB = 0x09
const SPACE = 0x20
const QUOTE = 0x22
const HASH = 0x23
const BACKSLASH = 0x5c
const BRACE = 0x7b
const CLOSING = 0x7d
/** 1 for what names are made of; where none may begin is checked with the series. */
const NAME_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => (/[a-zA-Z0-9_:]/.test(String.fromCharCode(byte)) ? 1 : 0))
const scratch = new Float64Array(1)
const scratchWords = new Uint32Array(scratch.buffer)
