import type { Labels } from '@oriel/model'
import { dropLabels, keepLabels, labelsKey, labelValue, withLabel } from '@oriel/model'
import { QueryError } from '@oriel/syntax'
import type { Grid } from '@oriel/vector'
import { makeGrid } from '@oriel/vector'
import type { BinaryExpr, BinaryOp, Matching } from '../ast.ts'
import { COMPARISON_OPS } from '../ast.ts'
import type { MetricValue } from './steps.ts'

/** Applies a binary operator to two values. Source: Grafana Loki documentation, "Binary operators", with PromQL's matching. */
export function applyBinary(expr: BinaryExpr, left: MetricValue, right: MetricValue): MetricValue {
  if (typeof left === 'number' && typeof right === 'number') return compute(expr.op, left, right)
  if (typeof right === 'number')
    return typeof left === 'number' ? compute(expr.op, left, right) : withNumber(expr, left, right, false)
  if (typeof left === 'number') return withNumber(expr, right, left, true)
  if (expr.op === 'and' || expr.op === 'unless' || expr.op === 'or') return joinSets(expr.op, left, right, keyOf(expr.matching))
  return pairVectors(expr, left, right)
}

/** The number that an operator gives; comparisons give 1 or 0. */
function compute(op: BinaryOp, a: number, b: number): number {
  switch (op) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return a / b
    case '%':
      return a % b
    case '^':
      return a ** b
    case '==':
      return Number(a === b)
    case '!=':
      return Number(a !== b)
    case '>':
      return Number(a > b)
    case '>=':
      return Number(a >= b)
    case '<':
      return Number(a < b)
    case '<=':
      return Number(a <= b)
    case 'and':
    case 'or':
    case 'unless':
      throw new QueryError('QUERY_TYPE', `${op} joins vectors, not numbers`)
  }
}

function isFilter({ op, returnsBool }: BinaryExpr): boolean {
  return !returnsBool && COMPARISON_OPS.some((name) => name === op)
}

function withNumber(expr: BinaryExpr, grid: Grid, number: number, isNumberLeft: boolean): Grid {
  const out = makeGrid(grid.labels, grid.steps)
  const filters = isFilter(expr)
  for (let at = 0; at < grid.values.length; at++) {
    if (grid.present[at] === 0) continue
    const value = grid.values[at]!
    const result = isNumberLeft ? compute(expr.op, number, value) : compute(expr.op, value, number)
    if (filters && result === 0) continue
    out.values[at] = filters ? value : result
    out.present[at] = 1
  }
  return out
}

/** What two series must share to pair. */
function keyOf(matching: Matching | undefined): (labels: Labels) => string {
  if (matching === undefined) return labelsKey
  const names = new Set(matching.labels)
  return matching.kind === 'on'
    ? (labels) => labelsKey(keepLabels(labels, names))
    : (labels) => labelsKey(dropLabels(labels, names))
}

/** `and`, `unless`, `or`, step by step: a left value stays (or goes) when any right series of its key has a value there. */
function joinSets(op: 'and' | 'or' | 'unless', left: Grid, right: Grid, key: (labels: Labels) => string): Grid {
  const { steps } = left
  if (op !== 'or') {
    const others = presenceByKey(right, key)
    const out = makeGrid(left.labels, steps)
    for (const [row, labels] of left.labels.entries()) {
      const there = others.get(key(labels))
      for (let j = 0; j < steps; j++) {
        const at = row * steps + j
        if (left.present[at] === 0 || (there?.[j] === 1) !== (op === 'and')) continue
        out.values[at] = left.values[at]!
        out.present[at] = 1
      }
    }
    return out
  }
  const taken = presenceByKey(left, key)
  const out = makeGrid([...left.labels, ...right.labels], steps)
  out.values.set(left.values)
  out.present.set(left.present)
  for (const [row, labels] of right.labels.entries()) {
    const there = taken.get(key(labels))
    for (let j = 0; j < steps; j++) {
      const from = row * steps + j
      if (right.present[from] === 0 || there?.[j] === 1) continue
      const to = left.values.length + from
      out.values[to] = right.values[from]!
      out.present[to] = 1
    }
  }
  return out
}

function presenceByKey({ labels, steps, present }: Grid, key: (labels: Labels) => string): Map<string, Uint8Array> {
  const byKey = new Map<string, Uint8Array>()
  for (const [row, of] of labels.entries()) {
    const known = byKey.get(key(of))
    const own = present.subarray(row * steps, (row + 1) * steps)
    if (known === undefined) byKey.set(key(of), own.slice())
    else for (let j = 0; j < steps; j++) if (own[j] === 1) known[j] = 1
  }
  return byKey
}

/** One-to-one, or many-to-one when `group_left`/`group_right` says which side has the many. */
function pairVectors(expr: BinaryExpr, left: Grid, right: Grid): Grid {
  const { matching } = expr
  const isManyRight = matching?.group?.side === 'right'
  const [many, one] = isManyRight ? [right, left] : [left, right]
  const key = keyOf(matching)
  const ones = new Map<string, number[]>()
  for (const [row, labels] of one.labels.entries()) ones.set(key(labels), [...(ones.get(key(labels)) ?? []), row])
  const labels: Labels[] = []
  const pairs: Pair[] = []
  const indexOf = new Map<string, number>()
  for (const [row, of] of many.labels.entries()) {
    for (const other of ones.get(key(of)) ?? []) {
      const shown = resultLabels(of, one.labels[other] ?? [], matching)
      const shownKey = labelsKey(shown)
      let to = indexOf.get(shownKey)
      if (to === undefined) indexOf.set(shownKey, (to = labels.push(shown) - 1))
      pairs.push({ many: row, one: other, to })
    }
  }
  const out = makeGrid(labels, left.steps)
  fillPairs(expr, { many, one, out, pairs, isManyRight })
  return out
}

interface Pair {
  readonly many: number
  readonly one: number
  readonly to: number
}

interface Pairing {
  readonly many: Grid
  readonly one: Grid
  readonly out: Grid
  readonly pairs: readonly Pair[]
  readonly isManyRight: boolean
}

function fillPairs(expr: BinaryExpr, { many, one, out, pairs, isManyRight }: Pairing): void {
  const { steps } = out
  const filters = isFilter(expr)
  for (const pair of pairs) {
    for (let j = 0; j < steps; j++) {
      const manyAt = pair.many * steps + j
      const oneAt = pair.one * steps + j
      if (many.present[manyAt] === 0 || one.present[oneAt] === 0) continue
      const at = pair.to * steps + j
      if (out.present[at] === 1) {
        throw new QueryError(
          'QUERY_EXECUTION',
          'cannot evaluate: several series on one side match the same series on the other; use on, ignoring, group_left or group_right',
          { span: expr.span },
        )
      }
      const a = isManyRight ? one.values[oneAt]! : many.values[manyAt]!
      const b = isManyRight ? many.values[manyAt]! : one.values[oneAt]!
      const result = compute(expr.op, a, b)
      if (filters && result === 0) continue
      out.values[at] = filters ? a : result
      out.present[at] = 1
    }
  }
}

function resultLabels(many: Labels, one: Labels, matching: Matching | undefined): Labels {
  if (matching === undefined) return many
  if (matching.group === undefined) {
    const names = new Set(matching.labels)
    return matching.kind === 'on' ? keepLabels(many, names) : dropLabels(many, names)
  }
  let labels = many
  for (const name of matching.group.include) labels = withLabel(labels, name, labelValue(one, name))
  return labels
}
