import type {
  AtModifier,
  Binary,
  Call,
  DurationExpr,
  Expr,
  MatrixSelector,
  NumberLiteral,
  Subquery,
  VectorSelector,
} from '@oriel/promql/syntax'
import { FUNCTIONS } from '@oriel/promql/syntax'
import { printNumber } from '@oriel/syntax'

/** A node of the tree that parse_query answers: field names and values are Prometheus's. */
export type TreeNode = Readonly<Record<string, unknown>>

/** An expression as parse_query prints it. Source: Prometheus 3.14 web/api/v1/translate_ast.go. */
export function treeOf(expr: Expr): TreeNode {
  switch (expr.kind) {
    case 'aggregation':
      return {
        type: 'aggregation',
        op: expr.op,
        expr: treeOf(expr.expr),
        param: expr.param === undefined ? null : treeOf(expr.param),
        grouping: expr.grouping,
        without: expr.isWithout,
      }
    case 'binary':
      return binaryTree(expr)
    case 'call':
      return callTree(expr)
    case 'matrixSelector':
      return matrixTree(expr)
    case 'subquery':
      return subqueryTree(expr)
    case 'number':
      return numberTree(expr)
    case 'paren':
      return { type: 'parenExpr', expr: treeOf(expr.expr) }
    case 'string':
      return { type: 'stringLiteral', val: expr.value }
    case 'unary':
      return { type: 'unaryExpr', op: expr.op, expr: treeOf(expr.expr) }
    case 'vectorSelector':
      return { type: 'vectorSelector', ...selectorFields(expr), ...extensionFields(expr) }
  }
}

function binaryTree({ op, lhs, rhs, matching, returnsBool }: Binary): TreeNode {
  const matchingTree = matching && {
    card: matching.card,
    labels: matching.labels,
    on: matching.isOn,
    include: matching.include,
    fillValues: { lhs: matching.fillLeft ?? null, rhs: matching.fillRight ?? null },
  }
  return { type: 'binaryExpr', op, lhs: treeOf(lhs), rhs: treeOf(rhs), matching: matchingTree ?? null, bool: returnsBool }
}

function callTree({ name, args }: Call): TreeNode {
  const signature = FUNCTIONS.get(name)
  const func = {
    name,
    argTypes: signature?.argTypes ?? [],
    variadic: signature?.variadic ?? 0,
    returnType: signature?.returnType ?? 'none',
  }
  return { type: 'call', func, args: args.map(treeOf) }
}

function matrixTree({ selector, rangeMs, rangeExpr }: MatrixSelector): TreeNode {
  const range = { range: rangeMs, rangeExpr: durationTree(rangeExpr) }
  return { type: 'matrixSelector', ...selectorFields(selector), ...range, ...extensionFields(selector) }
}

function subqueryTree({ expr, rangeMs, rangeExpr, offsetMs, offsetExpr, stepMs, stepExpr, at }: Subquery): TreeNode {
  return {
    type: 'subquery',
    expr: treeOf(expr),
    range: rangeMs,
    rangeExpr: durationTree(rangeExpr),
    offset: offsetMs,
    offsetExpr: durationTree(offsetExpr),
    step: stepMs,
    stepExpr: durationTree(stepExpr),
    ...atFields(at),
  }
}

function selectorFields({ name, offsetMs, offsetExpr, matchers, at }: VectorSelector): TreeNode {
  return {
    name,
    offset: offsetMs,
    offsetExpr: durationTree(offsetExpr),
    matchers: matchers.map(({ name: label, value, op }) => ({ name: label, value, type: op })),
    ...atFields(at),
  }
}

function extensionFields({ extension }: VectorSelector): TreeNode {
  return { anchored: extension === 'anchored', smoothed: extension === 'smoothed' }
}

function atFields(at: AtModifier | undefined): TreeNode {
  return { timestamp: at?.kind === 'time' ? at.tMs : null, startOrEnd: at === undefined || at.kind === 'time' ? null : at.kind }
}

function durationTree(expr: DurationExpr | NumberLiteral | undefined): TreeNode | null {
  if (expr === undefined) return null
  if (expr.kind === 'number') return numberTree(expr)
  return { type: 'durationExpr', op: expr.op, lhs: durationTree(expr.lhs), rhs: durationTree(expr.rhs), wrapped: expr.isWrapped }
}

function numberTree({ value }: NumberLiteral): TreeNode {
  return { type: 'numberLiteral', val: printNumber(value) }
}
