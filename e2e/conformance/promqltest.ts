// Prometheus's own PromQL scripts against our evaluator: promql/promqltest/testdata/*.test.
//
// Run: ORIEL_CONFORMANCE_DIR=<folder with prometheus/> node --conditions=source e2e/conformance/promqltest.ts [-v] [--engine] [file...]
// On the memory store, or with --engine on the embedded engine, each load in a tenant of its own.
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
  if (all.some(({ outcome }) => outcome !== 'passed')) process.exitCode = 1
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
  console.log(`${file}: ${passed} passed, ${wrong + refused} failed`)
  if (!isVerbose) return
  for (const { line, expr, outcome, reason } of outcomes) {
    if (outcome !== 'passed') console.log(`  ${file}:${line} ${outcome}: ${expr}\n      ${reason ?? ''}`)
  }
}

function printTotal(outcomes: readonly EvalOutcome[]): void {
  const { passed, wrong, refused } = tally(outcomes)
  console.log(`promqltest: ${passed} passed, ${wrong + refused} failed (${wrong} wrong, ${refused} refused)`)
}

function tally(outcomes: readonly EvalOutcome[]): Tally {
  const counts: Tally = { passed: 0, wrong: 0, refused: 0 }
  for (const { outcome } of outcomes) counts[outcome]++
  return counts
}
