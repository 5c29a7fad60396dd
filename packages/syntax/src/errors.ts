import { OrielError } from '@oriel/model'
import type { TextSpan } from './span.ts'
import { printPlace } from './span.ts'

/** Codes of `QueryError`. */
export const QUERY_ERRORS = {
  QUERY_SYNTAX: 'The text is not in the language. The message names the line, the column and what was expected.',
  QUERY_TYPE: 'The text parses, but an operand, argument or combination has the wrong type.',
  QUERY_UNSUPPORTED:
    'The text is valid in the reference product, but this version does not answer it. It is never answered wrongly.',
  QUERY_FEATURE_OFF: 'The text needs a feature flag that is off. The message names the flag.',
  QUERY_EXECUTION: 'The query cannot be evaluated on the data it met (many-to-many matching, duplicate series and the like).',
  QUERY_LIMIT: 'The query reached one of its limits: narrow the range or the selector, or raise the limit named in the message.',
  QUERY_CANCELLED: 'The query was cancelled by its caller or ran out of time.',
} as const

/** A stable name of what went wrong with a query. */
export type QueryErrorCode = keyof typeof QUERY_ERRORS

/** An expected failure of a query in any of the languages. `span` is where in the text, when it has a place. */
export class QueryError extends OrielError {
  readonly span: TextSpan | undefined
  constructor(code: QueryErrorCode, message: string, { span, cause }: { span?: TextSpan; cause?: unknown } = {}) {
    super(code, message, cause === undefined ? undefined : { cause })
    this.span = span
  }
}

/** Makes the error of a text that does not parse: `1:12: parse error: <message>`. */
export function syntaxError(text: string, span: TextSpan, message: string, code: QueryErrorCode = 'QUERY_SYNTAX'): QueryError {
  return new QueryError(code, `${printPlace(text, span.start)}: parse error: ${message}`, { span })
}
