// Every exposition of the public corpora scraped by a real Prometheus and by a server of ours: what each takes, stores and says. Run:
// ORIEL_PEERS_DIR=<folder with bin/> ORIEL_CONFORMANCE_DIR=<folder> node --conditions=source e2e/conformance/exposition-corpora.ts
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pause, startOriel } from '../oriel.ts'
import { hasPeers, startPrometheus } from '../prometheus.ts'
import { knownQuirk } from './exposition-quirks.ts'
import { differencesOf, readAnswers, readMetadata } from './exposition-answers.ts'
import type { ScrapeAnswer } from './exposition-answers.ts'
import type { ExpositionCase } from './exposition-cases.ts'
import { hasExpositionCorpora, JOBS, readExpositionCases, withRecentStarts } from './exposition-cases.ts'

const root = process.env['ORIEL_CONFORMANCE_DIR'] ?? ''
/** A part of the names of cases to look at; all by default. */
const only = process.env['ORIEL_EXPOSITION_ONLY'] ?? ''

/** Servers with other flags: which jobs are worth a look, and what is asked for beside samples. */
interface Round {
  readonly features: readonly string[]
  readonly jobs: RegExp
  /** Whether it is about when counters began. */
  readonly isOfStarts: boolean
  readonly extra: readonly string[]
}

const HISTOGRAM_JOBS = /^(plain|nhcb|native)/
const STORED = [
  'st-storage',
  'xor2-encoding',
  'histograms-st-encoding',
  'use-start-timestamps',
  'promql-experimental-functions',
  // So that a start can be told with its metric.
  'promql-delayed-name-removal',
]
const STARTS = 'label_replace(start_timestamp(CASE), "metric", "$1", "__name__", "(.+)")'
const ROUNDS: readonly Round[] = [
  { features: [], jobs: /./, isOfStarts: false, extra: [] },
  { features: ['created-timestamp-zero-ingestion'], jobs: HISTOGRAM_JOBS, isOfStarts: true, extra: [] },
  { features: STORED, jobs: HISTOGRAM_JOBS, isOfStarts: true, extra: [STARTS] },
]

// Long enough that nearly 2,000 targets at once are no load, even for a busy machine.
const INTERVAL_S = 40
// Twice, so that what a server remembers of the first scrape is looked at too.
const SCRAPES = 2
const ROUND_LIMIT_MS = 300_000

/** Answers with the case that the path names; counts who asked how often. */
class Targets {
  readonly #server: Server
  readonly #scrapes = new Map<string, number>()

