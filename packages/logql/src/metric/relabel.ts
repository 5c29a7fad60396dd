import type { Labels } from '@oriel/model'
import { compileRegex, labelsKey, labelValue, withLabel } from '@oriel/model'
import { QueryError } from '@oriel/syntax'
import type { Grid } from '@oriel/vector'
import type { LabelReplaceExpr } from '../ast.ts'
import { expand } from '../expand.ts'

/**
 * Sets a label from another by a regex that must match the whole value; series that do not match stay as they are.
 *
 * Throws QUERY_EXECUTION when two series end up with the same labels.
 */
export function replaceLabel(grid: Grid, { destination, replacement, source, regex, span }: LabelReplaceExpr): Grid {
  const compiled = compileRegex(`^(?s:${regex})$`)
  const seen = new Set<string>()
  const labels = grid.labels.map((of): Labels => {
    const matcher = compiled.matcher(labelValue(of, source))
    const replaced = matcher.find() ? withLabel(of, destination, expand(replacement, matcher)) : of
    const key = labelsKey(replaced)
    if (seen.has(key)) {
      throw new QueryError('QUERY_EXECUTION', `cannot evaluate: label_replace makes two series with the same labels`, { span })
    }
    seen.add(key)
    return replaced
  })
  return { ...grid, labels }
}
