import type { Parsed } from '@oriel/syntax'

/** A pattern as literals and captures in order: captures never touch each other. An unnamed capture has the name ''. */
export interface Pattern {
  readonly parts: readonly PatternPart[]
}

type PatternPart = { readonly kind: 'literal'; readonly text: string } | { readonly kind: 'capture'; readonly name: string }

const CAPTURE = /<([A-Za-z_][A-Za-z0-9_]*)>/g

/**
 * Parses the text of the `pattern` stage (`<ip> - <_> "<method> <path>"`) or of the line filters `|>` and `!>` (only `<_>`).
 *
 * A reason is given for touching captures, for a parser without a named capture, and for a name used twice.
 * Source: Grafana Loki documentation, "Pattern" and "Pattern match filter operators".
 */
export function parsePattern(text: string, use: 'filter' | 'parser'): Parsed<Pattern> {
  if (text === '') return { ok: false, reason: 'empty pattern' }
  const parts: PatternPart[] = []
  const names = new Set<string>()
  let at = 0
  for (const match of text.matchAll(CAPTURE)) {
    const name = match[1] === '_' ? '' : (match[1] ?? '')
    if (match.index > at) parts.push({ kind: 'literal', text: text.slice(at, match.index) })
    else if (parts.at(-1)?.kind === 'capture') return { ok: false, reason: `captures touch each other before ${match[0]}` }
    if (name !== '' && names.has(name)) return { ok: false, reason: `capture <${name}> is used twice` }
    if (name !== '') names.add(name)
    parts.push({ kind: 'capture', name })
    at = match.index + match[0].length
  }
  if (at < text.length) parts.push({ kind: 'literal', text: text.slice(at) })
  const refusal = refuseNames(names.size, use)
  return refusal === undefined ? { ok: true, value: { parts } } : { ok: false, reason: refusal }
}

function refuseNames(names: number, use: 'filter' | 'parser'): string | undefined {
  if (use === 'parser' && names === 0) return 'pattern needs at least one named capture such as <name>'
  return use === 'filter' && names > 0 ? 'a pattern filter has no named captures: write <_>' : undefined
}

/**
 * Takes a line apart: the values of the named captures, in order.
 *
 * Anchored at the line's start; the last capture takes the rest of the line. A capture without the literal behind it is not
 * matched, and matching stops there: what was found before stays found.
 */
export function matchPattern({ parts }: Pattern, line: string): { readonly name: string; readonly value: string }[] {
  const found: { name: string; value: string }[] = []
  let at = 0
  let open: string | undefined
  for (const part of parts) {
    if (part.kind === 'capture') {
      open = part.name
      continue
    }
    const next = open === undefined ? (line.startsWith(part.text, at) ? at : -1) : line.indexOf(part.text, at)
    if (next < 0) return found
    if (open !== undefined && open !== '') found.push({ name: open, value: line.slice(at, next) })
    open = undefined
    at = next + part.text.length
  }
  if (open !== undefined && open !== '') found.push({ name: open, value: line.slice(at) })
  return found
}

/** Whether a line fits a pattern of `|>`: a text without captures at an end must stand at that end of the line. */
export function fitsPattern({ parts }: Pattern, line: string): boolean {
  let at = 0
  let isOpen = false
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!
    if (part.kind === 'capture') {
      isOpen = true
      continue
    }
    if (i === parts.length - 1 && isOpen) return line.length - part.text.length >= at && line.endsWith(part.text)
    const next = isOpen ? line.indexOf(part.text, at) : line.startsWith(part.text, at) ? at : -1
    if (next < 0) return false
    at = next + part.text.length
    isOpen = false
  }
  return isOpen || at === line.length
}
