import type { Diagnostic } from '@oriel/syntax'
import { diagnosticError } from '@oriel/syntax'
import type { TraceQuery } from './ast.ts'
import { Cursor, ParseStop } from './cursor.ts'
import { parseQuery } from './parse-pipeline.ts'

/** A parsed text: the tree as far as it was understood, and everything that is wrong with it, by place. */
export interface TraceQLParse {
  readonly query: TraceQuery | undefined
  readonly problems: readonly Diagnostic[]
}

/** Parses TraceQL and goes on after errors: for editors. */
export function parseTraceQLParts(text: string): TraceQLParse {
  const cursor = new Cursor(text)
  let query: TraceQuery | undefined
  try {
    query = parseQuery(cursor)
  } catch (error) {
    if (!(error instanceof ParseStop)) throw error
  }
  return { query, problems: cursor.problems.toSorted((a, b) => a.span.start - b.span.start) }
}

/** Parses TraceQL. Throws `QueryError` QUERY_SYNTAX or QUERY_TYPE for the first problem, with its place. */
export function parseTraceQL(text: string): TraceQuery {
  const { query, problems } = parseTraceQLParts(text)
  const [first] = problems
  if (first !== undefined) throw diagnosticError(text, first)
  if (query === undefined) throw diagnosticError(text, { ...EMPTY, span: { start: 0, end: text.length } })
  return query
}

const EMPTY = { severity: 'error', code: 'QUERY_SYNTAX', message: 'empty query' } as const
