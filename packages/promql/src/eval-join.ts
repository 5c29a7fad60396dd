import type { Labels, NativeHistogram } from '@oriel/model'
import { dropLabels, keepLabels, labelsKey, labelValue, METRIC_NAME, withLabel } from '@oriel/model'
import { QueryError } from '@oriel/syntax'
import type { Grid } from '@oriel/vector'
import { cellAt, makeGrid } from '@oriel/vector'
import type { Binary, VectorMatching } from './ast.ts'
import { isComparison } from './ast.ts'
import type { Element, ElementResult } from './element-op.ts'
import { applyToElements, StepNotes } from './element-op.ts'
import type { Evaluation } from './evaluation.ts'
import { numberOp } from './operators.ts'
import { printLabels } from './print-labels.ts'
import type { VectorValue } from './values.ts'
import { sameLabelset, vectorOf, withoutName } from './values.ts'

/**
 * An arithmetic or comparison operation between two vectors, joined by their matching labels.
 *
 * Labels are compared once for all steps; at each step the "one" side may have one series a match. Throws QUERY_EXECUTION for
 * matches that are not unique. Source: Prometheus 3.14 promql/engine.go VectorBinop.
 */
export function evalJoin(
  { features, notes }: Evaluation,
  node: Binary,
  lhs: VectorValue,
  rhs: VectorValue,
  matching: VectorMatching,
): VectorValue {
  const isSwapped = matching.card === 'one-to-many'
  const many = isSwapped ? rhs.grid : lhs.grid
  const one = isSwapped ? lhs.grid : rhs.grid
  const join = new Join(node, many, one, matching, features.delayedNameRemoval)
  const joined = join.run()
  join.stepNotes.emit(notes, node.span)
  return joined
}

/** The series of both sides that share matching labels. */
interface Match {
  readonly many: number[]
  readonly one: number[]
  /** Labels of a side that is filled in. */
  readonly labels: Labels
}

class Join {
  readonly stepNotes = new StepNotes()
  readonly #node: Binary
  readonly #many: Grid
  readonly #one: Grid
  readonly #matching: VectorMatching
  readonly #isDelayed: boolean
  /** On floats; unless any value is a histogram, or the operator is for those. */
  readonly #apply: ((many: number, one: number) => number) | undefined
  readonly #rows = new Map<string, number>()
  readonly #labels: Labels[] = []
  readonly #values: Float64Array[] = []
  readonly #present: Uint8Array[] = []
  readonly #histograms: (NativeHistogram | undefined)[][] = []
  readonly #isFilter: boolean

  constructor(node: Binary, many: Grid, one: Grid, matching: VectorMatching, isDelayed: boolean) {
    this.#node = node
    this.#many = many
    this.#one = one
    this.#matching = matching
    this.#isDelayed = isDelayed
    this.#isFilter = isComparison(node.op) && !node.returnsBool
    const isMixed = many.histograms !== undefined || one.histograms !== undefined || node.op === '</' || node.op === '>/'
    const apply = isMixed ? undefined : numberOp(node.op)
    this.#apply = apply !== undefined && matching.card === 'one-to-many' ? (a, b) => apply(b, a) : apply
  }

  run(): VectorValue {
    const { fillLeft, fillRight } = this.#matching
    const isFilled = fillLeft !== undefined || fillRight !== undefined
    // Where a side has no series at all at a step, nothing is joined and nothing is checked.
    const joined = this.#joinedSteps(isFilled)
    const several: Match[] = []
    for (const match of this.#matches()) {
      const [many, one] = [match.many.length, match.one.length]
      if (one === 1 && many === 1 && !isFilled) this.#joinPair(match, match.many[0]!, match.one[0]!)
      else if (one > 1 || (many > 0 && one > 0) || isFilled) several.push(match)
    }
    // The "one" side is checked as a whole before anything is joined: it decides which error there is.
    for (const j of several.length === 0 ? [] : joined) {
      for (const match of several) if (match.one.length > 1) this.#onlyOne(match, j)
      for (const match of several) this.#joinStep(match, j)
    }
    return this.#result(this.#many.steps)
  }

