import { once } from 'node:events'
import { createServer } from 'node:http'

/** A scrape target and what `up` must say of it. */
export interface BadTarget {
  readonly job: string
  readonly port: number
  readonly isUp: 0 | 1
  readonly close: () => void
}

/** Scrape targets that misbehave, each in its own way. */
export async function startBadTargets(): Promise<BadTarget[]> {
  let scrape = 0
  const kinds: readonly (readonly [string, 0 | 1, Parameters<typeof createServer>[1]])[] = [
    ['hangs', 0, () => undefined],
    [
      'floods',
      0,
      (_request, response) =>
        void response
          .writeHead(200, { 'content-type': 'text/plain; version=0.0.4' })
          .end(`# TYPE flood gauge\n${'flood{i="1"} 1\n'.repeat(200_000)}`),
    ],
    [
      'lies_about_length',
      0,
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4', 'content-length': '100000' })
        response.write('a 1\n')
        setTimeout(() => response.destroy(), 100)
      },
    ],
    [
      'changes_type',
      1,
      (_request, response) =>
        void response
          .writeHead(200, { 'content-type': 'text/plain; version=0.0.4' })
          .end(`# TYPE shifty ${scrape++ % 2 === 0 ? 'counter' : 'gauge'}\nshifty 1\n`),
    ],
    [
      'talks_nonsense',
      0,
      (_request, response) =>
        void response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end('this is {not metrics\n'),
    ],
    ['answers_500', 0, (_request, response) => void response.writeHead(500).end('no')],
    [
      'sends_a_page',
      0,
      (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>'),
    ],
  ]
  return Promise.all(
    kinds.map(async ([job, isUp, handler]) => {
      const server = createServer({}, handler)
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const address = server.address()
      return {
        job,
        isUp,
        port: address !== null && typeof address === 'object' ? address.port : 0,
        close: () => server.closeAllConnections(),
      }
    }),
  )
}
