import type { ErrorAnswer } from '@oriel/contract'
import { stringifySearch } from '../frame/search.ts'

/** A failed request, with all that a person needs to report it. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: string
  readonly status: number
  readonly url: string
  /** Character offsets in the query text, where the server told. */
  readonly position: { readonly start: number; readonly end: number } | undefined

  constructor(message: string, details: Pick<ApiError, 'code' | 'status' | 'url'> & Partial<Pick<ApiError, 'position'>>) {
    super(message)
    this.code = details.code
    this.status = details.status
    this.url = details.url
    this.position = details.position
  }
}

/** How a request is made: abort it through `signal`. */
export interface RequestOptions {
  readonly method?: 'GET' | 'PUT' | 'DELETE'
  readonly signal: AbortSignal
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Asks the server for JSON. The caller states the answer's type, which the contract guarantees.
 *
 * Throws `ApiError` with the server's own words, or with code NETWORK when no answer came.
 */
export async function getJson<T>(path: string, params: object, options: RequestOptions): Promise<T> {
  return (await getTimed<T>(path, params, options)).body
}

/** As `getJson`, with what the server says of its work: names and numbers of the `Server-Timing` header. */
export async function getTimed<T>(
  path: string,
  params: object,
  { signal, headers = {}, method = 'GET' }: RequestOptions,
): Promise<{ readonly body: T; readonly timing: ReadonlyMap<string, number> }> {
  const url = `${path}${stringifySearch(params)}`
  let response: Response
  try {
    response = await fetch(url, { method, signal, headers: { accept: 'application/json', ...headers } })
  } catch (error) {
    if (signal.aborted) throw error
    throw new ApiError('cannot reach the server: it is down, restarting, or the network is cut', {
      code: 'NETWORK',
      status: 0,
      url,
    })
  }
  if (!response.ok) throw await failureOf(response, url)
  try {
    const body: T = await response.json()
    return { body, timing: readTiming(response.headers.get('server-timing') ?? '') }
  } catch (error) {
    if (signal.aborted) throw error
    throw new ApiError('cannot read the answer: it is not JSON', { code: 'BAD_ANSWER', status: response.status, url })
  }
}

/** The numbers of a `Server-Timing` header: `total;dur=12, rows;desc="2048"`. */
export function readTiming(header: string): Map<string, number> {
  const found = [...header.matchAll(/(\w+);(?:dur=([\d.e+-]+)|desc="([\d.e+-]+)")/g)]
  return new Map(found.map(([, name = '', ms, count]) => [name, Number(ms ?? count)]))
}

interface PrometheusFailure {
  readonly status: 'error'
  readonly errorType: string
  readonly error: string
}

async function failureOf(response: Response, url: string): Promise<ApiError> {
  const status = response.status
  const text = await response.text().catch(() => '')
  const body: Partial<ErrorAnswer> | Partial<PrometheusFailure> | undefined = parseOrUndefined(text)
  const failure: unknown = body?.error
  if (typeof failure === 'string') {
    const code =
      body !== undefined && 'errorType' in body && typeof body.errorType === 'string' ? body.errorType : `HTTP_${status}`
    return new ApiError(failure, { code, status, url })
  }
  if (body !== undefined && body.error !== undefined && typeof body.error === 'object') {
    return new ApiError(body.error.message, { code: body.error.code, status, url, position: body.error.position })
  }
  const message = text.trim() === '' || text.startsWith('<') ? `${status} ${response.statusText}` : text.trim().slice(0, 2_000)
  return new ApiError(message, { code: `HTTP_${status}`, status, url })
}

function parseOrUndefined(text: string): Partial<ErrorAnswer> | Partial<PrometheusFailure> | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
