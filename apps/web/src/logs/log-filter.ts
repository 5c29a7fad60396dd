/** A condition on one field of a line. */
export interface FieldFilter {
  readonly key: string
  readonly op: '=' | '!='
  readonly value: string
}

/** The query with a label filter at its end; a filter on the same key with the same operator is replaced, not repeated. */
export function withFilter(query: string, { key, op, value }: FieldFilter): string {
  const filter = `| ${key}${op}${JSON.stringify(value)}`
  const known = new RegExp(`\\|\\s*${escapeRegex(key)}\\s*${op}\\s*"(?:[^"\\\\]|\\\\.)*"`)
  if (op === '=' && known.test(query)) return query.replace(known, () => filter)
  return query.includes(filter) ? query : `${query.trimEnd()} ${filter}`
}

function escapeRegex(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
}
