import { parseLogQL } from '@oriel/logql'
import type { Matcher } from '@oriel/model'
import { bad } from './params.ts'

/** The matchers of a stream selector; a pipeline behind it is left aside, a metric query is refused. `{}` has none. */
export function parseStreamSelector(text: string): Matcher[] {
  if (/^\s*\{\s*\}\s*$/.test(text)) return []
  const expr = parseLogQL(text)
  if (expr.kind !== 'log') throw bad(`${JSON.stringify(text)} is not a stream selector`)
  return expr.matchers.map(({ name, op, value }) => ({ name, op, value }))
}
