import type { Labels } from '@oriel/model'
import { dropLabels, keepLabels, labelsKey, METRIC_NAME } from '@oriel/model'
import { cellAt, makeGrid, makeMixedGrid, putCell } from '@oriel/vector'
import type { Binary, VectorMatching } from './ast.ts'
import { isComparison, isSetOp } from './ast.ts'
import { applyToElements, StepNotes } from './element-op.ts'
import { evalJoin } from './eval-join.ts'
import type { Evaluation } from './evaluation.ts'
import { numberOp } from './operators.ts'
import type { ScalarValue, Steps, Value, VectorValue } from './values.ts'
import { compact, dropNames, isOneMetric, mergeSameLabels, vectorOf } from './values.ts'

/** Evaluates a binary operation between scalars, vectors, or one of each. */
export function evalBinary(evaluation: Evaluation, node: Binary, steps: Steps): Value {
  const lhs = evaluation.evaluate(node.lhs, steps)
  const rhs = evaluation.evaluate(node.rhs, steps)
  if (lhs.kind === 'scalar' && rhs.kind === 'scalar') return scalars(node, lhs, rhs)
  if (lhs.kind === 'vector' && rhs.kind === 'scalar') return withScalar(evaluation, node, lhs, rhs.values, false)
  if (lhs.kind === 'scalar' && rhs.kind === 'vector') return withScalar(evaluation, node, rhs, lhs.values, true)
  if (lhs.kind !== 'vector' || rhs.kind !== 'vector' || node.matching === undefined) {
    throw new TypeError(`cannot apply ${node.op} to ${lhs.kind} and ${rhs.kind}`)
  }
  const result = isSetOp(node.op) ? evalSet(node, lhs, rhs, node.matching) : evalJoin(evaluation, node, lhs, rhs, node.matching)
  evaluation.countSamples(result.grid.values.length)
  return unique(evaluation, compact(result))
}

function scalars({ op }: Binary, lhs: ScalarValue, rhs: ScalarValue): ScalarValue {
  const apply = numberOp(op)
  return { kind: 'scalar', values: lhs.values.map((value, j) => apply(value, rhs.values[j]!)) }
}

/** A vector with a scalar. A comparison keeps the vector's value, whichever side it is on. */
function withScalar(
  evaluation: Evaluation,
  node: Binary,
  vector: VectorValue,
  scalar: Float64Array,
  isSwapped: boolean,
): VectorValue {
  const { op, returnsBool } = node
  const { grid } = vector
  const isTrim = op === '</' || op === '>/'
  if (grid.histograms !== undefined || isTrim) return mixedWithScalar(evaluation, node, vector, scalar, isSwapped)
  const out = makeGrid(grid.labels, grid.steps)
  const apply = numberOp(op)
  const isFilter = isComparison(op) && !returnsBool
  for (let at = 0, j = 0; at < grid.values.length; at++, j = j + 1 === grid.steps ? 0 : j + 1) {
    if (grid.present[at] === 0) continue
    const value = grid.values[at]!
    const result = isSwapped ? apply(scalar[j]!, value) : apply(value, scalar[j]!)
    if (isFilter && result === 0) continue
    out.values[at] = isFilter ? value : result
    out.present[at] = 1
  }
  return settled(evaluation, vectorOf(out, vector.dropName), isFilter)
}

/** A filter keeps names; a new value is no longer the metric's. */
function settled(evaluation: Evaluation, result: VectorValue, keepsNames: boolean): VectorValue {
  if (keepsNames) return compact(result)
  const dropped = compact(dropNames(result, evaluation.features.delayedNameRemoval))
  return isOneMetric(result.grid.labels) ? dropped : unique(evaluation, dropped)
}

