// Series that the expressions of rules select: one metric for each name, with values for the labels that matchers ask for.
import { compileAnchored, compileMatchers } from '@oriel/model'
import type { Labels, Matcher } from '@oriel/model'
import { labelsOf, METRIC_NAME } from '@oriel/model'
import type { Expr } from '@oriel/promql'
import { walk } from '@oriel/promql'

/** A series that rises by `slope` a second from `first` at time 0. */
export interface MadeSeries {
  readonly labels: Labels
  readonly first: number
  readonly slope: number
}

// Names that most rules group and join by: with them, sides of an operation find each other.
const COMMON = 'job instance namespace pod container cluster node service device mountpoint host name id'.split(' ')
const VARIANTS = ['a', 'b']
const BOUNDS = ['0.1', '0.5', '1', '5', '+Inf']
const MAX_SERIES_PER_METRIC = 60

/** Makes series for every selector of the expressions but those of `recorded` names. The same expressions give the same series. */
export function makeSeries(exprs: readonly Expr[], recorded: ReadonlySet<string> = new Set()): MadeSeries[] {
  const selectors = new Map<string, (readonly Matcher[])[]>()
  for (const expr of exprs) {
    walk(expr, (node) => {
      if (node.kind !== 'vectorSelector') return
      const name = nameOf(node.matchers)
      if (name === undefined || name.startsWith('ALERTS') || recorded.has(name)) return
      selectors.set(name, [...(selectors.get(name) ?? []), node.matchers])
    })
  }
  const made = new Map<string, MadeSeries>()
  for (const [name, sets] of selectors) {
    const before = made.size
    for (const matchers of sets) {
      for (const variant of VARIANTS) {
        if (made.size - before >= MAX_SERIES_PER_METRIC) break
        for (const series of seriesFor(name, matchers, variant)) made.set(JSON.stringify(series.labels), series)
      }
    }
  }
  return [...made.values()]
}

function nameOf(matchers: readonly Matcher[]): string | undefined {
  const equal = matchers.find(({ name, op }) => name === METRIC_NAME && op === '=')
  if (equal !== undefined) return equal.value
  const pattern = matchers.find(({ name, op }) => name === METRIC_NAME && op === '=~')
  return pattern === undefined ? undefined : exampleOf(pattern.value)
}

function seriesFor(name: string, matchers: readonly Matcher[], variant: string): MadeSeries[] {
  const labels: Record<string, string> = {}
  for (const common of COMMON) labels[common] = `${common}-${variant}`
  for (const matcher of matchers) {
    if (matcher.name === METRIC_NAME) continue
    const value = valueFor(matcher, variant)
    if (value === undefined) continue
    if (value === '') delete labels[matcher.name]
    else labels[matcher.name] = value
  }
  labels[METRIC_NAME] = name
  if (!compileMatchers(matchers)(labelsOf(labels))) return []
  const seed = hash(`${name} ${JSON.stringify(labels)}`)
  const isBucket = name.endsWith('_bucket') && labels['le'] === undefined
  if (!isBucket) return [{ labels: labelsOf(labels), ...shapeOf(name, seed) }]
  return BOUNDS.map((le, i) => ({ labels: labelsOf({ ...labels, le }), first: 1_000_000 * (i + 1), slope: 2 ** i }))
}

/** Counters rise evenly, so that a rate is the same wherever it is taken; others stay. */
function shapeOf(name: string, seed: number): { first: number; slope: number } {
  if (/_(total|count|sum|created)$/.test(name)) return { first: 1_000_000 + (seed % 1_000), slope: 1 + (seed % 8) }
  if (/_(time|timestamp)(_|$)|_seconds$/.test(name) && seed % 2 === 0) return { first: 1_600_000_000 + (seed % 1_000), slope: 0 }
  return { first: [0, 1, 2, 0.5, 100, 3][seed % 6]!, slope: 0 }
}

/** A value that the matcher takes, '' for an absent label, `undefined` where none was found. */
function valueFor({ name, op, value }: Matcher, variant: string): string | undefined {
  switch (op) {
    case '=':
      return value
    case '!=':
      return value === '' || value !== `${name}-${variant}` ? `${name}-${variant}` : 'other'
    case '=~':
      return exampleOf(value)
    case '!~': {
      const own = `${name}-${variant}`
      return compileAnchored(value)(own) ? (compileAnchored(value)('') ? undefined : '') : own
    }
  }
}

/** A text that the pattern takes: constructs are replaced by their plainest match, and the result is tried. */
function exampleOf(pattern: string): string | undefined {
  let text = pattern.replaceAll(/^\^|\$$/g, '').replaceAll(/\(\?:|\(\?i\)/g, (group) => (group === '(?i)' ? '' : '('))
  // Innermost groups first: the first of their alternatives stands for them.
  for (let i = 0; i < 10 && /\([^()]*\)/.test(text); i++)
    text = text.replace(/\(([^()]*)\)[*+?]?/, (_all, inner: string) => inner.split('|')[0] ?? '')
  text = text.split('|')[0] ?? ''
  text = text
    .replaceAll(/\[([^\]])[^\]]*\](?:[*+?]|\{\d+(?:,\d*)?\})?/g, (_all, first: string) => (first === '^' ? 'x' : first))
    .replaceAll(/\\d[*+?]?/g, '1')
    .replaceAll(/\\w[*+?]?/g, 'w')
    .replaceAll(/\.[*+?]?/g, 'x')
    .replaceAll(/\\(.)/g, '$1')
    .replaceAll(/.\?/g, '')
    .replaceAll(/[*+]/g, '')
  return [text, 'x', '1', 'abc', '500', 'a-b', ''].find((candidate) => compileAnchored(pattern)(candidate))
}

function hash(text: string): number {
  let state = 2_166_136_261
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 16_777_619) >>> 0
  return state
}
