// `npm run test:e2e -- [suite ...]`: the suites that need real clients, peers, a browser or minutes. Each prints `N passed, N failed`.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const SUITES: Readonly<Record<string, { readonly file: string; readonly about: string }>> = {
  clients: { file: 'clients.ts', about: 'real clients, each read back exactly (ORIEL_PEERS_DIR)' },
  crash: { file: 'crash.ts', about: 'kill -9 of Oriel, engine and both under load (ORIEL_CRASH_ROUNDS)' },
  'bad-input': { file: 'bad-input.ts', about: 'hostile bodies, values, queries, sockets, scrape targets and starts' },
  strain: { file: 'strain.ts', about: 'strange senders and targets, churn, slow rules, queries for everything, all at once' },
  seeds: { file: 'seeds.ts', about: 'queries of the teaching texts, verbatim, against Prometheus and known numbers' },
  cardinality: { file: 'cardinality.ts', about: 'a million user ids in a label, and the page and rule that end it' },
  'full-disk': { file: 'full-disk.ts', about: 'a disk that fills up under load, and has room again' },
  tiering: {
    file: 'tiering.ts',
    about: 'old samples in an S3-compatible bucket that goes away and comes back (moto_server of PyPI)',
  },
  promqltest: { file: 'conformance/promqltest.ts', about: "Prometheus's own query tests (ORIEL_CONFORMANCE_DIR)" },
  'ingest-peer': {
    file: 'conformance/ingest-peer.ts',
    about: 'scrapes and OTLP metrics as Prometheus stores them (ORIEL_PEERS_DIR)',
  },
  'scrape-corpora': {
    file: 'conformance/scrape-corpora.ts',
    about: "Prometheus's own tables of relabeling, configurations and discovery (ORIEL_CONFORMANCE_DIR)",
  },
  'exposition-corpora': {
    file: 'conformance/exposition-corpora.ts',
    about: 'every exposition of the public corpora scraped beside a real Prometheus (ORIEL_PEERS_DIR, ORIEL_CONFORMANCE_DIR)',
  },
  'promqltest-parser': {
    file: 'conformance/promqltest-parser.ts',
    about: "what Prometheus's parser accepts and rejects (ORIEL_CONFORMANCE_DIR)",
  },
  'promql-peer': { file: 'conformance/promql-peer.ts', about: 'PromQL beside a real Prometheus, to the digit (ORIEL_PEERS_DIR)' },
  'promql-random': {
    file: 'conformance/promql-random.ts',
    about: '20,000 random queries beside a real Prometheus, native histograms too (ORIEL_PEERS_DIR)',
  },
  'promql-compliance': {
    file: 'conformance/promql-compliance.ts',
    about: "PromLabs' compliance queries beside a real Prometheus (ORIEL_PEERS_DIR, ORIEL_CONFORMANCE_DIR)",
  },
  'remote-write-receiver': {
    file: 'conformance/remote-write-receiver.ts',
    about: "the Prometheus project's receiver tests, and what they sent read back (ORIEL_CONFORMANCE_DIR, Go)",
  },
  rules: {
    file: 'conformance/rules-peer.ts',
    about:
      'rules of the corpora beside a real Prometheus: health, alerts, recorded values (ORIEL_PEERS_DIR, ORIEL_CONFORMANCE_DIR)',
  },
  'rule-corpora': {
    file: 'conformance/rule-corpora.ts',
    about: 'every rule of monitoring-mixins and awesome-prometheus-alerts evaluated (ORIEL_CONFORMANCE_DIR)',
  },
  'rule-tools': {
    file: 'conformance/rule-tools.ts',
    about: 'unit tests and checks of rules, configurations and metrics beside promtool (ORIEL_PEERS_DIR, ORIEL_CONFORMANCE_DIR)',
  },
  'alert-templates': {
    file: 'conformance/alert-templates.ts',
    about: "Prometheus's own tests of alert templates (ORIEL_CONFORMANCE_DIR)",
  },
  'prometheus-openapi': {
    file: 'conformance/prometheus-openapi.ts',
    about: "the Prometheus API against Prometheus's own description of it (ORIEL_CONFORMANCE_DIR)",
  },
  'prometheus-api-peer': {
    file: 'conformance/prometheus-api-peer.ts',
    about: 'the Prometheus API beside a real Prometheus: status, shapes, texts of errors (ORIEL_PEERS_DIR)',
  },
  'prometheus-readers': {
    file: 'conformance/prometheus-readers.ts',
    about: 'real Prometheus servers that remote-read and federate from ours (ORIEL_PEERS_DIR)',
  },
  promtool: { file: 'promtool.ts', about: 'promtool as a client, beside a real Prometheus (ORIEL_PEERS_DIR)' },
  browser: { file: 'browser/golden-path.ts', about: 'error spike to logs by clicks alone, screenshots, axe (ORIEL_URL)' },
}

const names = process.argv.slice(2)
const unknown = names.filter((name) => !Object.hasOwn(SUITES, name))
if (names.length === 0 || unknown.length > 0) {
  if (unknown.length > 0) console.error(`no such suite: ${unknown.join(', ')}`)
  for (const [name, { about }] of Object.entries(SUITES)) console.log(`${name.padEnd(12)} ${about}`)
  process.exit(unknown.length > 0 ? 2 : 0)
}
let status = 0
for (const name of names) {
  console.log(`== ${name}`)
  const file = fileURLToPath(new URL(SUITES[name]!.file, import.meta.url))
  const { status: code } = spawnSync(process.execPath, ['--conditions=source', file], { stdio: 'inherit' })
  if (code !== 0) status = 1
}
process.exit(status)
