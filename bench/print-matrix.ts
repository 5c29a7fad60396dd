// A large matrix as JSON text, and what compressing it costs by level: `node --conditions=source bench/print-matrix.ts`.
import { gzipSync } from 'node:zlib'
import { printMatrix } from '../packages/api/src/prometheus/print.ts'

const SERIES = 10_000
const STEPS = 240
const ROUNDS = 5

const series = Array.from({ length: SERIES }, (_, s) => ({
  labels: [
    { name: '__name__', value: 'http_requests_total' },
    { name: 'instance', value: `host-${s}:9100` },
    { name: 'job', value: 'api' },
  ],
  tMs: Float64Array.from({ length: STEPS }, (_, i) => 1_773_489_600_000 + i * 15_000),
  // Sevenths have as many digits as a rate has.
  values: Float64Array.from({ length: STEPS }, (_, i) => ((s * 7_919 + i * 104_729) % 1_000) / 7),
}))

for (let round = 0; round < ROUNDS; round++) {
  let bytes = 0
  const cpuMs = cpu(() => {
    for (const piece of printMatrix(series, 0)) bytes += piece.length
  })
  console.log(`print  ${((SERIES * STEPS) / cpuMs / 1_000).toFixed(1)}M points per CPU-second, ${(bytes / 1e6).toFixed(0)} MB`)
}

const text = Buffer.concat([...printMatrix(series.slice(0, SERIES / 10), 0)])
for (const level of [1, 2, 4, 6]) {
  let size = 0
  const cpuMs = cpu(() => {
    size = gzipSync(text, { level }).length
  })
  console.log(
    `gzip ${level}  ${(text.length / 1e3 / cpuMs).toFixed(0)} MB per CPU-second, ${(size / text.length).toFixed(3)} of the size`,
  )
}

function cpu(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}
