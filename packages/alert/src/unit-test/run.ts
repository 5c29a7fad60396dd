// Source: Prometheus 3.14 cmd/promtool/unittest.go.

import type { Labels, NativeHistogram, UnixMs } from '@oriel/model'
import { compareLabels, makeLabels, OrielError } from '@oriel/model'
import type { PromqlFeatures, VectorResult } from '@oriel/promql'
import { evaluate } from '@oriel/promql'
import { parseMetric, parseSeriesLine } from '@oriel/promql/testing'
import { DEFAULT_QUERY_LIMITS, makeQueryStats } from '@oriel/store'
import { printPromDuration } from '@oriel/syntax'
import { AlertError } from '../errors.ts'
import type { LoadedGroup } from '../load.ts'
import { ALERT_NAME, AlertingRule } from '../rules/alerting.ts'
import { RuleGroup } from '../rules/group.ts'
import type { RuleQuery, Sample, StoredSample } from '../sample.ts'
import { equalSamples, printAlerts, printRanges, printSamples } from './compare.ts'
import type { FiringAlert } from './compare.ts'
import { SeriesStore } from './series-store.ts'
import type { AlertTest, QueryTest, UnitTest, UnitTestFile } from './test-file.ts'

/** Something a test expected otherwise. */
export type TestFailure =
  | { readonly kind: 'error'; readonly message: string }
  | {
      readonly kind: 'alert'
      readonly test: string
      readonly alert: string
      readonly at: string
      readonly expected: readonly FiringAlert[]
      readonly got: readonly FiringAlert[]
      readonly message: string
    }
  | {
      readonly kind: 'query'
      readonly expr: string
      readonly at: string
      readonly expected: string
      readonly got: string
      readonly message: string
    }

/** How a test is run. */
export interface UnitTestOptions {
  readonly features: PromqlFeatures
  /** Takes every sample that the test has in the end, its own and those of rules, in lines of text. */
  readonly debug?: (text: string) => void
}

/** Runs one test of a file on rules that were loaded for it, with a clock of its own. Returns what was wrong. */
export async function runUnitTest(
  file: UnitTestFile,
  test: UnitTest,
  groups: readonly LoadedGroup[],
  options: UnitTestOptions,
): Promise<TestFailure[]> {
  const nameless = test.alertTests.find(({ alert }) => alert === '')
  if (nameless !== undefined) {
    const where = test.name === '' ? '' : ` (in TestGroup ${test.name})`
    const at = printPromDuration(nameless.atMs)
    return [failure(`an item under alert_rule_test misses required attribute alertname at eval_time ${at}${where}`)]
  }
  try {
    return await new TestRun(file, test, groups, options).run()
  } catch (error) {
    if (error instanceof OrielError) return [failure(error.message)]
    throw error
  }
}

function failure(message: string): TestFailure {
  return { kind: 'error', message }
}

class TestRun {
  readonly #file: UnitTestFile
  readonly #test: UnitTest
  readonly #options: UnitTestOptions
  readonly #store = new SeriesStore()
  readonly #groups: readonly RuleGroup[]
  readonly #inputs: readonly { readonly samples: readonly StoredSample[]; next: number }[]
  readonly #failures: TestFailure[] = []

