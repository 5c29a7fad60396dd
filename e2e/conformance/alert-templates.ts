// Prometheus's own template tests against our engine: template/template_test.go, read as text.
//
// Run: ORIEL_CONFORMANCE_DIR=<folder with prometheus/> node --conditions=source e2e/conformance/alert-templates.ts [-v]
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { alertFunctions, sampleOf } from '@oriel/alert'
import type { Sample } from '@oriel/alert'
import type { RunOptions, Value } from '@oriel/gotemplate'
import { BUILTIN_NAMES, parseTemplate, printValue, runTemplate } from '@oriel/gotemplate'
import { labelsOf } from '@oriel/model'
import type { NativeHistogram } from '@oriel/model'
import { unquote } from '@oriel/syntax'

const file = join(process.env['ORIEL_CONFORMANCE_DIR'] ?? '', 'prometheus/template/template_test.go')
const NOW_MS = 1_353_755_652_000
const EXTERNAL_URL = 'http://testhost:9090/path/prefix'

/** One scenario of the Go file, its fields as they are written. */
type Scenario = ReadonlyMap<string, string>

const HISTOGRAM: NativeHistogram = {
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 3,
  sum: 10,
  positiveSpans: [],
  positiveBuckets: new Float64Array(),
  negativeSpans: [],
  negativeBuckets: new Float64Array(),
  customBounds: new Float64Array(),
  resetHint: 'unknown',
}

if (process.env['ORIEL_CONFORMANCE_DIR'] === undefined || !existsSync(file)) {
  console.log('alert-templates: skipped, ORIEL_CONFORMANCE_DIR does not hold prometheus/template/template_test.go')
} else {
  let [passed, failed] = [0, 0]
  for (const scenario of readScenarios(readFileSync(file, 'utf8'))) {
    const wanted = scenario.has('shouldFail') ? textIn(scenario.get('errorMsg')) : outputOf(scenario)
    const got = run(scenario)
    if (got === wanted) passed++
    else {
      failed++
      console.log(`  ${scenario.get('text')}\n      got    ${got}\n      wanted ${wanted}`)
    }
  }
  console.log(`alert-templates: ${passed} passed, ${failed} failed`)
  if (failed > 0 || passed === 0) process.exitCode = 1
}

/** The elements of `[]scenario{...}`: they begin and end on lines of their own, two tabs deep. */
function readScenarios(source: string): Scenario[] {
  const scenarios: Scenario[] = []
  for (const [, body = ''] of source.matchAll(/^\t\t\{\n([\s\S]*?)^\t\t\},$/gm)) {
    const fields = new Map<string, string>()
    for (const [, name = '', value = ''] of body.matchAll(
      /^\t\t\t(\w+):\s+([\s\S]*?),$(?=\n(?:\t\t\t\w|\t\t\t\/\/|\n|$)|\n?$(?![\s\S]))/gm,
    ))
      fields.set(name, value)
    if (fields.has('text')) scenarios.push(fields)
  }
  return scenarios
}

function run(scenario: Scenario): string {
  const functions = alertFunctions({
    tMs: NOW_MS,
    externalUrl: EXTERNAL_URL,
    query: () => samplesIn(scenario.get('queryResult')),
  })
  const isHtml = scenario.has('html')
  const all = new Map(functions)
  let stage = 'parsing'
  try {
    const template = parseTemplate('test', textIn(scenario.get('text')), new Set([...functions.keys(), ...BUILTIN_NAMES, 'tmpl']))
    stage = 'executing'
    const options: RunOptions = {
      functions: all,
      isHtml,
      missingKey: (scenario.get('options') ?? '').includes('missingkey=error')
        ? 'error'
        : scenario.has('options')
          ? 'invalid'
          : 'zero',
    }
    all.set('tmpl', {
      parameters: ['string', 'any'],
      call: ([name, data]) => {
        const named = template.defined.get(printValue(name))
        return named === undefined ? '' : { kind: 'html', text: runTemplate(named, data, options) }
      },
    })
    return runTemplate(template, inputOf(scenario.get('input')), options)
  } catch (error) {
    return `error ${stage} template test: ${error instanceof Error ? error.message : String(error)}`
  }
}

function outputOf(scenario: Scenario): string {
  const output = scenario.get('output') ?? '""'
  return output.includes('FloatHistogram') ? '{count:3, sum:10}' : textIn(output)
}

function textIn(literal: string | undefined): string {
  const value = unquote(literal ?? '""')
  return value.ok ? value.value : `no literal: ${literal}`
}

function inputOf(literal: string | undefined): Value {
  if (literal === undefined) return undefined
  if (literal.includes('FloatHistogram')) return sampleOf({ labels: [], value: NaN, histogram: HISTOGRAM })
  const [, type = '', body = ''] = /^\[\](\w+)\{(.*)\}$/s.exec(literal) ?? []
  return { kind: 'list', type: `[]${type}`, items: body.split(', ').map((item) => itemOf(type, item)) }
}

function itemOf(type: string, text: string): Value {
  if (type === 'string') return textIn(text)
  if (type === 'float64') return floatOf(text)
  const int =
    { 'math.MaxInt64': 2n ** 63n - 1n, 'math.MinInt64': -(2n ** 63n), 'math.MaxUint64': 2n ** 64n - 1n }[text] ?? BigInt(text)
  return type === 'int64' || type === 'uint64' || type === 'uint' ? { kind: 'sized', type, int } : int
}

/** Numbers, the names of math, and the sums and products that the tests spell out. */
function floatOf(text: string): number {
  const known = { 'math.Inf(1)': Infinity, 'math.Inf(-1)': -Infinity, 'math.NaN()': NaN }[text]
  if (known !== undefined) return known
  const negated = /^-\((.*)\)$/.exec(text)?.[1]
  if (negated !== undefined) return -floatOf(negated)
  return text
    .split('+')
    .map((term) => term.split('*').reduce((product, factor) => product * Number(factor.trim()), 1))
    .reduce((sum, term) => sum + term, 0)
}

function samplesIn(literal: string | undefined): Sample[] {
  if (literal === undefined) return []
  const samples: Sample[] = []
  for (const [, labels = '', value = ''] of literal.matchAll(
    /(?:labels\.FromStrings\(([^)]*)\),\s*)?T:\s+0,\s*((?:F:\s+[\d.]+)|(?:H:))/g,
  )) {
    const parts = labels.split(', ').filter((part) => part !== '')
    const entries: Record<string, string> = {}
    for (let i = 0; i + 1 < parts.length; i += 2)
      entries[parts[i] === 'labels.MetricName' ? '__name__' : textIn(parts[i])] = textIn(parts[i + 1])
    const float = Number(/F:\s+([\d.]+)/.exec(value)?.[1] ?? NaN)
    samples.push({ labels: labelsOf(entries), value: float, ...(value.startsWith('H:') && { histogram: HISTOGRAM }) })
  }
  return samples
}
