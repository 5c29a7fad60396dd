import type { Labels, NativeHistogram } from '@oriel/model'
import { labelsKey } from '@oriel/model'
import { printSeries } from '@oriel/syntax'
import { compactHistogram, isAlmostEqual, isSameBounds } from '@oriel/vector'
import type { PromqlResult, VectorResult } from '../evaluate.ts'
import { printNote } from '../evaluate.ts'
import type { EvalCommand, ExpectedText } from './script.ts'
import { printHistogram } from '../histogram-text.ts'
import type { SequenceValue, SeriesLine } from './series.ts'

// 1e-6: the relative error Prometheus's own tests allow.
const EPSILON = 1e-6

/** What is wrong with an answer, in words, or `undefined` when it is as expected. */
export function checkResult(command: EvalCommand, result: PromqlResult): string | undefined {
  return checkNotes(command, result) ?? checkValue(command, result)
}

/** What is wrong with a failure: a failure nobody expected, or one with another text. */
export function checkFailure(command: EvalCommand, message: string): string | undefined {
  if (command.fail === undefined) return `failed: ${message}`
  return matches(command.fail, message) ? undefined : `failed with ${message}, expected ${JSON.stringify(command.fail)}`
}

function matches({ message, pattern }: ExpectedText, text: string): boolean {
  if (message !== undefined) return text === message
  // A pattern of a test script, not of a user.
  return pattern === undefined || new RegExp(pattern).test(text)
}

function checkNotes(command: EvalCommand, { warnings, infos }: PromqlResult): string | undefined {
  for (const [kind, notes, expected, none] of [
    ['warning', warnings, command.warnings, command.noWarnings],
    ['info', infos, command.infos, command.noInfos],
  ] as const) {
    const texts = notes.map((note) => printNote(command.expr, note))
    if (none && texts.length > 0) return `unexpected ${kind}: ${texts.join('; ')}`
    const missing = expected.find((wanted) => !texts.some((text) => matches(wanted, text)))
    if (missing !== undefined) return `missing ${kind} ${JSON.stringify(missing)}, got ${JSON.stringify(texts)}`
    const extra = texts.find((text) => expected.length > 0 && !expected.some((wanted) => matches(wanted, text)))
    if (extra !== undefined) return `unexpected ${kind}: ${extra}`
  }
  return undefined
}

function checkValue(command: EvalCommand, result: PromqlResult): string | undefined {
  if (command.fail !== undefined) return 'succeeded, expected a failure'
  switch (result.kind) {
    case 'string':
      return result.value === command.text ? undefined : `got string ${result.value}, expected ${command.text ?? 'none'}`
    case 'scalar':
      if (command.scalar === undefined) return `got scalar ${result.value}, expected series`
      return isAlmostEqual(result.value, command.scalar, EPSILON) ? undefined : `got ${result.value}, expected ${command.scalar}`
    case 'vector':
      if (command.scalar !== undefined || command.text !== undefined) return 'got a vector, expected a scalar or string'
      return checkVector(command, result)
    case 'matrix': {
      const { startMs, stepMs } = command
      const times = Array.from({ length: result.steps }, (_, j) => startMs + j * stepMs)
      const series = result.labels.map((labels, i) => {
        const points = times.map((tMs, j) => ({ tMs, at: i * result.steps + j })).filter(({ at }) => result.present[at] === 1)
        return { labels, points: points.map(({ tMs, at }) => ({ tMs, value: elementOf(result, at) })) }
      })
      return checkSeries(command.series, series, startMs, stepMs)
    }
    case 'ranges': {
      const { startMs, stepMs } = command.rangeVector ?? command
      const series = result.labels.map((labels, i) => {
        const [from = 0, to = 0] = [result.offsets[i], result.offsets[i + 1]]
        const positions = Array.from({ length: to - from }, (_, p) => from + p)
        return { labels, points: positions.map((p) => ({ tMs: result.tMs[p] ?? NaN, value: elementOf(result, p) })) }
      })
      return checkSeries(command.series, series, startMs, stepMs)
    }
  }
}

type Element = number | NativeHistogram

function elementOf({ values, histograms }: Pick<VectorResult, 'values' | 'histograms'>, at: number): Element {
  return histograms?.[at] ?? values[at] ?? NaN
}

