/** How names beyond [a-zA-Z0-9_:] are written for askers that may not know them. */
export type NameEscaping = 'allow-utf-8' | 'underscores' | 'dots' | 'values'

/** Source: Prometheus common model/metric.go EscapeName. */
export function escapeName(name: string, escaping: NameEscaping): string {
  if (escaping === 'allow-utf-8' || name === '') return name
  if (escaping !== 'dots' && /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) return name
  let text = escaping === 'values' ? 'U__' : ''
  let isFirst = true
  for (const char of name) {
    text += escapeChar(char, escaping, isFirst)
    isFirst = false
  }
  return text
}

function escapeChar(char: string, escaping: NameEscaping, isFirst: boolean): string {
  if (char === '_' && escaping !== 'underscores') return '__'
  if (char === '.' && escaping === 'dots') return '_dot_'
  if (/[a-zA-Z_:]/.test(char) || (!isFirst && /\d/.test(char))) return char
  if (escaping === 'underscores') return '_'
  return escaping === 'dots' ? '__' : `_${char.codePointAt(0)?.toString(16) ?? ''}_`
}
