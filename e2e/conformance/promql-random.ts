// Random queries on random series, asked of Oriel and of a real Prometheus: every number, label, error, warning and info compared.
//
// Run: ORIEL_PEERS_DIR=<folder with bin/prometheus> node --conditions=source e2e/conformance/promql-random.ts [--seed N] [--queries N] [-v]
// Half of the queries run with names removed at the end of the query, half at once. The same seed asks the same.
import { parseArgs } from 'node:util'
import { startOriel } from '../oriel.ts'
import { differenceOf } from './compare-answers.ts'
import { ask, hasPrometheus, sendSeries, startPrometheus } from './peer-prometheus.ts'
import { knownDifference } from './known-differences.ts'
import type { RandomQuery } from './random-queries.ts'
import { QueryGenerator } from './random-queries.ts'
import { randomOf, randomSeries, STALE } from './random-series.ts'

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    queries: { type: 'string', default: '20000' },
    verbose: { type: 'boolean', short: 'v', default: false },
  },
})

const FEATURES = ['promql-experimental-functions', 'promql-extended-range-selectors', 'promql-binop-fill-modifiers']
const CONFIGURATIONS = [FEATURES, [...FEATURES, 'promql-delayed-name-removal']]
// 10 minutes of samples a request; four questions at a time keep both busy.
const SLICE_MS = 600_000
const AT_ONCE = 4
// 40: more differences than that have one cause.
const SHOWN = options.verbose ? Infinity : 40

const counts = { passed: 0, failed: 0, errors: 0, explained: new Map<string, number>() }

if (hasPrometheus()) await main()
else console.log('promql-random: skipped, ORIEL_PEERS_DIR does not hold bin/prometheus')

async function main(): Promise<void> {
  const perConfiguration = Math.ceil(Number(options.queries) / CONFIGURATIONS.length)
  for (const [i, features] of CONFIGURATIONS.entries()) await compareWith(features, Number(options.seed) + i, perConfiguration)
  const { passed, failed, errors, explained } = counts
  for (const [why, count] of explained) console.log(`  ${count} differ as explained: ${why}`)
  console.log(`promql-random: ${passed} passed, ${failed} failed (seed ${options.seed}, ${errors} answered by the same error)`)
  if (failed > 0 || passed === 0) process.exitCode = 1
}

async function compareWith(features: readonly string[], seed: number, queries: number): Promise<void> {
  const prometheus = await startPrometheus(features)
  const oriel = await startOriel({ args: ['--enable-feature', features.join(',')] })
  try {
    const random = randomOf(seed)
    await sendSeries([prometheus.http, oriel.http], randomSeries(random), { sliceMs: SLICE_MS, stale: STALE })
    const generator = new QueryGenerator(random)
    let left = queries
    const worker = async (): Promise<void> => {
      while (left-- > 0) await compareOne(prometheus.http, oriel.http, generator.next())
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
  } finally {
    await oriel.close()
    await prometheus.close()
  }
}

async function compareOne(prometheus: string, oriel: string, { query, times }: RandomQuery): Promise<void> {
  const [theirs, ours] = await Promise.all([ask(prometheus, query, times), ask(oriel, query, times)])
  const difference = differenceOf(theirs, ours, { withNotes: true })
  const why = difference === undefined ? undefined : knownDifference(query, theirs, ours)
  if (difference === undefined) counts.passed++
  else if (why !== undefined) counts.explained.set(why, (counts.explained.get(why) ?? 0) + 1)
  else if (++counts.failed <= SHOWN) console.log(`  ${query} ${JSON.stringify(times)}\n      ${difference.slice(0, 1_000)}`)
  if (difference === undefined && theirs.error !== undefined) counts.errors++
}
