/** A piece of a query text: UTF-16 offsets, `start` inclusive, `end` exclusive. */
export interface TextSpan {
  readonly start: number
  readonly end: number
}

/** A place in a text as people count it: line and column from 1. */
export interface TextPlace {
  readonly line: number
  /** Columns count UTF-8 bytes, as Go programs print them. */
  readonly column: number
}

const encoder = new TextEncoder()

/** The place of `offset` (UTF-16) in `text`. */
export function placeAt(text: string, offset: number): TextPlace {
  const before = text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  let line = 1
  for (let i = before.indexOf('\n'); i >= 0; i = before.indexOf('\n', i + 1)) line++
  return { line, column: encoder.encode(before.slice(lineStart)).length + 1 }
}

/** The place of `offset` as `line:column`, the prefix of every message about a query text. */
export function printPlace(text: string, offset: number): string {
  const { line, column } = placeAt(text, offset)
  return `${line}:${column}`
}

/** The smallest span that holds both. */
export function joinSpans(a: TextSpan, b: TextSpan): TextSpan {
  return { start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) }
}
