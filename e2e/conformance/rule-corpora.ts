// Every rule of monitoring-mixins and awesome-prometheus-alerts: read, its expression parsed and checked, its templates parsed, and
// evaluated on series made for it.
//
// Run: ORIEL_CONFORMANCE_DIR=<folder with mixins/ and awesome-prometheus-alerts/> node --conditions=source e2e/conformance/rule-corpora.ts [-v]
import { globSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseRuleFile, RuleGroup } from '@oriel/alert'
import type { RuleGroupSpec } from '@oriel/alert'
import { DEFAULT_FEATURES, evaluate } from '@oriel/promql'
import { DEFAULT_QUERY_LIMITS, hash64, makeQueryStats, openMemoryStore, seriesId } from '@oriel/store'
import { labelValue, makeMetricBlock, METRIC_NAME, MS_PER_DAY } from '@oriel/model'
import { makeSeries } from './rule-data.ts'

const corpora = process.env['ORIEL_CONFORMANCE_DIR'] ?? ''
const isVerbose = process.argv.includes('-v')
const NOW_MS = 1_700_000_000_000
const STEP_MS = 60_000
const SAMPLES = 12

/** Files that Prometheus refuses as well: rule-tools compares each of them with promtool. */
const files = ['mixins/assets/*/{rules,alerts}.yaml', 'awesome-prometheus-alerts/dist/rules/*/*.yml']
  .flatMap((pattern) => globSync(join(corpora, pattern)))
  .sort()
let [passed, failed] = [0, 0]
if (files.length === 0)
  console.log('rule-corpora: skipped, ORIEL_CONFORMANCE_DIR does not hold mixins/ and awesome-prometheus-alerts/')
else {
  for (const file of files) await checkFile(file)
  console.log(`rule-corpora: ${passed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
}

async function checkFile(file: string): Promise<void> {
  const { groups, problems } = parseRuleFile(readFileSync(file, 'utf8'))
  const name = relative(corpora, file)
  if (problems.length > 0) {
    failed += problems.length
    console.log(`  ${name}: ${problems.join('\n    ')}`)
  }
  for (const spec of groups) await runGroup(name, spec)
}

/** Evaluates a group twice on data of its own. */
async function runGroup(file: string, spec: RuleGroupSpec): Promise<void> {
  const store = openMemoryStore()
  const block = makeMetricBlock('t')
  const append = (labels: Parameters<typeof seriesId>[0], tMs: number, value: number): void => {
    const id = seriesId(labels)
    block.series.push({ id, labels, day: Math.floor(tMs / MS_PER_DAY) })
    block.samples.metricId.pushBigInt(hash64(labelValue(labels, METRIC_NAME)))
    block.samples.seriesId.pushFrom(id, 0)
    block.samples.tMs.pushNumber(tMs)
    block.samples.values.pushDouble(value)
  }
  for (const { labels, first, slope } of makeSeries(spec.rules.map(({ parsed }) => parsed)))
    for (let i = 0; i < SAMPLES; i++) append(labels, NOW_MS - i * STEP_MS, first + slope * (SAMPLES - i) * 60)
  await store.sink.writeMetrics([block])
  const group = new RuleGroup(
    { file, spec, intervalMs: STEP_MS },
    {
      query: async (expr, tMs) => {
        const context = {
          tenants: ['t'],
          signal: new AbortController().signal,
          limits: DEFAULT_QUERY_LIMITS,
          stats: makeQueryStats(),
        }
        const result = await evaluate(
          store.metrics,
          { expr, startMs: tMs, endMs: tMs, stepMs: 0, features: DEFAULT_FEATURES },
          context,
        )
        if (result.kind === 'vector') return result.labels.map((labels, i) => ({ labels, value: result.values[i] ?? NaN }))
        return result.kind === 'scalar' ? [{ labels: [], value: result.value }] : []
      },
      append: async () => {},
    },
  )
  await group.evaluate(NOW_MS)
  for (const { name, status } of group.rules) {
    // Data made without knowledge of the metrics can match twice where the real ones do not: that is Prometheus's own answer.
    const isData = /many-to-many|duplicate series|same labelset|grouping labels must ensure unique matches/.test(status.lastError)
    if (status.health === 'ok' || isData) passed++
    else failed++
    if (status.health !== 'ok' && (!isData || isVerbose)) console.log(`  ${file} ${group.name} ${name}: ${status.lastError}`)
  }
}
