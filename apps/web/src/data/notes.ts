/** Something the server said beside its answer, with its place in the query where it told one (UTF-16 offset). */
export interface QueryNote {
  readonly severity: 'warning' | 'info'
  readonly message: string
  readonly offset?: number
}

/** Warnings and infos of an answer, each once, the place that stands at their end (`(1:16)`) found in the query. */
export function readNotes(
  query: string,
  { warnings = [], infos = [] }: { readonly warnings?: readonly string[]; readonly infos?: readonly string[] },
): QueryNote[] {
  const note = (severity: QueryNote['severity'], text: string): QueryNote => {
    const [, message = text, line, column] = /^([\s\S]*?)\s*\((\d+):(\d+)\)$/.exec(text) ?? []
    const offset = line === undefined ? undefined : offsetOf(query, Number(line), Number(column))
    const plain = message.replace(/^PromQL (warning|info): /, '')
    return { severity, message: plain, ...(offset !== undefined && { offset }) }
  }
  return [...warnings.map((text) => note('warning', text)), ...infos.map((text) => note('info', text))]
}

const encoder = new TextEncoder()

/** The offset of a line and a column as Go programs count them: from 1, columns in UTF-8 bytes. `undefined` outside the text. */
export function offsetOf(text: string, line: number, column: number): number | undefined {
  let start = 0
  for (let i = 1; i < line; i++) {
    const newline = text.indexOf('\n', start)
    if (newline < 0) return undefined
    start = newline + 1
  }
  let bytes = 1
  for (let i = start; i < text.length && text[i] !== '\n';) {
    if (bytes >= column) return i
    const char = String.fromCodePoint(text.codePointAt(i) ?? 0)
    bytes += encoder.encode(char).length
    i += char.length
  }
  return bytes >= column ? Math.max(start, text.length - 1) : undefined
}

/** The end of the word or call that a note points at, for an underline of a sensible length. */
export function endOfWord(text: string, offset: number): number {
  const word = /^[\w:.]+/.exec(text.slice(offset))?.[0] ?? ' '
  return Math.min(text.length, offset + word.length)
}
