import type { IncomingMessage } from 'node:http'
import { ApiError } from '../errors.ts'

/** 1 MiB: a form carries a query (128 KiB at most) and some selectors; nothing honest is larger. */
export const MAX_FORM_BYTES: number = 2 ** 20

/** Tenants of a request that names none. Loki, Tempo and Mimir clients name them in X-Scope-OrgID, joined by `|` on reads. */
export function tenantsOf(request: IncomingMessage, fallback: string): readonly string[] {
  const header = request.headers['x-scope-orgid']
  const text = Array.isArray(header) ? header.join('|') : (header ?? '')
  const tenants = text.split('|').filter((tenant) => tenant !== '')
  return tenants.length === 0 ? [fallback] : [...new Set(tenants)]
}

/** Parameters of the query string and of a form body, in this order. Throws API_TOO_LARGE and API_BAD_CONTENT. */
export async function readParameters(request: IncomingMessage, url: URL): Promise<URLSearchParams> {
  const query = new URLSearchParams(url.search)
  if (request.method !== 'POST') return query
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  const body = await readBody(request, MAX_FORM_BYTES)
  if (body.length === 0) return query
  if (type !== 'application/x-www-form-urlencoded') {
    throw new ApiError('API_BAD_CONTENT', `cannot read parameters: content type ${JSON.stringify(type)} is not a form`)
  }
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) query.append(name, value)
  return query
}

// 16 MiB: what is too large by a little is read to its end, so that the sender reads the answer instead of a reset connection.
const MAX_DISCARDED_BYTES = 16 * 2 ** 20

/** Reads a whole body. Throws API_TOO_LARGE beyond `limit` bytes; the rest is read and dropped as far as that is bearable. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of request.iterator({ destroyOnReturn: false })) {
    const bytes = Buffer.isBuffer(piece) ? piece : Buffer.from(String(piece))
    size += bytes.length
    if (size <= limit) pieces.push(bytes)
    else pieces.length = 0
    if (size > limit + MAX_DISCARDED_BYTES) break
  }
  if (size > limit) throw new ApiError('API_TOO_LARGE', `cannot read the request: body above ${limit} bytes`)
  return Buffer.concat(pieces)
}
