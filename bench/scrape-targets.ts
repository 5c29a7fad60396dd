// A process that stands for many scrape targets: it answers every path from a few bodies made before. Prints its port, ends with its parent.
import { createServer } from 'node:http'
import { gzipSync } from 'node:zlib'

const SERIES = Number(process.argv[2] ?? 500)
// 16 rounds until values repeat.
const ROUNDS = 16
const BODIES = Array.from({ length: ROUNDS }, (_, round) => Buffer.from(exposition(round)))
const ZIPPED = BODIES.map((body) => gzipSync(body))
const STEP_MS = 15_000

const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  const round = Math.floor(Date.now() / STEP_MS) % ROUNDS
  const isZipped = (request.headers['accept-encoding'] ?? '').includes('gzip')
  const body = (isZipped ? ZIPPED : BODIES)[round]!
  response.writeHead(200, {
    'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    'content-length': body.length,
    ...(isZipped && { 'content-encoding': 'gzip' }),
  })
  response.end(body)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(typeof address === 'object' ? address?.port : '')
})
process.stdin.on('end', () => process.exit(0)).resume()

/** Like that of an exporter: ten series a metric, counters that count at their own pace, gauges of which a half moves. */
function exposition(round: number): string {
  const lines: string[] = []
  for (let i = 0; i < SERIES; i++) {
    const metric = Math.floor(i / 10)
    const isCounter = metric % 2 === 0
    const name = isCounter ? `bench_requests_${metric}_total` : `bench_memory_${metric}_bytes`
    if (i % 10 === 0)
      lines.push(
        `# HELP ${name} What the bench counts, in its part ${metric}.`,
        `# TYPE ${name} ${isCounter ? 'counter' : 'gauge'}`,
      )
    const value = isCounter ? 1_000 * i + round * (i % 97) * 3.25 : i % 4 < 2 ? 4_096 * i : 1e9 + Math.sin(round + i) * 1e8
    lines.push(`${name}{device="sd${'abcdefghij'[i % 10]}",mode="user",cpu="${i % 10}"} ${value}`)
  }
  return `${lines.join('\n')}\n`
}
