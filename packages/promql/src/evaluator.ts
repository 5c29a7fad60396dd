import { METRIC_NAME } from '@oriel/model'
import type { QueryContext } from '@oriel/store'
import { breathe } from '@oriel/store'
import { QueryError } from '@oriel/syntax'
import { scaleHistogram } from '@oriel/vector'
import type { Expr, Unary, VectorSelector } from './ast.ts'
import { childrenOf, withoutParens } from './ast.ts'
import { evalAggregation, fusedOperand } from './eval-aggregate.ts'
import { evalBinary } from './eval-binary.ts'
import { evalCall } from './eval-call.ts'
import { noteCounter } from './eval-range.ts'
import { evalSelector, repeated, withoutEmptyRows } from './eval-selector.ts'
import type { Evaluation, InPieces } from './evaluation.ts'
import { atOnce, Notes } from './evaluation.ts'
import type { Costs } from './explain.ts'
import type { PromqlFeatures } from './features.ts'
import type { Leaf, Leaves, PushedGrid } from './leaves.ts'
import { EMPTY_LEAF, SELECTOR_FUNCTIONS, subquerySteps } from './leaves.ts'
import type { Steps, Value } from './values.ts'
import { dropNames, emptyVector, mergeSameLabels, vectorOf } from './values.ts'

/** What an evaluator is made of. */
export interface EvaluatorOptions {
  readonly leaves: Leaves
  readonly features: PromqlFeatures
  readonly lookbackMs: number
  readonly defaultStepMs: number
  /** What answers the same at every step: it is evaluated at the first alone. */
  readonly once: ReadonlySet<Expr>
  readonly context: QueryContext
  readonly now: () => number
  /** By `now`. Evaluation holds the thread, so that no timer could end it. */
  readonly deadlineMs: number
  /** Told what each operator cost. */
  readonly costs?: Costs | undefined
}

/** Evaluates one query, operator by operator, each over all steps at once. */
export class Evaluator implements Evaluation {
  readonly features: PromqlFeatures
  readonly lookbackMs: number
  readonly defaultStepMs: number
  readonly #once: ReadonlySet<Expr>
  readonly notes: Notes = new Notes()
  readonly #leaves: Leaves
  /** Operands that were evaluated and not taken yet. */
  readonly #done = new Map<Expr, { readonly steps: Steps; readonly value: Value }>()
  readonly #context: QueryContext
  readonly #now: () => number
  readonly #deadlineMs: number
  readonly #costs: Costs | undefined

  constructor({ leaves, features, lookbackMs, defaultStepMs, once, context, now, deadlineMs, costs }: EvaluatorOptions) {
    this.features = features
    this.lookbackMs = lookbackMs
    this.defaultStepMs = defaultStepMs
    this.#once = once
    this.#leaves = leaves
    this.#context = context
    this.#now = now
    this.#deadlineMs = deadlineMs
    this.#costs = costs
  }