function checkVector(command: EvalCommand, result: VectorResult): string | undefined {
  const expected = new Map(command.series.map((line, position) => [labelsKey(line.labels), { line, position }]))
  for (const [i, of] of result.labels.entries()) {
    const wanted = expected.get(labelsKey(of))
    const value = elementOf(result, i)
    if (wanted === undefined) return `unexpected ${printSeries(of)} with ${printElement(value)}`
    const [first] = wanted.line.values
    if (command.isOrdered && wanted.position !== i) return `${printSeries(of)} at position ${i}, expected ${wanted.position}`
    if (first === undefined || !isExpected(first, value)) {
      return `${printSeries(of)} is ${printElement(value)}, expected ${first === undefined ? 'nothing' : printValue(first)}`
    }
    expected.delete(labelsKey(of))
  }
  const [missing] = expected.values()
  return missing === undefined ? undefined : `missing ${printSeries(missing.line.labels)}`
}

function isExpected(wanted: SequenceValue, value: Element): boolean {
  if (wanted.kind === 'value') return typeof value === 'number' && isAlmostEqual(wanted.value, value, EPSILON)
  if (wanted.kind !== 'histogram' || typeof value === 'number') return false
  const isHintRight = !wanted.hasHint || wanted.histogram.resetHint === value.resetHint
  return isHintRight && isAlmostSame(compactHistogram(wanted.histogram), compactHistogram(value))
}

function isAlmostSame(a: NativeHistogram, b: NativeHistogram): boolean {
  return (
    a.schema === b.schema &&
    a.zeroThreshold === b.zeroThreshold &&
    isSameBounds(a.customBounds, b.customBounds) &&
    [a.count, a.sum, a.zeroCount].every((value, i) => isAlmostEqual(value, [b.count, b.sum, b.zeroCount][i] ?? NaN, EPSILON)) &&
    JSON.stringify([layoutOf(a.positiveSpans), layoutOf(a.negativeSpans)]) ===
      JSON.stringify([layoutOf(b.positiveSpans), layoutOf(b.negativeSpans)]) &&
    isAlmostEach(a.positiveBuckets, b.positiveBuckets) &&
    isAlmostEach(a.negativeBuckets, b.negativeBuckets)
  )
}

/** Which buckets there are: spans may be cut in more than one way. */
function layoutOf(spans: NativeHistogram['positiveSpans']): number[] {
  let end = 0
  return spans.flatMap(({ offset, length }) => {
    const start = end + offset
    end = start + length
    return Array.from({ length }, (_, i) => start + i)
  })
}

function isAlmostEach(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((value, i) => isAlmostEqual(value, b[i] ?? NaN, EPSILON))
}

interface ActualSeries {
  readonly labels: Labels
  readonly points: readonly { readonly tMs: number; readonly value: Element }[]
}

function checkSeries(
  lines: readonly SeriesLine[],
  actual: readonly ActualSeries[],
  startMs: number,
  stepMs: number,
): string | undefined {
  const expected = new Map(lines.map((line) => [labelsKey(line.labels), line]))
  for (const { labels, points } of actual) {
    const line = expected.get(labelsKey(labels))
    if (line === undefined) return `unexpected ${printSeries(labels)} with ${printPoints(points)}`
    expected.delete(labelsKey(labels))
    const wanted = line.values
      .map((value, j) => ({ value, tMs: startMs + j * stepMs }))
      .filter(({ value }) => value.kind !== 'omitted')
    const isEqual =
      wanted.length === points.length &&
      wanted.every(({ value, tMs }, j) => {
        const point = points[j]
        return point?.tMs === tMs && isExpected(value, point.value)
      })
    if (!isEqual) return `${printSeries(labels)} is ${printPoints(points)}, expected ${printWanted(wanted)}`
  }
  const [missing] = expected.values()
  return missing === undefined ? undefined : `missing ${printSeries(missing.labels)}`
}

function printPoints(points: ActualSeries['points']): string {
  return points.map(({ tMs, value }) => `${printElement(value)}@${tMs / 1_000}`).join(' ')
}

function printWanted(wanted: readonly { readonly value: SequenceValue; readonly tMs: number }[]): string {
  return wanted.map(({ value, tMs }) => `${printValue(value)}@${tMs / 1_000}`).join(' ')
}

function printValue(value: SequenceValue): string {
  if (value.kind === 'histogram') return printElement(value.histogram)
  return value.kind === 'value' ? String(value.value) : value.kind
}

function printElement(value: Element): string {
  return typeof value === 'number' ? String(value) : `${printHistogram(value)} schema ${value.schema} ${value.resetHint}`
}
