import type { ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { Fault } from './faults.ts'
import { FAULTS, isFault } from './faults.ts'

/** What the control endpoint switches. */
export interface ControlOptions {
  readonly current: () => Fault
  readonly setFault: (fault: Fault) => Promise<void>
}

/** Serves `GET /faults` and `POST /faults/<name>` on a free loopback port. */
export async function startControl({ current, setFault }: ControlOptions): Promise<{ address: string; close(): void }> {
  const server = createServer((request, response) => {
    const name = /^\/faults\/([a-z-]+)$/.exec(request.url ?? '')?.[1]
    if (request.method !== 'POST') return answer(response, 200, { current: current(), faults: FAULTS })
    if (name === undefined || !isFault(name))
      return answer(response, 404, { error: `no such fault; one of ${Object.keys(FAULTS).join(', ')}` })
    setFault(name).then(
      () => answer(response, 200, { current: name }),
      (error: unknown) => answer(response, 500, { error: String(error) }),
    )
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  return { address: `127.0.0.1:${port}`, close: () => server.close() }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body, undefined, 2))
}
