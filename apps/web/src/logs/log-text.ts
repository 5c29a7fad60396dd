/** What a line says, told apart from what it carries. */
export interface LogText {
  readonly message: string
  /** Fields written in the line itself (JSON or logfmt), without message, level and time. */
  readonly fields: Readonly<Record<string, string>>
}

/** Reads a JSON or logfmt line; any other line is its own message. */
export function readLogText(line: string): LogText {
  return readJson(line) ?? readLogfmt(line) ?? { message: line, fields: {} }
}

const MESSAGE_KEYS = ['msg', 'message', 'Message', '@m', 'MESSAGE', 'event']
// Shown elsewhere in the row: the level, the time.
const KNOWN_KEYS = new Set([...MESSAGE_KEYS, 'level', 'severity', 'lvl', 'time', 'ts', 'timestamp', '@timestamp', '@t', '@l'])

function readJson(line: string): LogText | undefined {
  if (!line.startsWith('{')) return undefined
  let record: Record<string, unknown>
  try {
    record = JSON.parse(line)
  } catch {
    return undefined
  }
  return split(
    Object.fromEntries(
      Object.entries(record).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
    ),
  )
}

function readLogfmt(line: string): LogText | undefined {
  const record: Record<string, string> = {}
  let rest = line
  let pairs = 0
  for (let match = LOGFMT_PAIR.exec(rest); match !== null; match = LOGFMT_PAIR.exec(rest)) {
    const [whole, key = '', quoted, bare = ''] = match
    record[key] = quoted === undefined ? bare : quoted.replaceAll('\\"', '"')
    rest = rest.slice(whole.length)
    pairs++
  }
  // The whole line must be pairs, or a sentence with one `a=b` in it would lose its words.
  if (pairs < 2 || rest.trim() !== '') return undefined
  return split(record)
}

const LOGFMT_PAIR = /^\s*([A-Za-z_][\w.\-/]*)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?=\s|$)/

function split(record: Record<string, string>): LogText | undefined {
  const key = MESSAGE_KEYS.find((name) => record[name] !== undefined)
  if (key === undefined) return undefined
  return {
    message: record[key] ?? '',
    fields: Object.fromEntries(Object.entries(record).filter(([name]) => !KNOWN_KEYS.has(name))),
  }
}
