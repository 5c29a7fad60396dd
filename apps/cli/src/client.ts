import { CliError } from './errors.ts'

/** Asks a server and returns the body's text. Throws CLI_NOT_REACHABLE and CLI_QUERY_FAILED with the server's words. */
export async function ask(
  url: string,
  path: string,
  parameters: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const target = new URL(path, url.endsWith('/') ? url : `${url}/`)
  for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value)
  let response: Response
  try {
    response = await fetch(target, { headers })
  } catch (cause) {
    const fix = 'Start one with "oriel serve" or "oriel demo", or name another with --url'
    throw new CliError('CLI_NOT_REACHABLE', `cannot reach a server at ${url}: ${reasonOf(cause)}. ${fix}`, { cause })
  }
  const text = await response.text()
  if (!response.ok) throw new CliError('CLI_QUERY_FAILED', `${errorText(text)} (HTTP ${response.status})`)
  return text
}

/** The value at a path of keys in parsed JSON; `undefined` where it leads nowhere. */
export function dig(value: unknown, ...keys: readonly (string | number)[]): unknown {
  let at = value
  for (const key of keys) {
    if (typeof at !== 'object' || at === null) return undefined
    at = Object.entries(at).find(([name]) => name === String(key))?.[1]
  }
  return at
}

/** A list, or an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Text, or the text of a number; '' for anything else. */
export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/** The failure in whatever shape the API has. */
function errorText(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body)
    const found =
      textOf(dig(parsed, 'error', 'message')) || textOf(dig(parsed, 'error')) || textOf(dig(parsed, 'errors', 0, 'msg'))
    return found || body.trim()
  } catch {
    return body.trim()
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message || cause.name : String(cause)
}
