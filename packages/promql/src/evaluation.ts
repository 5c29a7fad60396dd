import type { Diagnostic, TextSpan } from '@oriel/syntax'
import { printGoNumber, printTwoDigits, quote } from '@oriel/syntax'
import type { Expr, MatrixSelector, Subquery, VectorSelector } from './ast.ts'
import type { PromqlFeatures } from './features.ts'
import type { Leaf, PushedGrid } from './leaves.ts'
import type { Steps, Value, VectorValue } from './values.ts'

/** What every operator of one query has at hand. */
export interface Evaluation {
  readonly features: PromqlFeatures
  readonly lookbackMs: number
  /** The step of a subquery that names none. */
  readonly defaultStepMs: number
  readonly notes: Notes
  /** The value of a sub-expression at `steps`: evaluated before its operator as a rule, otherwise now. */
  evaluate(expr: Expr, steps: Steps): Value
  /** What was read for a selector. */
  leafOf(selector: VectorSelector): Leaf
  /** What the engine has evaluated of this node, if anything. */
  pushedOf(expr: Expr): PushedGrid | undefined
  /** Refuses when the query holds more samples than it may. */
  countSamples(samples: number): void
  /** Throws when the query was cancelled or its time is over. Called between operators and every `CHECK_EVERY` series. */
  checkCancelled(): void
}

/** 256 series: a millisecond or two of work between two looks at the clock. */
export const CHECK_EVERY = 256

/**
 * A long computation in pieces: it yields where others may have the thread, and returns its result at the end.
 *
 * Whoever runs it lets them (`Evaluator.run`), or takes the result at once.
 */
export type InPieces<Result> = Generator<undefined, Result, undefined>

/** Runs a computation without letting go of the thread. */
export function atOnce<Result>(pieces: InPieces<Result>): Result {
  let piece = pieces.next()
  while (piece.done !== true) piece = pieces.next()
  return piece.value
}

/** A range: what a range function slides over. */
export type RangeExpr = MatrixSelector | Subquery

/** Where buckets were not cumulative: the least and greatest bound and time, and how often. */
export interface BucketFixes {
  readonly minBucket: number
  readonly maxBucket: number
  readonly maxDiff: number
  readonly firstMs: number
  readonly lastMs: number
  /** As Prometheus counts: see `FixNotes`. */
  readonly count: bigint
}

/** Two accounts of fixes as one. */
export function joinFixes(a: BucketFixes, b: BucketFixes): BucketFixes {
  return {
    minBucket: Math.min(a.minBucket, b.minBucket),
    maxBucket: Math.max(a.maxBucket, b.maxBucket),
    maxDiff: Math.max(a.maxDiff, b.maxDiff),
    firstMs: Math.min(a.firstMs, b.firstMs),
    lastMs: Math.max(a.lastMs, b.lastMs),
    count: BigInt.asIntN(64, a.count + b.count),
  }
}

function printFixes({ minBucket, maxBucket, maxDiff, firstMs, lastMs, count }: BucketFixes): string {
  const [from, to] = [firstMs, lastMs].map((tMs) => new Date(tMs).toISOString().replace(/\.\d+Z$/, 'Z'))
  const buckets = `from buckets ${printGoNumber(minBucket)} to ${printGoNumber(maxBucket)}`
  return `${buckets}, with a max diff of ${printTwoDigits(maxDiff)}, over ${count} samples from ${from} to ${to}`
}

/**
 * Collects warnings and infos. A text is kept once, with the place where it came up last: as Prometheus merges annotations.
 */
export class Notes {
  readonly #notes = new Map<string, Diagnostic>()
  readonly #overlaps = new Map<string, { span: TextSpan; count: number }>()
  readonly #fixes = new Map<string, BucketFixes & { span: TextSpan }>()

  warn(message: string, span: TextSpan): void {
    this.#add('warning', message, span)
  }

  inform(message: string, span: TextSpan): void {
    this.#add('info', message, span)
  }

  /** Counts samples of a metric that claim to have begun before the sample ahead of them. */
  overlap(metric: string, span: TextSpan): void {
    const text = `sample has start time that overlaps with previous sample timestamp for metric ${quote(metric)}`
    const known = this.#overlaps.get(text)
    this.#overlaps.set(text, { span: known?.span ?? span, count: (known?.count ?? 0) + 1 })
  }

  /** Says where buckets of classic histograms had to be fixed; those of one text are told together, at the place of the first. */
  fixed(text: string, fixes: BucketFixes, span: TextSpan): void {
    const known = this.#fixes.get(text)
    if (known === undefined) this.#fixes.set(text, { ...fixes, span })
    else this.#fixes.set(text, { ...joinFixes(known, fixes), span: known.span })
  }

  /** In order of first sight. */
  all(): Diagnostic[] {
    const overlaps = [...this.#overlaps].map(([text, { span, count }]): Diagnostic => {
      const message = count > 1 ? `${text} (${count} occurrences)` : text
      return { severity: 'warning', code: 'QUERY_EXECUTION', message, span }
    })
    const fixes = [...this.#fixes].map(([text, { span, ...of }]): Diagnostic => {
      return { severity: 'info', code: 'QUERY_EXECUTION', message: `${text}, ${printFixes(of)}`, span }
    })
    return [...this.#notes.values(), ...overlaps, ...fixes]
  }

  #add(severity: 'warning' | 'info', message: string, span: TextSpan): void {
    this.#notes.set(`${severity} ${message}`, { severity, code: 'QUERY_EXECUTION', message, span })
  }
}

/** Evaluates a sub-expression that is known to be a vector. */
export function vectorAt(evaluation: Evaluation, expr: Expr, steps: Steps): VectorValue {
  const value = evaluation.evaluate(expr, steps)
  if (value.kind !== 'vector') throw new TypeError(`expected a vector, got ${value.kind}`)
  return value
}

/** Evaluates a sub-expression that is known to be a scalar: one value a step. */
export function scalarAt(evaluation: Evaluation, expr: Expr, steps: Steps): Float64Array {
  const value = evaluation.evaluate(expr, steps)
  if (value.kind !== 'scalar') throw new TypeError(`expected a scalar, got ${value.kind}`)
  return value.values
}