  constructor(file: UnitTestFile, test: UnitTest, groups: readonly LoadedGroup[], options: UnitTestOptions) {
    this.#file = file
    this.#test = test
    this.#options = options
    this.#inputs = inputsOf(test)
    const order = (name: string): number => Math.max(0, file.groupOrder.indexOf(name))
    this.#groups = groups
      .map(({ file: ruleFile, spec }) => this.#makeGroup(ruleFile, spec))
      .sort((a, b) => order(a.name) - order(b.name))
  }

  async run(): Promise<TestFailure[]> {
    const { evaluationIntervalMs } = this.#file
    const { startMs, alertTests, queryTests } = this.#test
    const lastMs = Math.max(0, ...[...alertTests, ...queryTests].map(({ atMs }) => atMs))
    for (let passedMs = 0; passedMs <= lastMs; passedMs += evaluationIntervalMs) {
      this.#loadUpTo(startMs + passedMs)
      if (!(await this.#evaluate(startMs + passedMs))) return this.#failures
      // What is asked for between two evaluations is what the first of them found.
      const due = alertTests.filter(({ atMs }) => atMs >= passedMs && atMs < passedMs + evaluationIntervalMs)
      for (const alertTest of due.sort((a, b) => a.atMs - b.atMs)) this.#checkAlerts(alertTest)
    }
    for (const queryTest of queryTests) await this.#checkQuery(queryTest)
    // Seconds, the next one where it is between two: what a range can be.
    await this.#dump(1_000 * Math.floor(lastMs / 1_000 + 1))
    return this.#failures
  }

  #makeGroup(file: string, spec: LoadedGroup['spec']): RuleGroup {
    const { externalLabels, externalUrl, intervalMs } = this.#test
    return new RuleGroup(
      { file, spec, intervalMs: spec.intervalMs ?? intervalMs },
      {
        query: this.#query,
        append: async (samples) => this.#store.append(samples),
        externalLabels: makeLabels(externalLabels),
        externalUrl,
      },
    )
  }

  readonly #query: RuleQuery = async (expr, tMs) => {
    const result = await this.#ask(expr, tMs)
    if (result.kind === 'vector') return samplesOf(result)
    if (result.kind === 'scalar') return [{ labels: [], value: result.value }]
    throw new AlertError('ALERT_BAD_RESULT', 'rule result is not a vector or scalar')
  }

  async #dump(rangeMs: number): Promise<void> {
    const { debug } = this.#options
    if (debug === undefined) return
    const range = printPromDuration(rangeMs)
    const result = await this.#ask(`{__name__=~".+"}[${range}]`, this.#test.startMs + rangeMs)
    if (result.kind !== 'ranges') return
    debug(`Dump of all data (input_series and rules) at ${printGoSpan(rangeMs / 1_000)}:\n${printRanges(result)}`)
  }

  #ask(expr: string, tMs: UnixMs): ReturnType<typeof evaluate> {
    const { features } = this.#options
    return evaluate(
      this.#store.source,
      { expr, startMs: tMs, endMs: tMs, stepMs: 0, features, defaultSubqueryStepMs: this.#file.evaluationIntervalMs },
      { tenants: [''], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() },
    )
  }

