import type { Matcher } from '@oriel/model'
import { parseExpr, walk } from '@oriel/promql/syntax'
import { badParameter } from './params.ts'

/**
 * The matchers of selectors in a text. `one`: the text must be one instant selector, as in `match[]`. `any`: every selector
 * anywhere in the expression. Throws the language's error for a text that does not parse.
 */
export function parseSelector(text: string, form: 'one' | 'any'): Matcher[][] {
  const expr = parseExpr(text)
  if (form === 'one') {
    if (expr.kind !== 'vectorSelector') throw badParameter('match[]', `${JSON.stringify(text)} is not a series selector`)
    return [[...expr.matchers]]
  }
  const found: Matcher[][] = []
  walk(expr, (part) => {
    if (part.kind === 'vectorSelector') found.push([...part.matchers])
  })
  return found
}
