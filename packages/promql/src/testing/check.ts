import type { Labels } from '@oriel/model'
import { labelsKey } from '@oriel/model'
import { printSeries } from '@oriel/syntax'
import { isAlmostEqual } from '@oriel/vector'
import type { PromqlResult } from '../evaluate.ts'
import { printNote } from '../evaluate.ts'
import type { EvalCommand, ExpectedText } from './script.ts'
import type { SeriesLine } from './series.ts'

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
      return checkVector(command, result.labels, result.values)
    case 'matrix': {
      const { startMs, stepMs } = command
      const times = Array.from({ length: result.steps }, (_, j) => startMs + j * stepMs)
      const series = result.labels.map((labels, i) => {
        const points = times.map((tMs, j) => ({ tMs, at: i * result.steps + j })).filter(({ at }) => result.present[at] === 1)
        return { labels, points: points.map(({ tMs, at }) => ({ tMs, value: result.values[at] ?? NaN })) }
      })
      return checkSeries(command.series, series, startMs, stepMs)
    }
    case 'ranges': {
      const { startMs, stepMs } = command.rangeVector ?? command
      const series = result.labels.map((labels, i) => {
        const [from = 0, to = 0] = [result.offsets[i], result.offsets[i + 1]]
        const values = [...result.values.subarray(from, to)]
        return { labels, points: values.map((value, p) => ({ tMs: result.tMs[from + p] ?? NaN, value })) }
      })
      return checkSeries(command.series, series, startMs, stepMs)
    }
  }
}

function checkVector(command: EvalCommand, labels: readonly Labels[], values: Float64Array): string | undefined {
  const expected = new Map(command.series.map((line, position) => [labelsKey(line.labels), { line, position }]))
  for (const [i, of] of labels.entries()) {
    const wanted = expected.get(labelsKey(of))
    const value = values[i] ?? NaN
    if (wanted === undefined) return `unexpected ${printSeries(of)} with ${value}`
    const [first] = wanted.line.values
    if (command.isOrdered && wanted.position !== i) return `${printSeries(of)} at position ${i}, expected ${wanted.position}`
    if (first?.kind !== 'value') return `${printSeries(of)} is ${value}, expected ${JSON.stringify(first)}`
    if (!isAlmostEqual(first.value, value, EPSILON)) return `${printSeries(of)} is ${value}, expected ${first.value}`
    expected.delete(labelsKey(of))
  }
  const [missing] = expected.values()
  return missing === undefined ? undefined : `missing ${printSeries(missing.line.labels)}`
}

interface ActualSeries {
  readonly labels: Labels
  readonly points: readonly { readonly tMs: number; readonly value: number }[]
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
    if (line === undefined) return `unexpected ${printSeries(labels)} with ${points.map(({ value }) => value).join(' ')}`
    expected.delete(labelsKey(labels))
    const wanted = line.values
      .map((value, j) => ({ value, tMs: startMs + j * stepMs }))
      .filter(({ value }) => value.kind !== 'omitted')
    const isEqual =
      wanted.length === points.length &&
      wanted.every(({ value, tMs }, j) => {
        const point = points[j]
        return value.kind === 'value' && point?.tMs === tMs && isAlmostEqual(value.value, point.value, EPSILON)
      })
    if (!isEqual) return `${printSeries(labels)} is ${printPoints(points)}, expected ${printWanted(wanted)}`
  }
  const [missing] = expected.values()
  return missing === undefined ? undefined : `missing ${printSeries(missing.labels)}`
}

function printPoints(points: ActualSeries['points']): string {
  return points.map(({ tMs, value }) => `${value}@${tMs / 1_000}`).join(' ')
}

function printWanted(wanted: readonly { readonly value: SeriesLine['values'][number]; readonly tMs: number }[]): string {
  return wanted.map(({ value, tMs }) => `${value.kind === 'value' ? value.value : value.kind}@${tMs / 1_000}`).join(' ')
}
