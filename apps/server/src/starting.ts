import type { RawHandler } from '@oriel/api'

// What may be asked before the engine is up: health, our own metrics, the state for the page, and the page itself.
const ALWAYS = /^\/(-\/|health|ready|metrics|api\/oriel\/status|assets\/|$)/

/** Answers 503 with Retry-After while the engine starts: senders come back, and nothing is refused for good. */
export function startingHandler(handler: RawHandler): RawHandler {
  return (request, response) => {
    const wantsPage = (request.headers.accept ?? '').includes('text/html')
    if (request.method === 'GET' && (wantsPage || ALWAYS.test(request.url ?? '/'))) return handler(request, response)
    request.resume()
    const body = JSON.stringify({ error: { code: 'API_NOT_READY', message: 'the server is starting' } })
    response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '1', 'content-length': body.length })
    response.end(body)
  }
}