  /** Series come with time, so that nothing reads what is not there yet. */
  #loadUpTo(tMs: UnixMs): void {
    for (const input of this.#inputs) {
      const from = input.next
      while (input.next < input.samples.length && input.samples[input.next]!.tMs <= tMs) input.next++
      this.#store.append(input.samples.slice(from, input.next))
    }
  }

  /** Evaluates all groups; false when a rule failed. */
  async #evaluate(tMs: UnixMs): Promise<boolean> {
    for (const group of this.#groups) await group.evaluate(tMs)
    const failed = this.#groups.flatMap(({ rules }) => rules.filter(({ status }) => status.lastError !== ''))
    for (const { name, status } of failed)
      this.#failures.push(failure(`    rule: ${name}, time: ${printGoSeconds(tMs)}, err: ${status.lastError}`))
    return failed.length === 0
  }

  #checkAlerts({ alert, atMs, expected }: AlertTest): void {
    const got = this.#groups
      .flatMap(({ rules }) => rules)
      .filter((rule) => rule instanceof AlertingRule && rule.name === alert)
      .flatMap((rule) => (rule instanceof AlertingRule ? rule.activeAlerts() : []))
      .filter(({ state }) => state === 'firing')
      .map(({ labels, annotations }) => ({ labels, annotations }))
      .sort(compareAlerts)
    const wanted = expected
      .map(({ labels, annotations }) => ({
        labels: makeLabels([...labels, [ALERT_NAME, alert]]),
        annotations: makeLabels(annotations),
      }))
      .sort(compareAlerts)
    const isEqual = got.length === wanted.length && got.every((of, i) => compareAlerts(of, wanted[i]!) === 0)
    if (isEqual) return
    const at = printPromDuration(atMs)
    const head = this.#test.name === '' ? '' : `    name: ${this.#test.name},\n`
    const message = `${head}    alertname: ${alert}, time: ${at}, \n        exp:${printAlerts(wanted)}, \n        got:${printAlerts(got)}`
    this.#failures.push({ kind: 'alert', test: this.#test.name, alert, at, expected: wanted, got, message })
  }

  async #checkQuery({ expr, atMs, expected }: QueryTest): Promise<void> {
    const at = printPromDuration(atMs)
    const head = `    expr: ${JSON.stringify(expr)}, time: ${at},`
    let got: Sample[]
    let wanted: Sample[]
    try {
      got = [...(await this.#query(expr, this.#test.startMs + atMs))]
      wanted = expected.map(expectedSample)
    } catch (error) {
      if (!(error instanceof OrielError)) throw error
      this.#failures.push(failure(`${head} err: ${error.message}`))
      return
    }
    got.sort((a, b) => compareLabels(a.labels, b.labels))
    wanted.sort((a, b) => compareLabels(a.labels, b.labels))
    if (equalSamples(wanted, got, this.#file.isFuzzy)) return
    const texts = { expected: printSamples(wanted), got: printSamples(got) }
    const message = `${head}\n        exp: ${texts.expected}\n        got: ${texts.got}`
    this.#failures.push({ kind: 'query', expr, at, ...texts, message })
  }
}

function compareAlerts(a: FiringAlert, b: FiringAlert): number {
  return compareLabels(a.labels, b.labels) || compareLabels(a.annotations, b.annotations)
}

/** Series of a test as samples in order of time; of two with the same labels the later one counts. */
function inputsOf({ inputs, intervalMs, startMs }: UnitTest): { samples: StoredSample[]; next: number }[] {
  const byLabels = new Map<string, { samples: StoredSample[]; next: number }>()
  for (const { series, values } of inputs) {
    const line = readSeries(`${series} ${values}`)
    const samples = line.values.flatMap((value, i): StoredSample[] => {
      const tMs = startMs + i * intervalMs
      if (value.kind === 'value') return [{ labels: line.labels, value: value.value, tMs }]
      if (value.kind === 'histogram') return [{ labels: line.labels, value: NaN, histogram: value.histogram, tMs }]
      return value.kind === 'stale' ? [{ labels: line.labels, value: NaN, tMs, isStale: true }] : []
    })
    byLabels.set(JSON.stringify(line.labels), { samples, next: 0 })
  }
  return [...byLabels.values()]
}

function readSeries(text: string): ReturnType<typeof parseSeriesLine> {
  try {
    return parseSeriesLine(text)
  } catch (error) {
    throw badTest(`invalid series ${JSON.stringify(text)}`, error)
  }
}

function expectedSample({ labels: text, value, histogram }: QueryTest['expected'][number]): Sample {
  const labels = text === '' ? [] : readMetric(text)
  return histogram === '' ? { labels, value } : { labels, value: NaN, histogram: readHistogram(text, histogram) }
}

function readHistogram(labels: string, text: string): NativeHistogram {
  const values = readSeries(`{} ${text}`).values
  const [only] = values
  const fail = (why: string) => badTest(`labels ${JSON.stringify(labels)}`, new Error(why))
  if (values.length !== 1 || only === undefined) throw fail(`expected 1 value, got ${values.length}`)
  if (only.kind !== 'histogram') throw fail(`expected histogram, got ${text}`)
  return only.histogram
}

/** An instant answer as samples. */
function samplesOf({ labels, values, histograms }: VectorResult): Sample[] {
  return labels.map((of, i) => {
    const histogram = histograms?.[i]
    return { labels: of, value: values[i] ?? NaN, ...(histogram !== undefined && { histogram }) }
  })
}

function readMetric(text: string): Labels {
  try {
    const { labels, end } = parseMetric(text.trim(), 0)
    if (end === text.trim().length) return labels
  } catch (error) {
    throw badTest(`labels ${JSON.stringify(text)}`, error)
  }
  throw badTest(`labels ${JSON.stringify(text)}`, new Error('unexpected text after the labels'))
}

function badTest(what: string, cause: unknown): AlertError {
  return new AlertError('ALERT_BAD_TEST', `${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
}

/** As Go prints a time.Duration of whole milliseconds since 1970. */
function printGoSeconds(tMs: UnixMs): string {
  const hours = Math.floor(tMs / 3_600_000)
  const minutes = Math.floor(tMs / 60_000) % 60
  const seconds = `${(tMs % 60_000) / 1_000}s`
  if (hours > 0) return `${hours}h${minutes}m${seconds}`
  return minutes > 0 ? `${minutes}m${seconds}` : seconds
}

/** Whole seconds as Go prints a duration: 1h0m1s, 1m30s, 5s. */
function printGoSpan(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60]
  if (hours > 0) return `${hours}h${minutes}m${seconds % 60}s`
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`
}
