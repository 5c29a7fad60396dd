import type { Matcher } from '@oriel/model'
import { diagnosticError } from '@oriel/syntax'
import { Cursor, ParseAbort } from './cursor.ts'
import { DEFAULT_FEATURES } from './features.ts'
import { isMetricName } from './parse.ts'
import { parseVectorSelector } from './parse-selector.ts'

/**
 * Parses a bare series selector as `match[]` takes it: `name`, `{...}` or `name{...}`, without modifiers.
 *
 * A selector may select everything: who asks decides. Throws `QueryError` QUERY_SYNTAX. Source: Prometheus 3.14 ParseMetricSelector.
 */
export function parseMetricSelector(text: string): readonly Matcher[] {
  const cursor = new Cursor(text, DEFAULT_FEATURES)
  let matchers: readonly Matcher[] = []
  try {
    const { kind } = cursor.token
    if (kind === '{') ({ matchers } = parseVectorSelector(cursor))
    else if (kind === 'identifier' || isMetricName(kind)) ({ matchers } = parseVectorSelector(cursor, cursor.take()))
    else cursor.unexpected()
    if (cursor.token.kind !== 'eof') cursor.unexpected()
  } catch (error) {
    if (!(error instanceof ParseAbort)) throw error
  }
  const [first] = cursor.errors
  if (first !== undefined) throw diagnosticError(text, first)
  return matchers
}
