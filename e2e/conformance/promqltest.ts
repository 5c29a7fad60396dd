// Prometheus's own PromQL scripts against our evaluator: promql/promqltest/testdata/*.test.
//
// Run: ORIEL_CONFORMANCE_DIR=<folder with prometheus/> node --conditions=source e2e/conformance/promqltest.ts [-v] [WAY...] [FILE...]
// Three ways, all unless some are named, each script in a tenant of its own: --memory, the store in memory; --grids, the embedded
// engine with every piece pushed down that it can do exactly; --http, a running server, samples by remote write and queries by the
// API, each answer compared with what the store in memory gave and the script checked.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { openClickhouse } from '@oriel/clickhouse'
import type { EvalOutcome, ScriptTarget } from '@oriel/promql/testing'
import { runScript, storeTarget } from '@oriel/promql/testing'
import { openMemoryStore } from '@oriel/store'
import { httpTarget } from './promqltest-http.ts'

const directory = join(process.env['ORIEL_CONFORMANCE_DIR'] ?? '', 'prometheus/promql/promqltest/testdata')
const options = process.argv.slice(2)
const isVerbose = options.includes('-v')
const only = options.filter((option) => !option.startsWith('-'))

interface OpenTarget {
  readonly target: ScriptTarget
  readonly close: () => Promise<void>
}

const WAYS: Readonly<Record<string, () => Promise<OpenTarget>>> = {
  memory: async () => ({ target: storeTarget(openMemoryStore), close: async () => {} }),
  grids: gridsTarget,
  http: httpTarget,
}

interface Tally {
  passed: number
  wrong: number
  refused: number
}

if (process.env['ORIEL_CONFORMANCE_DIR'] === undefined || !existsSync(directory)) {
  console.log('promqltest: skipped, ORIEL_CONFORMANCE_DIR does not hold prometheus/promql/promqltest/testdata')
} else {
  const named = Object.keys(WAYS).filter((way) => options.includes(`--${way}`))
  const all: EvalOutcome[] = []
  for (const way of named.length > 0 ? named : Object.keys(WAYS)) all.push(...(await runWay(way)))
  printTotal('promqltest', all)
  if (all.some(({ outcome }) => outcome !== 'passed')) process.exitCode = 1
}

async function runWay(way: string): Promise<EvalOutcome[]> {
  const { target, close } = await WAYS[way]!()
  const all: EvalOutcome[] = []
  try {
    for (const file of readdirSync(directory).filter((name) => name.endsWith('.test'))) {
      if (only.length > 0 && !only.includes(basename(file, '.test'))) continue
      const outcomes = await runScript(readFileSync(join(directory, file), 'utf8'), target)
      all.push(...outcomes)
      printFile(`${way} ${file}`, outcomes)
    }
  } finally {
    await close()
  }
  printTotal(`  ${way}`, all)
  return all
}

async function gridsTarget(): Promise<OpenTarget> {
  const dataDir = mkdtempSync(join(tmpdir(), 'oriel-promqltest-'))
  const opened = await openClickhouse({ dataDir, grid: { offered: 'always' } })
  const { store } = opened
  await opened.engine.started
  let tenants = 0
  return {
    target: storeTarget(() => ({ metrics: store.metrics, sink: store.sink, tenant: `script-${++tenants}` })),
    close: async () => {
      await opened.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

function printFile(file: string, outcomes: readonly EvalOutcome[]): void {
  const { passed, wrong, refused } = tally(outcomes)
  console.log(`${file}: ${passed} passed, ${wrong + refused} failed`)
  if (!isVerbose) return
  for (const { line, expr, outcome, reason } of outcomes) {
    if (outcome !== 'passed') console.log(`  ${file}:${line} ${outcome}: ${expr}\n      ${reason ?? ''}`)
  }
}

function printTotal(title: string, outcomes: readonly EvalOutcome[]): void {
  const { passed, wrong, refused } = tally(outcomes)
  console.log(`${title}: ${passed} passed, ${wrong + refused} failed (${wrong} wrong, ${refused} refused)`)
}

function tally(outcomes: readonly EvalOutcome[]): Tally {
  const counts: Tally = { passed: 0, wrong: 0, refused: 0 }
  for (const { outcome } of outcomes) counts[outcome]++
  return counts
}
