import { bug } from '@oriel/model'
import type { BinaryOp } from './ast.ts'

/** A binary operator on two numbers. Comparisons return 1 or 0. */
export type NumberOp = (a: number, b: number) => number

const OPERATORS: Readonly<Partial<Record<BinaryOp, NumberOp>>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '^': power,
  atan2: (a, b) => Math.atan2(a, b),
  '==': (a, b) => (a === b ? 1 : 0),
  '!=': (a, b) => (a === b ? 0 : 1),
  '>': (a, b) => (a > b ? 1 : 0),
  '<': (a, b) => (a < b ? 1 : 0),
  '>=': (a, b) => (a >= b ? 1 : 0),
  '<=': (a, b) => (a <= b ? 1 : 0),
}

/** The function of an arithmetic or comparison operator. */
export function numberOp(op: BinaryOp): NumberOp {
  return OPERATORS[op] ?? bug(`no number operator ${op}`)
}

/** Go's math.Pow: unlike `**`, 1 to any power and (-1) to an infinite power are 1. */
function power(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && !Number.isNaN(exponent) && !Number.isFinite(exponent))) return 1
  return base ** exponent
}
