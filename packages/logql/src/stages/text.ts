import { compileRegex } from '@oriel/model'
import type { LineLabels } from '../line-labels.ts'
import { matchPattern, parsePattern } from '../pattern.ts'
import { sanitizedName } from './names.ts'

/** Compiles `pattern "..."`: adds the named captures as labels. A line that does not fit adds what fitted so far. */
export function compilePatternParser(text: string): (line: string, labels: LineLabels) => void {
  const pattern = parsePattern(text, 'parser')
  if (!pattern.ok) return () => {}
  return (line, labels) => {
    for (const { name, value } of matchPattern(pattern.value, line)) labels.extract(name, value)
  }
}

/** Compiles `regexp "..."`: adds the named groups of the first match as labels; a line that does not match adds nothing. */
export function compileRegexpParser(text: string): (line: string, labels: LineLabels) => void {
  const regex = compileRegex(text)
  const groups = Object.entries(regex.namedGroups()).map(([name, index]) => ({ name: sanitizedName(name), index: Number(index) }))
  return (line, labels) => {
    const matcher = regex.matcher(line)
    if (!matcher.find()) return
    for (const { name, index } of groups) labels.extract(name, matcher.group(index) ?? '')
  }
}

/**
 * Undoes Promtail's `pack` stage: adds the fields of the object as labels and gives back `_entry` as the line.
 *
 * Returns `undefined` when the line is not such an object. Source: Grafana Loki documentation, "Parser expression: unpack".
 */
export function unpack(line: string, labels: LineLabels): string | undefined {
  const packed = parseObject(line)
  if (packed === undefined) return undefined
  let entry = line
  for (const [name, value] of Object.entries(packed)) {
    if (typeof value !== 'string') continue
    if (name === '_entry') entry = value
    else labels.extract(sanitizedName(name), value)
  }
  return entry
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

// ESC [ parameters letter: the sequences that colour a terminal. One flat repetition: linear.
const COLORS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]`, 'g')

/** The line without ANSI colour sequences. */
export function decolorize(line: string): string {
  return line.replaceAll(COLORS, '')
}
