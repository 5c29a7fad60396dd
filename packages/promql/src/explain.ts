import type { TextSpan } from '@oriel/syntax'
import type { Expr } from './ast.ts'
import { childrenOf } from './ast.ts'
import type { Leaves } from './leaves.ts'
import { printExpr } from './print.ts'
import type { Value } from './values.ts'

/** One operator of a query with what it did. Parentheses are left out: they do nothing. */
export interface ExplainedNode {
  readonly kind: Exclude<Expr['kind'], 'paren'>
  /** What a person calls it: `sum by (job)`, `rate`, `/`, a selector as it is printed. */
  readonly name: string
  /** In the query's text. */
  readonly span: TextSpan
  /**
   * `evaluated` by its own operator, `read` as raw samples, answered by the `engine` as a grid, `within` its parent's work (fused with it,
   * or never asked for), a `constant`.
   */
  readonly how: 'evaluated' | 'read' | 'engine' | 'within' | 'constant'
  /** Its own work, that of its operands not counted; absent where it was not measured apart. */
  readonly ownMs?: number
  /** What it answered: series, and values of all of them over all steps. */
  readonly series?: number
  readonly values?: number
  /** Raw samples that were read for it. */
  readonly samples?: number
  readonly children: readonly ExplainedNode[]
}

/** A query's tree, and how long its reads took, all together. */
export interface Explanation {
  readonly tree: ExplainedNode
  readonly readMs: number
  readonly steps: number
}

interface NodeCost {
  ownMs: number
  series: number
  values: number
}

/** Gathers what each operator of one evaluation cost. */
export class Costs {
  readonly #costs = new Map<Expr, NodeCost>()

  /** Adds work that ended with `value`; a node within a subquery may work more than once. */
  add(expr: Expr, ownMs: number, value: Value): void {
    const cost = this.#costs.get(expr) ?? { ownMs: 0, series: 0, values: 0 }
    this.#costs.set(expr, cost)
    cost.ownMs += ownMs
    if (value.kind === 'scalar') cost.values = Math.max(cost.values, value.values.length)
    if (value.kind !== 'vector') return
    const { labels, present } = value.grid
    cost.series = Math.max(cost.series, labels.length)
    let values = 0
    for (const isThere of present) values += isThere
    cost.values = Math.max(cost.values, values)
  }

  /** The tree of the evaluated expression. */
  explain(expr: Expr, leaves: Leaves): ExplainedNode {
    if (expr.kind === 'paren') return this.explain(expr.expr, leaves)
    const cost = this.#costs.get(expr)
    const isRange = expr.kind === 'matrixSelector'
    const selector = isRange ? expr.selector : expr
    const scan = selector.kind === 'vectorSelector' ? leaves.leafOf.get(selector)?.scan : undefined
    const pushed = leaves.pushedOf.get(expr)
    return {
      kind: expr.kind,
      name: nameOf(expr),
      span: expr.span,
      how: howOf(expr, { isPushed: pushed !== undefined, isRead: scan !== undefined, isMeasured: cost !== undefined }),
      ...(cost ?? (scan !== undefined && { series: scan.labels.length })),
      ...(scan !== undefined && pushed === undefined && { samples: scan.samples }),
      children: pushed !== undefined || isRange ? [] : childrenOf(expr).map((child) => this.explain(child, leaves)),
    }
  }
}

interface Evidence {
  readonly isPushed: boolean
  readonly isRead: boolean
  readonly isMeasured: boolean
}

function howOf({ kind }: Expr, { isPushed, isRead, isMeasured }: Evidence): ExplainedNode['how'] {
  if (isPushed) return 'engine'
  if (kind === 'number' || kind === 'string') return 'constant'
  if (isRead) return 'read'
  return isMeasured ? 'evaluated' : 'within'
}

function nameOf(expr: Exclude<Expr, { kind: 'paren' }>): string {
  switch (expr.kind) {
    case 'aggregation': {
      if (expr.grouping.length === 0 && !expr.isWithout) return expr.op
      return `${expr.op} ${expr.isWithout ? 'without' : 'by'} (${expr.grouping.join(', ')})`
    }
    case 'binary':
    case 'unary':
      return expr.op
    case 'call':
      return expr.name
    case 'subquery':
      return 'subquery'
    case 'matrixSelector':
    case 'number':
    case 'string':
    case 'vectorSelector':
      return printExpr(expr)
  }
}
