// A real Prometheus and Oriel with the same rule files and the same data: rule health, alerts and recorded values compared.
//
// Run: ORIEL_CONFORMANCE_DIR=... ORIEL_PEERS_DIR=<folder with bin/prometheus> node --conditions=source e2e/conformance/rules-peer.ts [-v]
// Rule files are those of monitoring-mixins, awesome-prometheus-alerts, Prometheus's own fixtures and the teaching texts, with their
// intervals and waits cut to seconds. Data is made for their selectors and sent to both by remote write, up to some minutes ahead.
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parseRuleFile } from '@oriel/alert'
import { freePort, pause, startOriel } from '../oriel.ts'
import { writeSeries } from '../senders.ts'
import type { MadeSeries } from './rule-data.ts'
import { makeSeries } from './rule-data.ts'
import { SEED_RULES } from './rules-seed.ts'

const corpora = process.env['ORIEL_CONFORMANCE_DIR'] ?? ''
const binary = join(process.env['ORIEL_PEERS_DIR'] ?? '', 'bin/prometheus')
const isVerbose = process.argv.includes('-v')
// 20 s: two thousand rules on a busy machine of two cores, in both programs at once.
const INTERVAL_S = 20
const STEP_MS = 30_000
const BACK_MS = 20 * 60_000
// Below the ten minutes that remote write may be ahead.
const AHEAD_MS = 8 * 60_000
const CLOSE = 1e-9
// 3 %: how far increases over a long window move on between the moments at which the two record what other rules read.
const CHAINED = 0.03
// 500 series of some fifty samples a request: about a megabyte.
const SERIES_PER_REQUEST = 500

interface Rule {
  readonly name: string
  readonly query: string
  readonly type: 'alerting' | 'recording'
  readonly health: string
  readonly lastError?: string
  readonly state?: string
  readonly labels: Readonly<Record<string, string>>
  readonly alerts?: readonly Alert[]
  readonly lastEvaluation: string
}

interface Alert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly state: string
  readonly value: string
}

interface Group {
  readonly name: string
  readonly file: string
  readonly rules: readonly Rule[]
}

type Sample = { readonly metric: Readonly<Record<string, string>>; readonly value: readonly [number, string] }

const counts = { passed: 0, failed: 0, chained: 0 }
const messages: string[] = []
// 6 rounds of 20 s.
const MAX_ROUNDS = 6
let recordedNames: ReadonlySet<string> = new Set()

