// Character classes and token ends that the languages share. All offsets are UTF-16; ends are exclusive.

/** Blank, tab or line end. */
export function isSpace(char: string): boolean {
  return char === ' ' || char === '\t' || char === '\n' || char === '\r'
}

/** 0-9. */
export function isDigit(char: string): boolean {
  return char >= '0' && char <= '9' && char.length === 1
}

/** Letter or underscore: what a name starts with. */
export function isNameStart(char: string): boolean {
  return (char >= 'a' && char <= 'z') || (char >= 'A' && char <= 'Z') || char === '_'
}

/** Letter, digit or underscore. */
export function isNamePart(char: string): boolean {
  return isNameStart(char) || isDigit(char)
}

/** The first offset from `at` on whose character is not a space. */
export function skipSpace(text: string, at: number): number {
  let i = at
  while (i < text.length && isSpace(text.charAt(i))) i++
  return i
}

/**
 * The end of the string literal that starts with the quote at `at`, its closing quote included.
 *
 * Returns `undefined` when it is not closed (double and single quotes end at a line end).
 */
export function stringEnd(text: string, at: number): number | undefined {
  const quoteChar = text.charAt(at)
  for (let i = at + 1; i < text.length; i++) {
    const char = text.charAt(i)
    if (char === quoteChar) return i + 1
    if (quoteChar === '`') continue
    if (char === '\n') return undefined
    if (char === '\\') i++
  }
  return undefined
}
