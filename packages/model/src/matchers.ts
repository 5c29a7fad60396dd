import type { Labels } from './labels.ts'
import { labelValue } from './labels.ts'
import { compileAnchored } from './regex.ts'

/** How a matcher compares: equal, not equal, regex match, regex non-match (RE2, anchored at both ends). */
export type MatchOp = '=' | '!=' | '=~' | '!~'

/** One label matcher of a selector, as in PromQL and LogQL. A label that is absent has the value ''. */
export interface Matcher {
  readonly name: string
  readonly op: MatchOp
  readonly value: string
}

/** Compiles a matcher into a test on a value. Throws `OrielError` MODEL_BAD_REGEX for a regex RE2 refuses. */
export function compileMatcher(matcher: Matcher): (value: string) => boolean {
  const { op, value } = matcher
  if (op === '=') return (text) => text === value
  if (op === '!=') return (text) => text !== value
  const matches = compileAnchored(value)
  return op === '=~' ? matches : (text) => !matches(text)
}

/** Compiles matchers into one test on a label set: all must hold. */
export function compileMatchers(matchers: readonly Matcher[]): (labels: Labels) => boolean {
  const tests = matchers.map((matcher) => ({ name: matcher.name, test: compileMatcher(matcher) }))
  return (labels) => tests.every(({ name, test }) => test(labelValue(labels, name)))
}

/** Whether the matcher also accepts a missing label. */
export function matchesEmpty(matcher: Matcher): boolean {
  return compileMatcher(matcher)('')
}
