import type { IncomingMessage } from 'node:http'

/** Which pages of other origins may read our answers: exact origins, or `*` for all. None by default: we have no login yet. */
export interface Cors {
  readonly origins: readonly string[]
}

/** The CORS headers of an answer to `request`; none for an origin that is not allowed. */
export function corsHeaders(request: IncomingMessage, cors: Cors | undefined): [name: string, value: string][] {
  const { origin } = request.headers
  if (origin === undefined || cors === undefined) return []
  const isAny = cors.origins.includes('*')
  if (!isAny && !cors.origins.includes(origin)) return []
  return [
    ['access-control-allow-origin', isAny ? '*' : origin],
    ['access-control-allow-methods', 'GET, POST, OPTIONS'],
    ['access-control-allow-headers', 'accept, authorization, content-type, content-encoding, origin, traceparent, x-scope-orgid'],
    ['access-control-max-age', '86400'],
  ]
}
