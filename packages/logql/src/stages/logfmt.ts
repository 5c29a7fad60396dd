import type { LineLabels } from '../line-labels.ts'
import type { Wanted } from './json.ts'
import { sanitizedName } from './names.ts'

/**
 * Adds the `key=value` pairs of a line as labels. A hot path. Returns what is malformed when strict, else `undefined`.
 *
 * Values may be quoted; unless strict, malformed pairs are skipped. Source: Grafana Loki documentation, "Parser expression: logfmt".
 */
export function extractLogfmt(line: string, labels: LineLabels, wanted: Wanted, isStrict: boolean): string | undefined {
  return scanLogfmt(line, isStrict, {
    wants: (key) => wanted === undefined || wanted.has(sanitizedName(key)),
    take: (key, value) => labels.extract(sanitizedName(key), value),
  })
}

/** Who takes pairs: `take` is called, in order, for the pairs whose key is wanted. Keys without a value are skipped. */
export interface PairTaker {
  wants(key: string): boolean
  take(key: string, value: string): void
}

/** Hands pairs of a line to `taker`; see `extractLogfmt`. */
export function scanLogfmt(line: string, isStrict: boolean, taker: PairTaker): string | undefined {
  let at = skipBlank(line, 0)
  while (at < line.length) {
    const keyEnd = endOfKey(line, at)
    const code = line.charCodeAt(keyEnd)
    // Positive: where to go on. Negative: malformed, go on behind the word at -next.
    let next = -keyEnd - 1
    if (keyEnd > at && code === EQUALS) next = takeValue(line, line.slice(at, keyEnd), keyEnd + 1, taker)
    else if (keyEnd > at && code !== QUOTE) next = keyEnd
    if (next < 0 && isStrict) return `malformed pair at position ${-next}`
    at = skipBlank(line, next < 0 ? endOfWord(line, -next) : next)
  }
  return undefined
}

/** Takes the value that starts at `start`. Returns the offset behind it, or the negated position (from 1) of what is malformed. */
function takeValue(line: string, key: string, start: number, taker: PairTaker): number {
  if (line.charCodeAt(start) === QUOTE) {
    const close = endOfQuoted(line, start)
    if (close < 0) return -line.length
    if (taker.wants(key)) taker.take(key, unquoted(line.slice(start, close + 1)))
    return close + 1
  }
  let end = start
  let isMalformed = false
  for (; end < line.length; end++) {
    const code = line.charCodeAt(end)
    if (code <= SPACE) break
    if (code === QUOTE || code === EQUALS) isMalformed = true
  }
  if (isMalformed) return -(start + 1)
  if (taker.wants(key)) taker.take(key, line.slice(start, end))
  return end
}

const SPACE = 0x20
const QUOTE = 0x22
const EQUALS = 0x3d
const BACKSLASH = 0x5c

function skipBlank(line: string, from: number): number {
  let at = from
  while (at < line.length && line.charCodeAt(at) <= SPACE) at++
  return at
}

function endOfKey(line: string, from: number): number {
  let at = from
  for (; at < line.length; at++) {
    const code = line.charCodeAt(at)
    if (code <= SPACE || code === EQUALS || code === QUOTE) break
  }
  return at
}

function endOfWord(line: string, from: number): number {
  let at = from
  while (at < line.length && line.charCodeAt(at) > SPACE) at++
  return at
}

function endOfQuoted(line: string, from: number): number {
  for (let at = from + 1; at < line.length; at++) {
    const code = line.charCodeAt(at)
    if (code === BACKSLASH) at++
    else if (code === QUOTE) return at
  }
  return -1
}

function unquoted(literal: string): string {
  const plain = literal.slice(1, -1)
  if (!plain.includes('\\')) return plain
  try {
    const value: unknown = JSON.parse(literal)
    if (typeof value === 'string') return value
  } catch {
    // Escapes that JSON does not know stay as they are written: the pair is worth more than its exact text.
  }
  return plain
}
