// A large matrix as JSON text, and compressed: by zlib at several levels, on this thread and as a stream, and by our own deflater.
// `node --conditions=source bench/print-matrix.ts`. The least CPU time of several rounds, the ways in turn.
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip, gunzipSync, gzipSync } from 'node:zlib'
import { Gzip } from '../packages/api/src/gzip/gzip.ts'
import { printMatrix } from '../packages/api/src/prometheus/print.ts'

const SERIES = 1_000
const STEPS = 241
const ROUNDS = 15
const STEP_MS = 15_000
const START_MS = 1_773_489_600_000
const PIECE_BYTES = 65_536

const tMs = Float64Array.from({ length: STEPS }, (_, i) => START_MS + i * STEP_MS)
const KINDS: readonly (readonly [title: string, valueAt: (series: number, step: number) => number])[] = [
  ['counters', counterAt],
  ['rates of counters', (s, i) => (counterAt(s, i + 20) - counterAt(s, i)) / 285 + 1 / (s + i + 3)],
  ['bytes that stay for ten steps', (s, i) => 2 ** 20 * (64 + ((s * 13) % 512) + ((s * 7 + Math.floor(i / 10) * 11) % 23))],
  ['sevenths, each often', (s, i) => ((s * 7_919 + i * 104_729) % 1_000) / 7],
  ['ones', () => 1],
]

for (const [title, valueAt] of KINDS) {
  const series = Array.from({ length: SERIES }, (_, s) => ({
    labels: [
      { name: '__name__', value: 'http_requests_total' },
      { name: 'instance', value: `host-${s}:9100` },
      { name: 'job', value: 'api' },
    ],
    tMs,
    values: Float64Array.from(tMs, (_t, i) => valueAt(s, i)),
  }))
  const pieces = [...printMatrix(series, 0)]
  const text = Buffer.concat(pieces)
  if (!gunzipSync(own(pieces)).equals(text)) throw new Error(`${title}: what our gzip made is not undone`)
  console.log(`\n${title}: ${(text.length / 1e6).toFixed(1)} MB, ${(text.length / SERIES / STEPS).toFixed(1)} bytes a point`)
  const ways: readonly (readonly [name: string, run: () => number | Promise<number>])[] = [
    ['print', () => [...printMatrix(series, 0)].reduce((sum, { length }) => sum + length, 0)],
    ['gzip, ours', () => own(pieces).length],
    ['zlib 1', () => gzipSync(text, { level: 1, memLevel: constants.Z_MAX_MEMLEVEL }).length],
    ['zlib 1 as a stream', () => streamed(pieces)],
    ['zlib 6', () => gzipSync(text).length],
  ]
  const least = new Map<string, { readonly cpuMs: number; readonly bytes: number }>()
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, run] of ways) {
      const before = process.cpuUsage()
      const bytes = await run()
      const { user, system } = process.cpuUsage(before)
      const cpuMs = (user + system) / 1_000
      if (cpuMs < (least.get(name)?.cpuMs ?? Infinity)) least.set(name, { cpuMs, bytes })
    }
  }
  for (const [name, { cpuMs, bytes }] of least) {
    const perPoint = (bytes / SERIES / STEPS).toFixed(2)
    console.log(
      `${name.padEnd(20)} ${cpuMs.toFixed(1).padStart(7)} ms CPU  ${(text.length / 1e3 / cpuMs).toFixed(0).padStart(5)} MB/CPU-s  ${perPoint} bytes a point`,
    )
  }
}

function own(pieces: readonly Uint8Array[]): Buffer {
  const gzip = new Gzip()
  return Buffer.concat([...pieces.map((piece) => gzip.add(piece)), gzip.end()])
}

async function streamed(pieces: readonly Uint8Array[]): Promise<number> {
  let bytes = 0
  const count = new Writable({
    write(piece: Buffer, _encoding, done) {
      bytes += piece.length
      done()
    },
  })
  const level = { level: 1, memLevel: constants.Z_MAX_MEMLEVEL, chunkSize: PIECE_BYTES }
  await pipeline(Readable.from(pieces), createGzip(level), count)
  return bytes
}

/** Counters that rise unevenly, each at a pace of its own. */
function counterAt(series: number, round: number): number {
  const pace = 1 + ((series * 7_919) % 97)
  return round * pace + ((series * 31 + round * 17) % pace)
}
