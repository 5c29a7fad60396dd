// Trace ids that stand in a JSON log line: what pino, zap and the like write when an application logs without OpenTelemetry.

/**
 * The range of the trace id in a JSON line, found by the keys trace_id, traceId, traceID or traceid with a string value.
 *
 * Leaves it in `found` (one object, reused) and returns true; false when there is none.
 */
export function findTraceId(body: Uint8Array, start: number, end: number, found: { start: number; end: number }): boolean {
  if (body[start] !== OPEN_BRACE) return false
  for (let at = start; ;) {
    at = body.indexOf(LETTER_T, at)
    if (at === -1 || at >= end) return false
    const keyEnd = traceKeyEnd(body, at, end)
    if (keyEnd !== -1 && body[at - 1] === QUOTE && readId(body, keyEnd, end, found)) return true
    at++
  }
}

const OPEN_BRACE = 0x7b
const QUOTE = 0x22
const COLON = 0x3a
const SPACE = 0x20
const LETTER_T = 0x74
const KEYS = ['trace_id', 'traceId', 'traceID', 'traceid'].map((key) => new TextEncoder().encode(`${key}"`))
// 64: a W3C id is 32; longer than twice that is something else.
const MAX_ID = 64

function traceKeyEnd(body: Uint8Array, at: number, end: number): number {
  for (const key of KEYS) {
    if (at + key.length > end) continue
    let i = 0
    while (i < key.length && body[at + i] === key[i]) i++
    if (i === key.length) return at + i
  }
  return -1
}

function readId(body: Uint8Array, from: number, end: number, found: { start: number; end: number }): boolean {
  let at = from
  while (at < end && body[at] === SPACE) at++
  if (body[at++] !== COLON) return false
  while (at < end && body[at] === SPACE) at++
  if (body[at++] !== QUOTE) return false
  const start = at
  while (at < end && isIdByte(body[at]!)) at++
  if (at >= end || body[at] !== QUOTE || at === start || at - start > MAX_ID) return false
  found.start = start
  found.end = at
  return true
}

/** Letters, digits and dashes: ids are hex, decimal or UUIDs. */
function isIdByte(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x2d
}