/** `withScalar` where values may be histograms. Source: Prometheus 3.14 promql/engine.go VectorscalarBinop. */
function mixedWithScalar(
  evaluation: Evaluation,
  { op, returnsBool, span }: Binary,
  { grid, dropName }: VectorValue,
  scalar: Float64Array,
  isSwapped: boolean,
): VectorValue {
  const out = makeMixedGrid(grid.labels, grid.steps)
  const notes = new StepNotes()
  for (let at = 0, j = 0; at < grid.values.length; at++, j = j + 1 === grid.steps ? 0 : j + 1) {
    if (grid.present[at] === 0) continue
    const element = cellAt(grid, at)
    const { value, keep, note } = isSwapped ? applyToElements(op, scalar[j]!, element) : applyToElements(op, element, scalar[j]!)
    if (note !== undefined) notes.add(j, at, note)
    if (value === undefined || !(keep || returnsBool)) continue
    putCell(out, at, returnsBool ? Number(keep) : isComparison(op) ? element : value)
  }
  notes.emit(evaluation.notes, span)
  const keepsNames = (isComparison(op) && !returnsBool) || op === '</' || op === '>/'
  return settled(evaluation, vectorOf(out, dropName), keepsNames)
}

/** In a query for one moment, duplicates are found here unless names are removed at the end. */
function unique(evaluation: Evaluation, vector: VectorValue): VectorValue {
  return vector.grid.steps === 1 && evaluation.features.delayedNameRemoval ? vector : mergeSameLabels(vector)
}

/** The part of the labels that both sides of a match must share, as a key. */
function signatureOf(labels: Labels, { isOn, labels: names }: VectorMatching): string {
  return labelsKey(matchLabels(labels, isOn, names))
}

/** The labels that a matching looks at. */
function matchLabels(labels: Labels, isOn: boolean, names: readonly string[]): Labels {
  return isOn ? keepLabels(labels, new Set(names)) : dropLabels(labels, new Set([...names, METRIC_NAME]))
}

function evalSet({ op }: Binary, lhs: VectorValue, rhs: VectorValue, matching: VectorMatching): VectorValue {
  if (op === 'or') return union(lhs, rhs, matching)
  const { grid } = lhs
  const others = presentBySignature(rhs, matching)
  const out = { ...grid, present: new Uint8Array(grid.present.length) }
  for (const [i, labels] of grid.labels.entries()) {
    const other = others.get(signatureOf(labels, matching))
    for (let j = 0; j < grid.steps; j++) {
      const isMatched = other !== undefined && other[j] === 1
      const at = i * grid.steps + j
      if (grid.present[at] === 1 && isMatched === (op === 'and')) out.present[at] = 1
    }
  }
  return vectorOf(out, lhs.dropName)
}

/** Everything of the left side, and of the right side what has no match on the left at that step. */
function union(lhs: VectorValue, rhs: VectorValue, matching: VectorMatching): VectorValue {
  const { steps } = lhs.grid
  const taken = presentBySignature(lhs, matching)
  const labels = [...lhs.grid.labels, ...rhs.grid.labels]
  const isMixed = lhs.grid.histograms !== undefined || rhs.grid.histograms !== undefined
  const out = isMixed ? makeMixedGrid(labels, steps) : makeGrid(labels, steps)
  for (const [at, histogram] of lhs.grid.histograms?.entries() ?? [])
    if (out.histograms !== undefined) out.histograms[at] = histogram
  out.values.set(lhs.grid.values)
  out.present.set(lhs.grid.present)
  const offset = lhs.grid.values.length
  for (const [i, labels] of rhs.grid.labels.entries()) {
    const left = taken.get(signatureOf(labels, matching))
    for (let from = i * steps, j = 0; j < steps; from++, j++) {
      if (rhs.grid.present[from] === 0 || left?.[j] === 1) continue
      putCell(out, offset + from, cellAt(rhs.grid, from))
    }
  }
  return vectorOf(out, Uint8Array.from([...lhs.dropName, ...rhs.dropName]))
}

function presentBySignature({ grid }: VectorValue, matching: VectorMatching): Map<string, Uint8Array> {
  const bySignature = new Map<string, Uint8Array>()
  for (const [i, labels] of grid.labels.entries()) {
    const key = signatureOf(labels, matching)
    let present = bySignature.get(key)
    if (present === undefined) bySignature.set(key, (present = new Uint8Array(grid.steps)))
    for (let j = 0; j < grid.steps; j++) if (grid.present[i * grid.steps + j] === 1) present[j] = 1
  }
  return bySignature
}
