import { compileMatcher } from '@oriel/model'
import type { CompareOp, LabelFilter } from '../ast.ts'
import { parseBytes, parseDurationSeconds } from '../lex.ts'
import type { LineLabels } from '../line-labels.ts'
import { compileIp } from './ip.ts'
import { parseGoFloat } from './numbers.ts'

/**
 * Compiles a label filter into a test.
 *
 * Comparing with a number, duration or size fails on an absent label; a value that cannot be converted marks the line with
 * `LabelFilterErr` and lets it pass, and a line with an error passes every such comparison: only text tests can drop it.
 * Source: Grafana Loki documentation, "Label filter expression" and "Pipeline errors".
 */
export function compileLabelFilter(filter: LabelFilter): (labels: LineLabels) => boolean {
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const left = compileLabelFilter(filter.left)
      const right = compileLabelFilter(filter.right)
      return filter.kind === 'and' ? (labels) => left(labels) && right(labels) : (labels) => left(labels) || right(labels)
    }
    case 'match': {
      const { name } = filter.matcher
      const test = compileMatcher(filter.matcher)
      return (labels) => test(labels.get(name))
    }
    case 'ip': {
      const matches = compileIp(filter.value)
      const isWanted = filter.op === '='
      return (labels) => matches(labels.get(filter.label)) === isWanted
    }
    case 'number':
      return compileComparison(filter, parseGoFloat)
    case 'duration':
      return compileComparison(filter, parseDurationSeconds)
    case 'bytes':
      return compileComparison(filter, parseBytes)
  }
}

function compileComparison(
  { kind, label, op, value }: Extract<LabelFilter, { readonly value: number }>,
  read: (text: string) => number | undefined,
): (labels: LineLabels) => boolean {
  const compare = compareWith(op, value)
  return (labels) => {
    if (labels.error !== '') return true
    const text = labels.get(label)
    if (text === '') return false
    const found = read(text)
    if (found !== undefined) return compare(found)
    labels.setError('LabelFilterErr', `cannot read label ${label} as ${kind}: ${JSON.stringify(text)}`)
    return true
  }
}

function compareWith(op: CompareOp, value: number): (found: number) => boolean {
  switch (op) {
    case '==':
      return (found) => found === value
    case '!=':
      return (found) => found !== value
    case '>':
      return (found) => found > value
    case '>=':
      return (found) => found >= value
    case '<':
      return (found) => found < value
    case '<=':
      return (found) => found <= value
  }
}
