import type { NativeHistogram } from '@oriel/model'
import type { TextSpan } from '@oriel/syntax'
import { quote } from '@oriel/syntax'
import type { CombinedHistogram } from '@oriel/vector'
import {
  combineHistograms,
  compactHistogram,
  divideHistogram,
  isSameHistogram,
  scaleHistogram,
  trimHistogram,
  withResetHint,
} from '@oriel/vector'
import type { BinaryOp } from './ast.ts'
import { isComparison } from './ast.ts'
import type { Notes } from './evaluation.ts'
import { numberOp } from './operators.ts'

/** A float or a histogram. */
export type Element = number | NativeHistogram

/** What there is to say of an operation. */
export interface ElementNote {
  readonly severity: 'warning' | 'info'
  readonly message: string
}

/** What an operator makes of two elements: no `value` where it has no answer. `keep` is whether a comparison holds. */
export interface ElementResult {
  readonly value?: Element
  readonly keep: boolean
  readonly note?: ElementNote
}

/** An arithmetic or comparison operator on floats and histograms. Source: Prometheus 3.14 promql/engine.go vectorElemBinop. */
export function applyToElements(op: BinaryOp, a: Element, b: Element): ElementResult {
  if (typeof a !== 'number') return typeof b === 'number' ? withNumber(op, a, b) : histograms(op, a, b)
  if (typeof b === 'number') return numbers(op, a, b)
  return op === '*' ? kept(compactHistogram(scaleHistogram(b, a))) : refused(op, 'float', 'histogram')
}

/** Keeps of each step the note of the last pair that had one: as Prometheus does. */
export class StepNotes {
  readonly #byStep = new Map<number, { readonly order: number; readonly note: ElementNote }>()

  /** `order` is where the pair stands among those of its step. */
  add(step: number, order: number, note: ElementNote): void {
    const known = this.#byStep.get(step)
    if (known === undefined || known.order <= order) this.#byStep.set(step, { order, note })
  }

  emit(notes: Notes, span: TextSpan): void {
    for (const { note } of this.#byStep.values()) {
      if (note.severity === 'warning') notes.warn(note.message, span)
      else notes.inform(note.message, span)
    }
  }
}

function numbers(op: BinaryOp, a: number, b: number): ElementResult {
  if (op === '</' || op === '>/') return refused(op, 'float', 'float')
  const value = numberOp(op)(a, b)
  return isComparison(op) ? { value: a, keep: value === 1 } : kept(value)
}

function withNumber(op: BinaryOp, a: NativeHistogram, b: number): ElementResult {
  if (op === '*') return kept(compactHistogram(scaleHistogram(a, b)))
  if (op === '/') return kept(compactHistogram(divideHistogram(a, b)))
  if (op === '</' || op === '>/') return kept(trimHistogram(a, b, op === '</'))
  return refused(op, 'histogram', 'float')
}

function histograms(op: BinaryOp, a: NativeHistogram, b: NativeHistogram): ElementResult {
  if (op === '+' || op === '-') return combined(op, combineHistograms(a, b, op === '+' ? 1 : -1))
  if (op === '==' || op === '!=') return { value: a, keep: isSameHistogram(a, b) === (op === '==') }
  return refused(op, 'histogram', 'histogram')
}

function combined(op: '+' | '-', result: CombinedHistogram | undefined): ElementResult {
  if (result === undefined) {
    return { keep: false, note: warning(`incompatible bucket layout encountered for binary operator ${op}`) }
  }
  const operation = op === '+' ? 'addition' : 'subtraction'
  // Prometheus drops the result with this warning.
  if (result.hasResetConflict) return { keep: false, note: warning(`conflicting counter resets during histogram ${operation}`) }
  const value = compactHistogram(op === '-' ? withResetHint(result.histogram, 'gauge') : result.histogram)
  if (!result.isReconciled) return kept(value)
  return { ...kept(value), note: info(`mismatched custom buckets were reconciled during ${operation}`) }
}

function refused(op: BinaryOp, left: string, right: string): ElementResult {
  const message = `incompatible sample types encountered for binary operator ${quote(op)}: ${left} ${op} ${right}`
  return { keep: false, note: info(message) }
}

function kept(value: Element): ElementResult {
  return { value, keep: true }
}

function warning(message: string): ElementNote {
  return { severity: 'warning', message }
}

function info(message: string): ElementNote {
  return { severity: 'info', message }
}
