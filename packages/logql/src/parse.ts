import type { Diagnostic } from '@oriel/syntax'
import { diagnosticError } from '@oriel/syntax'
import type { LogQLExpr } from './ast.ts'
import { check } from './check.ts'
import { Cursor, ParseStop } from './cursor.ts'
import { parseExpr } from './parse-metric.ts'

/** A parsed text: the tree as far as it was understood, and everything that is wrong with it, by place. */
export interface LogQLParse {
  readonly expr: LogQLExpr | undefined
  readonly problems: readonly Diagnostic[]
}

/** Parses LogQL and goes on after errors: for editors. `expr` may lack the broken pieces when there are problems. */
export function parseLogQLParts(text: string): LogQLParse {
  const cursor = new Cursor(text)
  let expr: LogQLExpr | undefined
  try {
    expr = parseExpr(cursor)
    if (cursor.peek().kind !== 'end') cursor.stop('expected an operator or the end of the query')
  } catch (error) {
    if (!(error instanceof ParseStop)) throw error
  }
  // Meaning is checked only in a sound tree: a tree with holes would bring errors that are not the writer's.
  if (expr !== undefined && cursor.problems.length === 0) cursor.problems.push(...check(expr))
  return { expr, problems: cursor.problems.toSorted((a, b) => a.span.start - b.span.start) }
}

/** Parses LogQL. Throws `QueryError` QUERY_SYNTAX, QUERY_TYPE or QUERY_UNSUPPORTED for the first problem, with its place. */
export function parseLogQL(text: string): LogQLExpr {
  const { expr, problems } = parseLogQLParts(text)
  const [first] = problems
  if (first !== undefined) throw diagnosticError(text, first)
  if (expr === undefined) throw diagnosticError(text, { ...EMPTY, span: { start: 0, end: text.length } })
  return expr
}

const EMPTY = { severity: 'error', code: 'QUERY_SYNTAX', message: 'empty query' } as const