  /** Evaluates `expr`, operands before their operator, and lets others have the thread between operators and within long ones. */
  async run(expr: Expr, steps: Steps): Promise<Value> {
    if (steps.count > 1 && this.#once.has(expr)) return atEveryStep(await this.run(expr, momentOf(steps)), steps.count)
    if (this.pushedOf(expr) === undefined) await this.runOperands(expr, steps)
    const pieces = this.#inPieces(expr, steps)
    let ownMs = 0
    for (;;) {
      await breathe()
      this.checkCancelled()
      const startMs = this.#now()
      const piece = pieces.next()
      ownMs += this.#now() - startMs
      if (piece.done !== true) continue
      this.#costs?.add(expr, ownMs, piece.value)
      return piece.value
    }
  }

  /** Evaluates what the operator `expr` will ask for. */
  async runOperands(expr: Expr, steps: Steps): Promise<void> {
    const fused = expr.kind === 'aggregation' ? fusedOperand(this, expr) : undefined
    const at = expr.kind === 'subquery' ? subquerySteps(expr, steps, this.defaultStepMs) : steps
    this.countSamples(at.count)
    for (const operand of operandsOf(fused ?? expr)) {
      if (operand.kind === 'subquery') await this.runOperands(operand, at)
      else this.#done.set(operand, { steps: at, value: await this.run(operand, at) })
    }
  }

  evaluate(expr: Expr, steps: Steps): Value {
    const done = this.#done.get(expr)
    if (done !== undefined && isSame(done.steps, steps)) {
      // Its operator takes it once; held longer it would only fill the memory.
      this.#done.delete(expr)
      return done.value
    }
    return atOnce(this.#inPieces(expr, steps))
  }

  *#inPieces(expr: Expr, steps: Steps): InPieces<Value> {
    this.checkCancelled()
    if (steps.count > 1 && this.#once.has(expr)) return atEveryStep(this.evaluate(expr, momentOf(steps)), steps.count)
    const pushed = this.pushedOf(expr)
    if (pushed !== undefined) return this.#pushedValue(expr, pushed)
    switch (expr.kind) {
      case 'number':
        return { kind: 'scalar', values: new Float64Array(steps.count).fill(expr.value) }
      case 'string':
        return { kind: 'string', value: expr.value }
      case 'paren':
        return this.evaluate(expr.expr, steps)
      case 'unary':
        return this.#unary(expr, steps)
      case 'vectorSelector': {
        if (steps.count === 0) return emptyVector(0)
        return yield* evalSelector(this, expr, steps)
      }
      case 'aggregation':
        return yield* evalAggregation(this, expr, steps)
      case 'binary':
        return evalBinary(this, expr, steps)
      case 'call':
        return yield* evalCall(this, expr, steps)
      case 'matrixSelector':
      case 'subquery':
        throw new QueryError('QUERY_TYPE', 'a range can only be the argument of a function', { span: expr.span })
    }
  }

  leafOf(selector: VectorSelector): Leaf {
    return this.#leaves.leafOf.get(selector) ?? EMPTY_LEAF
  }

  pushedOf(expr: Expr): PushedGrid | undefined {
    return this.#leaves.pushedOf.get(expr)
  }

  countSamples(samples: number): void {
    const { limits, stats } = this.#context
    if (samples <= limits.maxSamples) return
    throw new QueryError(
      'QUERY_LIMIT',
      'query processing would load too many samples into memory in query execution: ' +
        `${samples} beside ${stats.samples} read, limit maxSamples is ${limits.maxSamples}`,
    )
  }

  checkCancelled(): void {
    const { signal, limits } = this.#context
    if (this.#now() > this.#deadlineMs) {
      const message = `query timed out in expression evaluation: limit timeoutMs is ${limits.timeoutMs}`
      throw new QueryError('QUERY_CANCELLED', message)
    }
    if (!signal.aborted) return
    throw new QueryError('QUERY_CANCELLED', 'query was canceled in expression evaluation', { cause: signal.reason })
  }

  #unary({ op, expr }: Unary, steps: Steps): Value {
    const value = this.evaluate(expr, steps)
    if (op === '+' || value.kind === 'string') return value
    if (value.kind === 'scalar') return { kind: 'scalar', values: value.values.map((number) => -number) }
    const { grid } = value
    const histograms = grid.histograms?.map((cell) => (cell === undefined ? undefined : scaleHistogram(cell, -1)))
    const values = grid.values.map((number) => -number)
    const negated = vectorOf({ ...grid, values, ...(histograms !== undefined && { histograms }) })
    const dropped = dropNames(negated, this.features.delayedNameRemoval)
    return this.features.delayedNameRemoval ? dropped : mergeSameLabels(dropped)
  }

  /** The engine's answer, settled as the evaluator would: names dropped, counters noted. */
  #pushedValue(expr: Expr, { request, series }: PushedGrid): Value {
    const grid = withoutEmptyRows(series)
    this.countSamples(grid.values.length)
    const { func, aggregate } = request
    if ((func === 'rate' || func === 'increase') && grid.labels.length > 0) this.#notePushed(expr, request.matchers)
    if (func === 'last' && aggregate === undefined) return vectorOf(grid)
    const isDelayed = this.features.delayedNameRemoval && aggregate === undefined
    const dropped = dropNames(vectorOf(grid), isDelayed)
    return isDelayed ? dropped : mergeSameLabels(dropped)
  }

  #notePushed(expr: Expr, matchers: PushedGrid['request']['matchers']): void {
    const call = expr.kind === 'aggregation' ? withoutParens(expr.expr) : expr
    const range = call.kind === 'call' ? call.args[0] : undefined
    if (range === undefined) return
    const named = matchers.filter(({ name, op }) => name === METRIC_NAME && op === '=')
    noteCounter(this, named, withoutParens(range).span)
  }
}

/** What an operator takes the values of, among what is written in it; a subquery stands for what it ranges over. */
function operandsOf(expr: Expr): readonly Expr[] {
  if (expr.kind !== 'call') return childrenOf(expr)
  const operands = expr.args.map((arg) => (withoutParens(arg).kind === 'subquery' ? withoutParens(arg) : arg))
  return operands.filter((arg) => {
    const { kind } = withoutParens(arg)
    return kind !== 'matrixSelector' && !(kind === 'vectorSelector' && SELECTOR_FUNCTIONS.has(expr.name))
  })
}

function isSame(a: Steps, b: Steps): boolean {
  return a.startMs === b.startMs && a.stepMs === b.stepMs && a.count === b.count
}

function momentOf({ startMs, stepMs }: Steps): Steps {
  return { startMs, stepMs, count: 1 }
}

function atEveryStep(value: Value, count: number): Value {
  switch (value.kind) {
    case 'scalar':
      return { kind: 'scalar', values: new Float64Array(count).fill(value.values[0] ?? NaN) }
    case 'vector':
      return vectorOf(repeated(value.grid, count), value.dropName)
    case 'string':
      return value
  }
}
