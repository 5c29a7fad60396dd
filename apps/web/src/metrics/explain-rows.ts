import type { ExplainNodeAnswer } from '@oriel/contract'

/** A line of the explain tree. */
export interface ExplainRow {
  readonly node: ExplainNodeAnswer
  readonly depth: number
  /** Its share of all operators' own time, 0 to 1. */
  readonly share: number
}

/** The tree as lines, an operator before its operands. */
export function explainRows(tree: ExplainNodeAnswer): ExplainRow[] {
  const nodes: { readonly node: ExplainNodeAnswer; readonly depth: number }[] = []
  const visit = (node: ExplainNodeAnswer, depth: number): void => {
    nodes.push({ node, depth })
    for (const child of node.children) visit(child, depth + 1)
  }
  visit(tree, 0)
  const totalMs = ownTimeOf(tree)
  return nodes.map((row) => ({ ...row, share: totalMs === 0 ? 0 : (row.node.ownMs ?? 0) / totalMs }))
}

/** The own time of all operators together: what the evaluation took, without waiting and reading. */
export function ownTimeOf({ ownMs = 0, children }: ExplainNodeAnswer): number {
  return children.reduce((sum, child) => sum + ownTimeOf(child), ownMs)
}
