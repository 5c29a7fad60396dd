// `npm run bench -- [suite ...]`: Oriel and its peers on the same machine in the same run, as ratios. Peers from ORIEL_PEERS_DIR.
import { spawnSync } from 'node:child_process'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'

const SUITES: Readonly<Record<string, { readonly file: string; readonly about: string }>> = {
  start: { file: 'start.ts', about: 'time to ready and idle memory' },
  'ingest-metrics': { file: 'ingest-metrics.ts', about: 'remote write against Prometheus and VictoriaMetrics' },
  scrape: { file: 'scrape.ts', about: '2,000 targets every 15 s, beside Prometheus' },
  'query-metrics': { file: 'query-metrics.ts', about: 'PromQL range queries against Prometheus and VictoriaMetrics' },
  'million-series': { file: 'million-series.ts', about: '1,000,000 active series: memory and look-ups beside Prometheus' },
  bytes: { file: 'bytes.ts', about: 'bytes a sample of real expositions, after merges' },
  logs: { file: 'logs.ts', about: 'OTLP log ingest and search against Loki' },
  spans: { file: 'spans.ts', about: 'OTLP span ingest and trace by id against Jaeger' },
}

const names = process.argv.slice(2)
const unknown = names.filter((name) => !Object.hasOwn(SUITES, name))
if (names.length === 0 || unknown.length > 0) {
  if (unknown.length > 0) console.error(`no such suite: ${unknown.join(', ')}`)
  for (const [name, { about }] of Object.entries(SUITES)) console.log(`${name.padEnd(16)} ${about}`)
  process.exit(unknown.length > 0 ? 2 : 0)
}
console.log(
  `${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`,
)
let status = 0
for (const name of names) {
  const { status: code } = spawnSync(
    process.execPath,
    ['--conditions=source', fileURLToPath(new URL(SUITES[name]!.file, import.meta.url))],
    { stdio: 'inherit' },
  )
  if (code !== 0) status = 1
}
process.exit(status)
