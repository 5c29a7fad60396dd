// PromLabs' PromQL compliance queries, asked of Oriel and of a real Prometheus over the same samples.
//
// Run: ORIEL_PEERS_DIR=<folder with bin/prometheus> ORIEL_CONFORMANCE_DIR=<folder with compliance/>
//      node --conditions=source e2e/conformance/promql-compliance.ts
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startOriel } from '../oriel.ts'
import { differenceOf } from './compare-answers.ts'
import { demoSeries } from './demo-series.ts'
import type { Times } from './peer-prometheus.ts'
import { ask, hasPrometheus, sendSeries, startPrometheus } from './peer-prometheus.ts'
import { randomOf, STALE, START_MS } from './random-series.ts'

const folder = join(process.env['ORIEL_CONFORMANCE_DIR'] ?? '', 'compliance/promql')
const FEATURES = ['promql-experimental-functions']
const SLICE_MS = 600_000
// As the compliance tester asks: ten minutes in steps of ten seconds.
const TIMES: Times = { startMs: START_MS + 5_400_000, endMs: START_MS + 6_000_000, stepMs: 10_000 }
const MOMENT: Times = { startMs: TIMES.endMs, endMs: TIMES.endMs, stepMs: 0 }

if (!hasPrometheus() || !existsSync(folder)) {
  console.log('promql-compliance: skipped, ORIEL_PEERS_DIR holds no bin/prometheus or ORIEL_CONFORMANCE_DIR no compliance/promql')
} else await main()

async function main(): Promise<void> {
  const prometheus = await startPrometheus(FEATURES)
  const oriel = await startOriel({ args: ['--enable-feature', FEATURES.join(',')] })
  let [passed, failed, queries] = [0, 0, 0]
  try {
    await sendSeries([prometheus.http, oriel.http], demoSeries(randomOf(1)), { sliceMs: SLICE_MS, stale: STALE })
    for (const query of complianceQueries()) {
      queries++
      for (const times of [TIMES, MOMENT]) {
        const [theirs, ours] = await Promise.all([ask(prometheus.http, query, times), ask(oriel.http, query, times)])
        const difference = differenceOf(theirs, ours, { withNotes: true })
        if (difference === undefined) passed++
        else if (++failed <= 40) console.log(`  ${query} ${JSON.stringify(times)}\n      ${difference.slice(0, 600)}`)
      }
    }
  } finally {
    await oriel.close()
    await prometheus.close()
  }
  console.log(`promql-compliance: ${passed} passed, ${failed} failed (${queries} queries, each as a range and for one moment)`)
  if (failed > 0 || passed === 0) process.exitCode = 1
}

/**
 * The queries with their variants filled in, read from the tester's own files as text. Whether one should fail is for the real
 * Prometheus to say: the file is older than UTF-8 label names.
 */
function complianceQueries(): string[] {
  const variants = readVariants(readFileSync(join(folder, 'testcases/expand.go'), 'utf8'))
  const lines = readFileSync(join(folder, 'promql-test-queries.yml'), 'utf8').split('\n')
  const queries = lines.flatMap((line) => /^\s+(?:- )?query: (.*)$/.exec(line)?.[1] ?? [])
  return queries.flatMap((query) => expand(unquoted(query), variants))
}

function readVariants(source: string): ReadonlyMap<string, readonly string[]> {
  const start = source.indexOf('testVariantArgs')
  const table = source.slice(start, source.indexOf('\n}\n', start))
  const rows = table.matchAll(/"(\w+)":\s*\{([^}]*)\}/g)
  return new Map(
    [...rows].map(([, name = '', values = '']) => [name, [...values.matchAll(/"([^"]*)"/g)].map(([, of = '']) => of)]),
  )
}

function expand(query: string, variants: ReadonlyMap<string, readonly string[]>): string[] {
  const name = /\{\{\.(\w+)\}\}/.exec(query)?.[1]
  if (name === undefined) return [query]
  return (variants.get(name) ?? []).flatMap((value) => expand(query.replaceAll(`{{.${name}}}`, value), variants))
}

/** A YAML scalar as the file writes them. */
function unquoted(text: string): string {
  const quoted = /^'(.*)'$/.exec(text)?.[1]
  if (quoted !== undefined) return quoted.replaceAll("''", "'")
  return /^"(.*)"$/.exec(text)?.[1] ?? text
}
