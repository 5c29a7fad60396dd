import type { LogLevel } from '@oriel/model'

/** A log record of our own. */
export interface RecordedLog {
  readonly tMs: number
  readonly level: LogLevel
  readonly message: string
  readonly fields: Readonly<Record<string, string>>
  readonly traceId: string
  readonly spanId: string
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/** Whether `level` is at or above `minimum`. */
export function isLevelEnabled(level: LogLevel, minimum: LogLevel): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(minimum)
}

/** Fields as text: an error by its message, objects as JSON, `undefined` left out. */
export function textFields(fields: Readonly<Record<string, unknown>>): Record<string, string> {
  const texts: Record<string, string> = {}
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) texts[key] = textOf(value)
  return texts
}

/** One logfmt line: `time=... level=... msg="..." key=value`, with a newline. */
export function printLogLine(record: Pick<RecordedLog, 'tMs' | 'level' | 'message' | 'fields'>): string {
  let line = `time=${new Date(record.tMs).toISOString()} level=${record.level} msg="${escapeText(record.message)}"`
  for (const [key, value] of Object.entries(record.fields)) line += ` ${key}=${quoted(value)}`
  return `${line}\n`
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Error) return value.message
  if (typeof value === 'object' && value !== null) return jsonOf(value)
  return String(value)
}

function jsonOf(value: object): string {
  try {
    return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part))
  } catch {
    return '[not printable]'
  }
}

function quoted(text: string): string {
  return text === '' || /[\s"=\\]/.test(text) ? `"${escapeText(text)}"` : text
}

function escapeText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\r', '\\r')
}