  #joinedSteps(isFilled: boolean): number[] {
    const hasMany = stepsWithValues(this.#many)
    const hasOne = stepsWithValues(this.#one)
    const needed = isFilled ? 1 : 2
    return [...hasMany.keys()].filter((j) => hasMany[j]! + hasOne[j]! >= needed)
  }

  /** One series on each side: the common case, without a set of rows a step. */
  #joinPair(match: Match, many: number, one: number): void {
    const { steps, present: hasMany, values: ofMany } = this.#many
    const { present: hasOne, values: ofOne } = this.#one
    const apply = this.#apply
    let row: number | undefined
    for (let j = 0, a = many * steps, b = one * steps; j < steps; j++, a++, b++) {
      if (hasMany[a] === 0 || hasOne[b] === 0) continue
      row ??= this.#rowOf(match, many, one)
      if (apply === undefined) this.#putElements(row, j, many, cellAt(this.#many, a), cellAt(this.#one, b))
      else this.#put(row, j, apply(ofMany[a]!, ofOne[b]!), ofMany[a]!, ofOne[b]!)
    }
  }

  #matches(): Iterable<Match> {
    const { isOn, labels: names } = this.#matching
    const set = new Set(isOn ? names : [...names, METRIC_NAME])
    const matches = new Map<string, Match>()
    for (const [side, grid] of [
      ['many', this.#many],
      ['one', this.#one],
    ] as const) {
      for (const [i, labels] of grid.labels.entries()) {
        const shared = isOn ? keepLabels(labels, set) : dropLabels(labels, set)
        const key = labelsKey(shared)
        let match = matches.get(key)
        if (match === undefined) matches.set(key, (match = { many: [], one: [], labels: shared }))
        match[side].push(i)
      }
    }
    return matches.values()
  }

  #joinStep(match: Match, step: number): void {
    const one = this.#onlyOne(match, step)
    const { steps } = this.#many
    const { card, fillLeft, fillRight } = this.#matching
    // As in Prometheus, the sides of `fill_left` and `fill_right` are the many and the one side, whichever is written first.
    const [fillMany, fillOne] = [fillLeft, fillRight]
    const taken = new Set<number>()
    for (const many of match.many) {
      const at = many * steps + step
      if (this.#many.present[at] === 0) continue
      if (one === undefined && fillOne === undefined) continue
      const element = one === undefined ? (fillOne ?? 0) : cellAt(this.#one, one * steps + step)
      // A pair without an answer takes nothing.
      if (this.#apply === undefined && !this.#hasAnswer(step, many, cellAt(this.#many, at), element)) continue
      if (card === 'one-to-one' && taken.size > 0)
        throw notUnique('many-to-one matching must be explicit (group_left/group_right)')
      const row = this.#rowOf(match, many, one)
      if (taken.has(row)) throw notUnique('grouping labels must ensure unique matches')
      taken.add(row)
      this.#putAny(row, step, many, cellAt(this.#many, at), element)
    }
    if (one === undefined || fillMany === undefined || taken.size > 0) return
    const order = this.#many.labels.length + one
    this.#putAny(this.#rowOf(match, undefined, one), step, order, fillMany, cellAt(this.#one, one * steps + step))
  }

  /** The series of the "one" side that has a value at the step. */
  #onlyOne({ one, labels }: Match, step: number): number | undefined {
    let found: number | undefined
    for (const row of one) {
      if (this.#one.present[row * this.#one.steps + step] === 0) continue
      if (found === undefined) {
        found = row
        continue
      }
      const side = this.#matching.card === 'one-to-many' ? 'left' : 'right'
      const pair = [row, found].map((of) => printLabels(this.#one.labels[of] ?? [])).sort()
      throw new QueryError(
        'QUERY_EXECUTION',
        `found duplicate series for the match group ${printLabels(labels)} on the ${side} hand-side of the operation: ` +
          `[${pair.join(', ')}];many-to-many matching not allowed: matching labels must be unique on one side`,
      )
    }
    return found
  }

  #rowOf(match: Match, many: number | undefined, one: number | undefined): number {
    const pair = `${many ?? ''} ${one ?? ''}`
    const known = this.#rows.get(pair)
    if (known !== undefined) return known
    const manyLabels = many === undefined ? match.labels : (this.#many.labels[many] ?? [])
    const oneLabels = one === undefined ? match.labels : (this.#one.labels[one] ?? [])
    const labels = this.#resultLabels(manyLabels, oneLabels)
    const key = `= ${labelsKey(labels)}`
    const row = this.#rows.get(key) ?? this.#addRow(labels)
    this.#rows.set(pair, row)
    this.#rows.set(key, row)
    return row
  }

  #addRow(labels: Labels): number {
    const { steps } = this.#many
    this.#labels.push(labels)
    this.#values.push(new Float64Array(steps))
    this.#present.push(new Uint8Array(steps))
    if (this.#apply === undefined) this.#histograms.push(Array.from({ length: steps }))
    return this.#labels.length - 1
  }

  #resultLabels(many: Labels, one: Labels): Labels {
    const { card, isOn, labels: names, include } = this.#matching
    const { op } = this.#node
    const keepsMetric = isComparison(op) || op === '</' || op === '>/'
    const isNewMetric = !keepsMetric || (this.#node.returnsBool && !this.#isDelayed)
    let result = isNewMetric ? withoutName(many) : many
    if (card === 'one-to-one') result = isOn ? keepLabels(result, new Set(names)) : dropLabels(result, new Set(names))
    for (const name of include) result = withLabel(result, name, labelValue(one, name))
    return result
  }

  #putAny(row: number, step: number, order: number, many: Element, one: Element): void {
    if (this.#apply === undefined || typeof many !== 'number' || typeof one !== 'number') {
      this.#putElements(row, step, order, many, one)
    } else this.#put(row, step, this.#apply(many, one), many, one)
  }

  #put(row: number, step: number, result: number, many: number, one: number): void {
    if (this.#isFilter && result === 0) return
    const present = this.#present[row]!
    if (present[step] === 1) throw sameLabelset()
    present[step] = 1
    // A comparison keeps the left side's value.
    const left = this.#matching.card === 'one-to-many' ? one : many
    this.#values[row]![step] = this.#isFilter ? left : result
  }

  #hasAnswer(step: number, order: number, many: Element, one: Element): boolean {
    const { value, note } = this.#applyElements(many, one)
    if (value === undefined && note !== undefined) this.stepNotes.add(step, order, note)
    return value !== undefined
  }

  #applyElements(many: Element, one: Element): ElementResult {
    const { op } = this.#node
    return this.#matching.card === 'one-to-many' ? applyToElements(op, one, many) : applyToElements(op, many, one)
  }

  #putElements(row: number, step: number, order: number, many: Element, one: Element): void {
    const { returnsBool } = this.#node
    const { value, keep, note } = this.#applyElements(many, one)
    if (note !== undefined) this.stepNotes.add(step, order, note)
    if (value === undefined || (!keep && !returnsBool)) return
    const present = this.#present[row]!
    if (present[step] === 1) throw sameLabelset()
    present[step] = 1
    if (returnsBool) this.#values[row]![step] = keep ? 1 : 0
    else if (typeof value === 'number') this.#values[row]![step] = value
    else {
      this.#values[row]![step] = NaN
      this.#histograms[row]![step] = value
    }
  }

  #result(steps: number): VectorValue {
    const plain = makeGrid(this.#labels, steps)
    const grid = this.#apply === undefined ? { ...plain, histograms: this.#histograms.flat() } : plain
    for (const [i, values] of this.#values.entries()) {
      grid.values.set(values, i * steps)
      grid.present.set(this.#present[i]!, i * steps)
    }
    return vectorOf(grid, new Uint8Array(this.#labels.length).fill(this.#node.returnsBool ? 1 : 0))
  }
}

function notUnique(how: string): QueryError {
  return new QueryError('QUERY_EXECUTION', `multiple matches for labels: ${how}`)
}

/** 1 for each step at which any series has a value. */
function stepsWithValues({ labels, steps, present }: Grid): Uint8Array {
  const has = new Uint8Array(steps)
  for (let i = 0; i < labels.length; i++) for (let j = 0; j < steps; j++) if (present[i * steps + j] === 1) has[j] = 1
  return has
}
