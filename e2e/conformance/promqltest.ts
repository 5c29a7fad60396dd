// Prometheus's own PromQL scripts against our evaluator: promql/promqltest/testdata/*.test.
//
// Run: ORIEL_CONFORMANCE_DIR=<folder with prometheus/> node --conditions=source e2e/conformance/promqltest.ts [-v] [--engine] [file...]
// On the memory store, or with --engine on the embedded engine, each load in a tenant of its own.
// Samples are floats: an eval that touches native histograms or start times is counted apart, and as failed in the total.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { openClickhouse } from '@oriel/clickhouse'
import type { EvalOutcome, ScriptTarget } from '@oriel/promql/testing'
import { runScript, storeTarget } from '@oriel/promql/testing'
import { openMemoryStore } from '@oriel/store'

const directory = join(process.env['ORIEL_CONFORMANCE_DIR'] ?? '', 'prometheus/promql/promqltest/testdata')
const isVerbose = process.argv.includes('-v')
const only = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))

interface Tally {
  passed: number
  wrong: number
  refused: number
}

if (process.env['ORIEL_CONFORMANCE_DIR'] === undefined || !existsSync(directory)) {
  console.log('promqltest: skipped, ORIEL_CONFORMANCE_DIR does not hold prometheus/promql/promqltest/testdata')
} else {
  const { target, close } = process.argv.includes('--engine') ? await engineTarget() : memoryTarget()
  const all: EvalOutcome[] = []
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.test'))) {
    if (only.length > 0 && !only.includes(basename(file, '.test'))) continue
    const outcomes = await runScript(readFileSync(join(directory, file), 'utf8'), target)
    all.push(...outcomes)
    printFile(file, outcomes)
  }
  await close()
  printTotal(all)
  if (floatsOf(all).some(({ outcome }) => outcome === 'wrong')) process.exitCode = 1
}

interface OpenTarget {
  readonly target: ScriptTarget
  readonly close: () => Promise<void>
}

function memoryTarget(): OpenTarget {
  return { target: storeTarget(openMemoryStore), close: async () => {} }
}

async function engineTarget(): Promise<OpenTarget> {
  const dataDir = mkdtempSync(join(tmpdir(), 'oriel-promqltest-'))
  const opened = await openClickhouse({ dataDir })
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
  const floats = tally(floatsOf(outcomes))
  const rest = `floats alone ${floats.passed} of ${floats.passed + floats.wrong + floats.refused}`
  console.log(`${file}: ${passed} passed, ${wrong + refused} failed (${rest}; ${floats.wrong} wrong, ${floats.refused} refused)`)
  if (!isVerbose) return
  for (const { line, expr, outcome, reason } of floatsOf(outcomes)) {
    if (outcome !== 'passed') console.log(`  ${file}:${line} ${outcome}: ${expr}\n      ${reason ?? ''}`)
  }
}

function printTotal(outcomes: readonly EvalOutcome[]): void {
  const total = tally(outcomes)
  const floats = tally(floatsOf(outcomes))
  const floatCount = floats.passed + floats.wrong + floats.refused
  console.log(`promqltest: ${total.passed} passed, ${total.wrong + total.refused} failed`)
  for (const needs of ['native histograms', 'start times'] as const) {
    console.log(`  ${outcomes.filter((outcome) => outcome.needs === needs).length} evals need ${needs}`)
  }
  const share = ((100 * floats.passed) / Math.max(1, floatCount)).toFixed(1)
  console.log(
    `  of the other ${floatCount}: ${floats.passed} passed (${share} %), ${floats.refused} refused, ${floats.wrong} wrong`,
  )
}

function floatsOf(outcomes: readonly EvalOutcome[]): EvalOutcome[] {
  return outcomes.filter(({ needs }) => needs === undefined)
}

function tally(outcomes: readonly EvalOutcome[]): Tally {
  const counts: Tally = { passed: 0, wrong: 0, refused: 0 }
  for (const { outcome } of outcomes) counts[outcome]++
  return counts
}
