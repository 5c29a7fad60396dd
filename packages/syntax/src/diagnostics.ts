import type { QueryError, QueryErrorCode } from './errors.ts'
import { syntaxError } from './errors.ts'
import type { TextSpan } from './span.ts'
import { placeAt } from './span.ts'

/** How much a diagnostic matters: an error stops the query, a warning or an info goes with its answer. */
export type Severity = 'error' | 'warning' | 'info'

/** Something to say about a piece of a query text: what an editor underlines and an answer carries as a warning. */
export interface Diagnostic {
  readonly severity: Severity
  readonly code: QueryErrorCode
  /** Without the place in front. */
  readonly message: string
  readonly span: TextSpan
}

/** The diagnostic as a thrown error, with the place in front of the message. */
export function diagnosticError(text: string, diagnostic: Diagnostic): QueryError {
  return syntaxError(text, diagnostic.span, diagnostic.message, diagnostic.code)
}

/**
 * Prints a diagnostic for a terminal: place and message, the line it is on, and carets below the span.
 *
 * A span over several lines is marked on its first line.
 */
export function printDiagnostic(text: string, { severity, message, span }: Diagnostic): string {
  const { line, column } = placeAt(text, span.start)
  const lineStart = text.lastIndexOf('\n', span.start - 1) + 1
  const newline = text.indexOf('\n', span.start)
  const lineEnd = newline < 0 ? text.length : newline
  const indent = text.slice(lineStart, span.start).replaceAll(/[^\t]/g, ' ')
  const carets = '^'.repeat(Math.max(1, Math.min(span.end, lineEnd) - span.start))
  return `${line}:${column}: ${severity}: ${message}\n  ${text.slice(lineStart, lineEnd)}\n  ${indent}${carets}`
}
