import { once } from 'node:events'
import { createServer } from 'node:http'

/** A scrape target that is valid and strange, served on loopback. */
export interface StrangeTarget {
  readonly job: string
  readonly port: number
  readonly close: () => void
}

/** Targets whose clocks jump, whose types change, and two that write the same series. */
export async function startStrangeTargets(): Promise<StrangeTarget[]> {
  let jumps = 0
  const jumpedMs = [0, -3_600_000, 60_000, -86_400_000, 300_000]
  const bodies: Readonly<Record<string, () => string>> = {
    // Its own timestamps go back an hour, forth a minute, back a day.
    clock_jumps: () => `# TYPE jumpy gauge\njumpy ${jumps} ${Date.now() + jumpedMs[jumps++ % jumpedMs.length]!}\n`,
    // 20 minutes ahead: Prometheus refuses such samples, and its other samples stay.
    clock_far_ahead: () => `# TYPE ahead gauge\nahead 1 ${Date.now() + 1_200_000}\n# TYPE on_time gauge\non_time 1\n`,
    changes_type: () => (jumps % 2 === 0 ? '# TYPE shifting counter\nshifting 5\n' : '# TYPE shifting gauge\nshifting 5\n'),
    same_series_a: () => '# TYPE shared gauge\nshared{job="both",instance="one"} 1\n',
    same_series_b: () => '# TYPE shared gauge\nshared{job="both",instance="one"} 1\n',
    repeats_itself: () => '# TYPE twice gauge\ntwice 1\ntwice 2\n# TYPE once gauge\nonce 1\n',
  }
  return Promise.all(
    Object.entries(bodies).map(async ([job, body]) => {
      const server = createServer((_request, response) => {
        response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(body())
      })
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const address = server.address()
      return {
        job,
        port: address !== null && typeof address === 'object' ? address.port : 0,
        close: () => {
          server.close()
          server.closeAllConnections()
        },
      }
    }),
  )
}