if (!existsSync(binary) || !existsSync(join(corpora, 'mixins'))) {
  console.log('rules: skipped, ORIEL_CONFORMANCE_DIR or ORIEL_PEERS_DIR does not hold mixins/ and bin/prometheus')
} else {
  const directory = mkdtempSync(join(tmpdir(), 'oriel-rules-peer-'))
  try {
    await run(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
  console.log(`  ${counts.chained} of them read what other rules recorded, each at its own moments: within ${100 * CHAINED} %`)
  console.log(`rules: ${counts.passed} passed, ${counts.failed} failed`)
  if (counts.failed > 0 || counts.passed === 0) process.exitCode = 1
}

async function run(directory: string): Promise<void> {
  const series = prepareRules(directory)
  const port = await freePort()
  const prometheus = startPrometheus(directory, port)
  const peer = `http://127.0.0.1:${port}`
  const oriel = await startOriel({ args: ['--config', join(directory, 'oriel.yaml')] })
  try {
    await untilReady(peer)
    console.log(`  ${series.length} series`)
    const nowMs = Math.floor(Date.now() / STEP_MS) * STEP_MS
    for (const url of [peer, oriel.http]) await send(url, series, nowMs)
    // Until data was there rules had none: one round for what others read, one to be pending, one to fire.
    await pause((3.5 * INTERVAL_S + 2) * 1_000)
    // The slots of the two differ, and a busy machine misses some: what differs may be alike a round later.
    for (let round = 0; round < MAX_ROUNDS; round++) {
      if (round > 0) await pause(INTERVAL_S * 1_000)
      Object.assign(counts, { passed: 0, failed: 0, chained: 0 })
      messages.length = 0
      await compareGroups(peer, oriel.http)
      if (counts.failed === 0) break
    }
    for (const message of messages) console.log(`  ${message}`)
  } finally {
    await oriel.close()
    const ended = new Promise((resolve) => prometheus.once('exit', resolve))
    prometheus.kill('SIGTERM')
    await ended
  }
}

/** Writes the rule files and both configurations; returns the data that they need. */
function prepareRules(directory: string): MadeSeries[] {
  const patterns = [
    'mixins/assets/*/{rules,alerts}.yaml',
    'awesome-prometheus-alerts/dist/rules/*/*.yml',
    'prometheus/rules/fixtures/rules*.yaml',
    'thanos/examples/alerts/{alerts,rules}.yaml',
  ]
  const found = patterns
    .flatMap((pattern) => globSync(join(corpora, pattern)))
    .map((file) => [relative(corpora, file), readFileSync(file, 'utf8')] as const)
  mkdirSync(join(directory, 'rules'))
  const exprs: Parameters<typeof makeSeries>[0][number][] = []
  const recorded = new Set<string>()
  for (const [name, text] of [...found, ...SEED_RULES]) {
    const quick = text
      .replaceAll(/^(\s*(?:- )?(?:interval|query_offset):).*$/gm, '$1 0s')
      .replaceAll(/^(\s*(?:- )?(?:for|keep_firing_for):).*$/gm, '$1 1s')
    const { groups, problems } = parseRuleFile(quick)
    if (problems.length > 0) {
      console.log(`  skipped ${name}: ${problems[0]}`)
      continue
    }
    writeFileSync(join(directory, 'rules', name.replaceAll(/[^\w.-]/g, '_').replace(/\.ya?ml$/, '.yml')), quick)
    for (const rule of groups.flatMap(({ rules }) => rules)) if (rule.kind === 'recording') recorded.add(rule.name)
    exprs.push(...groups.flatMap(({ rules }) => rules.map(({ parsed }) => parsed)))
  }
  const global = `global: {evaluation_interval: ${INTERVAL_S}s, external_labels: {region: eu}}\n`
  writeFileSync(join(directory, 'prometheus.yml'), `${global}rule_files: [rules/*.yml]\n`)
  writeFileSync(join(directory, 'oriel.yaml'), `prometheus: prometheus.yml\nexternal_url: http://rules.example\n`)
  recordedNames = recorded
  return makeSeries(exprs, recorded)
}

function startPrometheus(directory: string, port: number): ChildProcess {
  const flags = [
    `--config.file=${join(directory, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(directory, 'tsdb')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--web.external-url=http://rules.example',
    '--web.route-prefix=/',
    '--web.enable-remote-write-receiver',
    '--log.level=error',
  ]
  return spawn(binary, flags, { stdio: ['ignore', 'inherit', isVerbose ? 'inherit' : 'ignore'] })
}

async function untilReady(url: string): Promise<void> {
  for (let i = 0; i < 300; i++) {
    const isReady = await fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isReady) return
    await pause(100)
  }
  throw new Error(`${url} is not ready`)
}

async function send(url: string, series: readonly MadeSeries[], nowMs: number): Promise<void> {
  const times = Array.from({ length: (BACK_MS + AHEAD_MS) / STEP_MS }, (_, i) => nowMs - BACK_MS + i * STEP_MS)
  for (let i = 0; i < series.length; i += SERIES_PER_REQUEST) {
    const made = series.slice(i, i + SERIES_PER_REQUEST).map(({ labels, first, slope }) => ({
      labels: Object.fromEntries(labels.map(({ name, value }) => [name, value])),
      samples: times.map((tMs) => ({ timestamp: tMs, value: first + (slope * (tMs - nowMs + 10_000_000)) / 1_000 })),
    }))
    const { path, headers, body } = writeSeries(made)
    const response = await fetch(url + path, { method: 'POST', headers, body })
    if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  }
}

async function compareGroups(peer: string, ours: string): Promise<void> {
  const [theirGroups, ourGroups] = await Promise.all([groupsOf(peer), groupsOf(ours)])
  const byKey = new Map(ourGroups.map((group) => [keyOf(group), group]))
  for (const group of theirGroups) {
    const own = byKey.get(keyOf(group))
    if (own === undefined || own.rules.length !== group.rules.length) {
      fail(`${keyOf(group)}: ${own === undefined ? 'not there' : `${own.rules.length} rules`}, ${group.rules.length} expected`)
      continue
    }
    for (const [i, rule] of group.rules.entries()) await compareRule(keyOf(group), rule, own.rules[i]!, { peer, ours })
  }
}

async function groupsOf(url: string): Promise<readonly Group[]> {
  const response = await fetch(`${url}/api/v1/rules`)
  const body: { readonly data: { readonly groups: readonly Group[] } } = JSON.parse(await response.text())
  return body.data.groups
}

function keyOf({ file, name }: Group): string {
  return `${file.replace(/^.*\//, '')} ${name}`
}

function fail(message: string): void {
  counts.failed++
  messages.push(message)
}

async function compareRule(group: string, theirs: Rule, own: Rule, urls: { peer: string; ours: string }): Promise<void> {
  const where = `${group} ${theirs.name}`
  if (theirs.name !== own.name || theirs.query !== own.query) fail(`${where}: query ${own.query}, expected ${theirs.query}`)
  else if (theirs.health !== own.health)
    fail(`${where}: ${own.health} (${own.lastError ?? ''}), expected ${theirs.health} (${theirs.lastError ?? ''})`)
  else if (theirs.type === 'alerting') compareAlerts(where, theirs, own)
  else await compareRecorded(where, own, urls)
}

function compareAlerts(where: string, theirs: Rule, own: Rule): void {
  const texts = ({ alerts = [] }: Rule) =>
    alerts.map(({ labels, annotations, state }) => JSON.stringify([sorted(labels), sorted(annotations), state])).sort()
  const [wanted, got] = [texts(theirs), texts(own)]
  const differing = wanted.findIndex((text, i) => text !== got[i] && !isTimeApart(text, got[i] ?? ''))
  if (wanted.length !== got.length || differing >= 0 || theirs.state !== own.state)
    fail(
      `${where}: ${own.state} ${got.length} alerts, expected ${theirs.state} ${wanted.length}\n      ${got[Math.max(0, differing)]}\n      ${wanted[Math.max(0, differing)]}`,
    )
  else counts.passed++
}

/** Texts that differ in numbers alone: values that run with the clock, which the two did not ask at the same moment. */
function isTimeApart(a: string, b: string): boolean {
  const plain = (text: string) => text.replaceAll(/\d[\d.e+]*(?:[kMGTmun]|ms|us)?/g, '0').replaceAll(/(?:0[dhms] ?)+/g, '0')
  return plain(a) === plain(b)
}

function sorted(record: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))
}

/** What we recorded against what Prometheus answers to the rule's expression at the very time of our evaluation. */
async function compareRecorded(where: string, rule: Rule, { peer, ours }: { peer: string; ours: string }): Promise<void> {
  const matchers = Object.entries(rule.labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  const selector = `{__name__=${JSON.stringify(rule.name)}${matchers.map((matcher) => `,${matcher}`).join('')}}`
  const atSeconds = Date.now() / 1_000
  const own = await ask(ours, selector, atSeconds)
  const times = await ask(ours, `timestamp(${selector})`, atSeconds)
  const latest = Math.max(0, ...times.map(({ value }) => Number(value[1])))
  if (own.length === 0) {
    const theirs = await ask(peer, selector, atSeconds)
    if (theirs.length === 0) counts.passed++
    else fail(`${where}: nothing recorded, expected ${theirs.length} series`)
    return
  }
  const wanted = new Map(
    (await ask(peer, rule.query, latest)).map(({ metric, value }) => [
      keyOfSample({ ...metric, ...rule.labels, __name__: rule.name }),
      Number(value[1]),
    ]),
  )
  const got = new Map(own.map(({ metric, value }) => [keyOfSample(metric), Number(value[1])]))
  const bad = [...new Set([...wanted.keys(), ...got.keys()])].find((key) => !isClose(wanted.get(key), got.get(key)))
  const isChained = [...recordedNames].some((name) => rule.query.includes(name))
  if (bad !== undefined && isChained && isClose(wanted.get(bad), got.get(bad), CHAINED)) {
    counts.chained++
    counts.passed++
  } else if (bad === undefined) counts.passed++
  // Several rules of one name record into one selector: then each of ours must be among theirs.
  else if (wanted.has(bad) || !(await ask(peer, selector, atSeconds)).some(({ metric }) => keyOfSample(metric) === bad))
    fail(`${where}: ${bad} is ${got.get(bad)}, expected ${wanted.get(bad)}`)
  else counts.passed++
}

async function ask(url: string, query: string, atSeconds: number): Promise<readonly Sample[]> {
  const response = await fetch(`${url}/api/v1/query`, {
    method: 'POST',
    body: new URLSearchParams({ query, time: String(atSeconds) }),
  })
  const body: {
    readonly data?: { readonly resultType: string; readonly result: readonly Sample[] | readonly [number, string] }
  } = JSON.parse(await response.text())
  if (body.data === undefined) return []
  const { resultType, result } = body.data
  if (resultType !== 'scalar') return result.filter((sample): sample is Sample => typeof sample === 'object')
  const [at, value] = result
  return typeof at === 'number' && typeof value === 'string' ? [{ metric: {}, value: [at, value] }] : []
}

function keyOfSample(metric: Readonly<Record<string, string>>): string {
  return JSON.stringify(sorted(Object.fromEntries(Object.entries(metric).filter(([, value]) => value !== ''))))
}

function isClose(a: number | undefined, b: number | undefined, ratio = CLOSE): boolean {
  if (a === undefined || b === undefined) return false
  return Object.is(a, b) || Math.abs(a - b) <= ratio * Math.max(Math.abs(a), Math.abs(b))
}
