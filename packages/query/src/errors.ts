import { OrielError } from '@oriel/model'

/** Codes of `RunError`: why a query that may be well-formed was not answered. Text and meaning errors carry the languages' codes. */
export const RUN_ERRORS = {
  QUERY_LIMIT: 'The query reached a limit on steps, range, text, lines, series, samples or bytes; the message names it.',
  QUERY_TIMEOUT: 'The query ran longer than its time limit and was stopped in the engine too.',
  QUERY_CANCELLED: 'The asker went away or somebody cancelled the query by its id.',
  QUERY_TOO_MANY: 'Too many queries of this tenant run and wait already. Retry later.',
} as const

/** An expected failure of running a query. */
export class RunError extends OrielError {
  constructor(code: keyof typeof RUN_ERRORS, message: string, options?: ErrorOptions) {
    super(code, message, options)
  }
}
