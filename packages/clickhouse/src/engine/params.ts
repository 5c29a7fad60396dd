/** A value for a `{name:Type}` placeholder. Bigints for UInt64 and wider. */
export type ParamValue = string | number | bigint | readonly (string | number | bigint)[]

/** Values for the placeholders of one statement, by name. */
export type Params = Readonly<Record<string, ParamValue>>

/** A value as the engine reads it from a `param_` field: escaped text, arrays in brackets with quoted strings. */
export function printParam(value: ParamValue): string {
  if (typeof value === 'string') return escapeText(value)
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  return `[${value.map((item) => (typeof item === 'string' ? `'${escapeText(item)}'` : String(item))).join(',')}]`
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', "'": "\\'", '\t': '\\t', '\n': '\\n', '\r': '\\r', '\0': '\\0' }

function escapeText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- The engine's escaped form needs its control characters escaped.
  return text.replace(/[\\'\t\n\r\0]/g, (char) => ESCAPES[char] ?? char)
}