  constructor(cases: readonly ExpositionCase[]) {
    this.#server = createServer((request, response) => {
      const [, job = '', id = ''] = (request.url ?? '').split('/')
      const found = cases[Number(id)]
      const key = `${request.headers['user-agent']?.split('/')[0]} ${job} ${id}`
      this.#scrapes.set(key, (this.#scrapes.get(key) ?? 0) + 1)
      if (found === undefined) response.writeHead(404).end()
      // An empty one must be left out, or a default is sent.
      else response.writeHead(200, found.contentType === '' ? {} : { 'content-type': found.contentType }).end(found.body)
    })
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve)
    })
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** How many targets two servers have scraped often enough. */
  get ready(): number {
    return [...this.#scrapes.values()].filter((scrapes) => scrapes >= SCRAPES).length
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

function configuration(cases: readonly ExpositionCase[], { jobs }: Round, port: number): string {
  const configs = Object.entries(JOBS).map(([job, options]) => {
    const targets = cases.flatMap((each, id) =>
      each.jobs.includes(job) && jobs.test(job)
        ? [`      - { targets: ['127.0.0.1:${port}'], labels: { case: '${id}', __metrics_path__: /${job}/${id} } }`]
        : [],
    )
    return `  - job_name: ${job}\n    ${options}\n    static_configs:\n${targets.join('\n')}\n`
  })
  // Times of long ago are taken by both.
  return `global: { scrape_interval: ${INTERVAL_S}s, scrape_timeout: ${INTERVAL_S - 5}s }
storage: { tsdb: { out_of_order_time_window: 100y }, exemplars: { max_exemplars: 1000000 } }
scrape_configs:
${configs.join('')}`
}

async function untilScraped(targets: Targets, wanted: number): Promise<void> {
  const deadline = Date.now() + ROUND_LIMIT_MS
  while (targets.ready < wanted) {
    if (Date.now() > deadline) throw new Error(`only ${targets.ready} of ${wanted} targets were scraped`)
    await pause(500)
  }
  // What was scraped last is stored by then: scrapes wait up to 3 s for others.
  await pause(5_000)
}

async function play(cases: readonly ExpositionCase[], round: Round): Promise<[Told, Told]> {
  const directory = mkdtempSync(join(tmpdir(), 'oriel-exposition-'))
  const targets = new Targets(cases)
  const yaml = configuration(cases, round, await targets.listen())
  writeFileSync(join(directory, 'prometheus.yml'), yaml)
  const features = JSON.stringify(round.features)
  writeFileSync(join(directory, 'oriel.yaml'), `prometheus: { file: prometheus.yml, features: ${features} }\n`)
  const startedMs = Date.now()
  const flags = ['exemplar-storage', ...round.features]
  const args = [`--enable-feature=${flags.join(',')}`, '--storage.tsdb.retention.time=100y']
  const prometheus = await startPrometheus(yaml, args)
  try {
    const oriel = await startOriel({ args: ['--config', join(directory, 'oriel.yaml')] })
    try {
      const wanted = cases.reduce((sum, { jobs }) => sum + jobs.filter((job) => round.jobs.test(job)).length, 0)
      await untilScraped(targets, 2 * wanted)
      const ids = cases.map((_, id) => String(id))
      const tell = async (base: string): Promise<Told> => ({
        answers: await readAnswers(base, ids, { startedMs, extra: round.extra }),
        metadata: await readMetadata(base),
      })
      return [await tell(prometheus.http), await tell(oriel.http)]
    } finally {
      await oriel.close()
    }
  } finally {
    await prometheus.close()
    targets.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

interface Told {
  readonly answers: ReadonlyMap<string, ScrapeAnswer>
  /** By metric, over all targets. */
  readonly metadata: ReadonlyMap<string, string>
}

const MAX_SHOWN = 3
// A minute: before the servers start, and not so long ago that a zero is refused.
const RECENT_S = 60

async function main(): Promise<void> {
  const all = readExpositionCases(root).filter(({ name }) => name.includes(only))
  let [passed, failed] = [0, 0]
  const count = (what: string, differences: readonly string[]): void => {
    if (differences.length === 0) passed++
    else {
      failed++
      console.log(`FAILED ${what}`)
      for (const difference of differences.slice(0, MAX_SHOWN)) console.log(`  ${difference.slice(0, 600)}`)
    }
  }
  for (const round of ROUNDS) {
    const cases = round.isOfStarts ? withRecentStarts(all, Math.floor(Date.now() / 1_000) - RECENT_S) : all
    const [theirs, ours] = await play(cases, round)
    for (const [id, { name, jobs }] of cases.entries())
      for (const job of jobs.filter((each) => round.jobs.test(each))) {
        const key = `${job} ${id}`
        const differences = judge(theirs.answers.get(key), ours.answers.get(key)).filter(
          (difference) => knownQuirk({ name, difference }) === undefined,
        )
        count(`${name} [${[job, ...round.features].join(' ')}]`, differences)
      }
    for (const metric of new Set([...theirs.metadata.keys(), ...ours.metadata.keys()])) {
      const [there, here] = [theirs.metadata.get(metric), ours.metadata.get(metric)]
      count(
        `metadata of ${JSON.stringify(metric)}`,
        there === here ? [] : [`${there ?? 'nothing'} there, ${here ?? 'nothing'} here`],
      )
    }
  }
  console.log(`exposition-corpora: ${passed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
}

function judge(theirs: ScrapeAnswer | undefined, ours: ScrapeAnswer | undefined): string[] {
  if (theirs === undefined || ours === undefined) return [`no answer ${theirs === undefined ? 'there' : 'here'}`]
  const differences = differencesOf(theirs, ours)
  if (ours.health === 'down' && !/^cannot [^:]+: ./.test(ours.lastError)) differences.push(`unclear error: ${ours.lastError}`)
  return differences
}

if (!hasExpositionCorpora(root)) console.log('exposition-corpora: skipped, no corpora in ORIEL_CONFORMANCE_DIR')
else if (hasPeers('exposition-corpora', 'prometheus')) await main()
