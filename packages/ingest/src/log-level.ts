// The level of a record, from what the sender says down to what its line looks like. The words are those of Loki's detected_level.

const LEVEL_OF_SEVERITY = ['', 'trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const

/** The level of an OpenTelemetry severity number (1-24), '' for others. Source: OpenTelemetry logs data model. */
export function levelOfSeverity(severity: number): string {
  return severity >= 1 && severity <= 24 ? LEVEL_OF_SEVERITY[Math.ceil(severity / 4)]! : ''
}

/** A sender's word for a level in our words; a word that we do not know is kept, lower-case. */
export function levelWord(word: string): string {
  if (word === '') return ''
  let level = LEVEL_WORDS.get(word)
  if (level === undefined) {
    const lower = word.toLowerCase().trim()
    level = LEVEL_WORDS.get(lower) ?? lower.slice(0, MAX_WORD)
  }
  return level
}

/**
 * The level a line tells: a level key of a JSON object or of logfmt, else the first level word; '' for none.
 *
 * Only the first bytes are looked at, as a level stands at the front.
 */
export function levelOfBody(body: Uint8Array, start: number, end: number): string {
  const text = latin1(body, start, Math.min(end, start + MAX_LOOKED_AT))
  const isJson = text.startsWith('{')
  const field = (isJson ? JSON_LEVEL : LOGFMT_LEVEL).exec(text)
  const named = field?.[1] ?? field?.[2]
  if (named !== undefined) return levelWord(named)
  if (isJson) return ''
  const word = PLAIN_LEVEL.exec(text)?.[0]
  return word === undefined ? '' : levelWord(word)
}

// 512 bytes: time, logger and level come first in every layout we know.
const MAX_LOOKED_AT = 512
const MAX_WORD = 32

// Fixed patterns of ours, linear in the text: no user's pattern comes here.
const JSON_LEVEL =
  /"(?:level|LEVEL|Level|log\.level|severity|SEVERITY|Severity|SeverityText|lvl|LVL|Lvl)"\s*:\s*(?:"([A-Za-z]{1,16})"|(\d{1,3})\b)/
const LOGFMT_LEVEL = /(?:^|\s)(?:level|LEVEL|Level|severity|SEVERITY|lvl|LVL|log\.level)="?([A-Za-z]{1,16})/
const PLAIN_LEVEL = /\b(?:fatal|critical|panic|emerg|error|err|warning|warn|info|debug|trace)\b/i

// Numbers are those of pino and bunyan.
const LEVEL_WORDS: ReadonlyMap<string, string> = new Map([
  ...['trace', 'trc', 'verbose', '10'].map((word) => [word, 'trace'] as const),
  ...['debug', 'dbg', '20'].map((word) => [word, 'debug'] as const),
  ...['info', 'inf', 'information', 'informational', 'notice', '30'].map((word) => [word, 'info'] as const),
  ...['warn', 'wrn', 'warning', '40'].map((word) => [word, 'warn'] as const),
  ...['error', 'err', 'eror', '50'].map((word) => [word, 'error'] as const),
  ...['fatal', 'panic', 'emerg', 'emergency', 'alert', '60'].map((word) => [word, 'fatal'] as const),
  ...['critical', 'crit'].map((word) => [word, 'critical'] as const),
  ['INFO', 'info'],
  ['WARN', 'warn'],
  ['ERROR', 'error'],
  ['DEBUG', 'debug'],
])

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}
