import type { Matcher } from '@oriel/model'
import { compileMatcher, literalAlternatives, matchesEmpty } from '@oriel/model'
import type { LabelPairs, LabelValues } from './label-pairs.ts'

/** A matcher worked out over the values that its label has. */
export interface MatchedPairs {
  readonly name: string
  /** Whether a series without the label passes. */
  readonly isEmptyIn: boolean
  /** How many values `all` must still look at: 0 when it knows. */
  readonly cost: number
  /** Whether a pair of the matcher's label passes. */
  accepts(pair: number): boolean
  /** The pairs that pass. */
  all(): ReadonlySet<number>
}

/** Works out matchers: a regex is asked once for each distinct value, not for each series. Throws MODEL_BAD_REGEX. */
export class MatcherCache {
  readonly #pairs: LabelPairs
  readonly #known = new Map<string, RegexPairs>()

  constructor(pairs: LabelPairs) {
    this.#pairs = pairs
  }

  match(matcher: Matcher): MatchedPairs {
    const { name, op, value } = matcher
    const values = this.#pairs.byName.get(name) ?? NO_VALUES
    const literals = op === '=' || op === '!=' ? [value] : literalAlternatives(value)
    if (literals !== undefined) return new LiteralPairs(matcher, literals, values)
    const key = `${op}${name.length}:${name}${value}`
    let known = this.#known.get(key)
    if (known === undefined || known.values !== values) {
      if (this.#known.size >= CACHED_MATCHERS) this.#known.clear()
      this.#known.set(key, (known = new RegexPairs(matcher, values, this.#pairs)))
    }
    return known
  }
}

const NO_VALUES: LabelValues = { pairs: [], pairOf: new Map() }
// 256 matchers: a few dashboards' worth; each holds what it knows of the values it was asked for.
const CACHED_MATCHERS = 256

/** `=`, `!=`, and regexes that are plainly `a|b|c`. */
class LiteralPairs implements MatchedPairs {
  readonly name: string
  readonly isEmptyIn: boolean
  readonly cost: number
  readonly #named: ReadonlySet<number>
  readonly #values: LabelValues
  readonly #isIn: boolean

  constructor({ name, op }: Matcher, literals: readonly string[], values: LabelValues) {
    this.name = name
    this.#isIn = op === '=' || op === '=~'
    // The empty value is the absence of the label.
    this.isEmptyIn = literals.includes('') === this.#isIn
    this.#named = new Set(literals.map((literal) => values.pairOf.get(literal)).filter((pair) => pair !== undefined))
    this.#values = values
    this.cost = this.#isIn ? 0 : values.pairs.length
  }

  accepts(pair: number): boolean {
    return this.#named.has(pair) === this.#isIn
  }

  all(): ReadonlySet<number> {
    return this.#isIn ? this.#named : new Set(this.#values.pairs.filter((pair) => this.accepts(pair)))
  }
}

/** A regex: each value is tested when it is first asked for. Values are only ever added. */
class RegexPairs implements MatchedPairs {
  readonly name: string
  readonly isEmptyIn: boolean
  readonly values: LabelValues
  readonly #pairs: LabelPairs
  readonly #test: (text: string) => boolean
  readonly #known = new Map<number, boolean>()
  readonly #accepted = new Set<number>()
  #tested = 0

  constructor(matcher: Matcher, values: LabelValues, pairs: LabelPairs) {
    this.name = matcher.name
    this.isEmptyIn = matchesEmpty(matcher)
    this.values = values
    this.#pairs = pairs
    this.#test = quickTest(matcher) ?? prefixedTest(matcher)
  }

  get cost(): number {
    return this.values.pairs.length - this.#tested
  }

  accepts(pair: number): boolean {
    // Once most values are tested, asking the set is enough.
    if (this.cost === 0) return this.#accepted.has(pair)
    let known = this.#known.get(pair)
    if (known === undefined) this.#known.set(pair, (known = this.#test(this.#pairs.labels[pair]!.value)))
    return known
  }

  all(): ReadonlySet<number> {
    const { pairs } = this.values
    for (; this.#tested < pairs.length; this.#tested++) {
      const pair = pairs[this.#tested]!
      if (this.#known.get(pair) ?? this.#test(this.#pairs.labels[pair]!.value)) this.#accepted.add(pair)
    }
    this.#known.clear()
    return this.#accepted
  }
}

/** Patterns that need no regex: `text.*`, `.*text`, `.*text.*`, `.+` and `.*`, with `.+` at either end too. */
function quickTest({ op, value }: Matcher): ((text: string) => boolean) | undefined {
  const parts = /^(\.[*+])?([^\\^$.*+?()[\]{}|]*)(\.[*+])?$/u.exec(value)
  if (parts === null) return undefined
  const [, before, literal = '', after] = parts
  const from = before === '.+' ? 1 : 0
  const room = after === '.+' ? 1 : 0
  const isIn = op === '=~'
  const matches = (text: string): boolean => {
    if (text.length < from + literal.length + room) return false
    if (before === undefined) return text.startsWith(literal)
    if (after === undefined) return text.endsWith(literal)
    const at = text.indexOf(literal, from)
    return at >= 0 && at + literal.length + room <= text.length
  }
  return isIn ? matches : (text) => !matches(text)
}

function prefixedTest(matcher: Matcher): (text: string) => boolean {
  const test = compileMatcher(matcher)
  const prefix = prefixOf(matcher.value)
  if (prefix === '') return test
  // Most values fail at the prefix, which costs a twentieth of asking the regex.
  const isOut = matcher.op === '!~'
  return (text) => (text.startsWith(prefix) ? test(text) : isOut)
}

/** Text that every match of an anchored pattern begins with; '' where none is plain to see. */
export function prefixOf(pattern: string): string {
  if (pattern.includes('|')) return ''
  const plain = /^[^\\^$.*+?()[\]{}|]*/u.exec(pattern)?.[0] ?? ''
  const next = pattern[plain.length] ?? ''
  if (next === '' || !'*?{'.includes(next)) return plain
  // What follows may make the last character optional.
  return plain.replace(/.$/su, '')
}
