import type { Labels } from '@oriel/model'
import { compileRegex, labelValue, METRIC_NAME, withLabel } from '@oriel/model'
import { QueryError } from '@oriel/syntax'
import type { Call, Expr } from './ast.ts'
import { withoutParens } from './ast.ts'
import { expandTemplate } from './expand.ts'
import type { Evaluation } from './evaluation.ts'
import { vectorAt } from './evaluation.ts'
import type { Steps, VectorValue } from './values.ts'
import { mergeSameLabels, relabelled, vectorOf } from './values.ts'

/** `label_replace(v, dst, replacement, src, regex)`: where the whole of `src` matches, `dst` becomes the expanded replacement. */
export function evalLabelReplace(evaluation: Evaluation, call: Call, steps: Steps): VectorValue {
  const [dst = '', replacement = '', src = '', pattern = ''] = call.args.slice(1).map(stringOf)
  const regex = compileOrRefuse(pattern)
  if (!isLabelName(dst)) throw new QueryError('QUERY_EXECUTION', `invalid destination label name in label_replace(): ${dst}`)
  return withLabels(evaluation, call, steps, dst, (labels) => {
    const matcher = regex.matcher(labelValue(labels, src))
    return matcher.matches() ? expandTemplate(replacement, matcher) : undefined
  })
}

/** `label_join(v, dst, separator, src...)`: `dst` becomes the values of `src` joined. */
export function evalLabelJoin(evaluation: Evaluation, call: Call, steps: Steps): VectorValue {
  const [dst = '', separator = '', ...sources] = call.args.slice(1).map(stringOf)
  for (const source of sources) {
    if (!isLabelName(source)) throw new QueryError('QUERY_EXECUTION', `invalid source label name in label_join(): ${source}`)
  }
  if (!isLabelName(dst)) throw new QueryError('QUERY_EXECUTION', `invalid destination label name in label_join(): ${dst}`)
  return withLabels(evaluation, call, steps, dst, (labels) => sources.map((name) => labelValue(labels, name)).join(separator))
}

/** The value of a string argument. */
export function stringOf(expr: Expr): string {
  const inner = withoutParens(expr)
  return inner.kind === 'string' ? inner.value : ''
}

/** Sets label `dst` to what `value` returns. A series that is given a name keeps it. */
function withLabels(
  evaluation: Evaluation,
  { args: [arg] }: Call,
  steps: Steps,
  dst: string,
  value: (labels: Labels) => string | undefined,
): VectorValue {
  if (arg === undefined) throw new TypeError('label function without an argument')
  const { grid, dropName } = vectorAt(evaluation, arg, steps)
  const drops = Uint8Array.from(dropName)
  const labels = grid.labels.map((of, i) => {
    const set = value(of)
    if (set === undefined) return of
    if (dst === METRIC_NAME) drops[i] = 0
    return withLabel(of, dst, set)
  })
  return mergeSameLabels(vectorOf(relabelled(grid, labels), drops))
}

function compileOrRefuse(pattern: string): ReturnType<typeof compileRegex> {
  try {
    return compileRegex(pattern, { dotAll: true })
  } catch (cause) {
    throw new QueryError('QUERY_EXECUTION', `invalid regular expression in label_replace(): ${pattern}`, { cause })
  }
}

/** Any text but none is a label name; U+FFFD stands for bytes that are no UTF-8. */
export function isLabelName(name: string): boolean {
  return name !== '' && !name.includes('\u{fffd}')
}
