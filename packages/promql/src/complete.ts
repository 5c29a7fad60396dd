import type { Token } from './tokens.ts'
import { AGGREGATORS, isKeyword, tokenize } from './tokens.ts'

/** What could be written at a place of a PromQL text, from `from` on. `choices` are what the language knows by itself. */
export type PromQLCompletion =
  /** Where an expression starts: metrics, functions, aggregations. */
  | { readonly kind: 'expression'; readonly from: number; readonly choices: readonly string[] }
  /** A label name, of the series of `selector` ('' for all). */
  | { readonly kind: 'label'; readonly from: number; readonly selector: string }
  /** A label's value, inside its quotes. */
  | { readonly kind: 'value'; readonly from: number; readonly label: string; readonly selector: string }
  | { readonly kind: 'operator' | 'matcher' | 'duration'; readonly from: number; readonly choices: readonly string[] }
  | { readonly kind: 'nothing'; readonly from: number }

const BINARY: readonly string[] = '+ - * / % ^ == != > < >= <= and or unless atan2'.split(' ')
const COMPARISONS = new Set(['==', '!=', '>', '<', '>=', '<='])
const MATCHERS: readonly string[] = ['=', '!=', '=~', '!~']
const GROUPINGS = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right'])
const DURATIONS: readonly string[] = ['1m', '5m', '10m', '15m', '30m', '1h', '6h', '12h', '1d', '1w']
const DURATION_UNITS: readonly string[] = ['s', 'm', 'h', 'd', 'w', 'y', 'ms']

/** Tells what may be written at `offset` of a text, complete or not. Never throws. */
export function completePromQL(text: string, offset: number): PromQLCompletion {
  const before = text.slice(0, offset)
  const tokens = tokenize(before)
  const last = tokens.at(-1)
  if (last !== undefined && (last.kind === 'eof' || last.span.start === offset)) tokens.pop()
  else if (last?.kind === 'error') return atError(text, tokens)
  return atWord(text, tokens, offset)
}

/** The text ends within a string, or in a number that is no number yet, such as `5x`. */
function atError(text: string, tokens: Token[]): PromQLCompletion {
  const error = tokens.pop()
  const from = error?.span.start ?? 0
  if (error?.message?.startsWith('unterminated') === true) return inString(text, tokens, from + 1)
  return { kind: 'nothing', from }
}

function inString(text: string, tokens: readonly Token[], from: number): PromQLCompletion {
  const open = openFrame(tokens)
  if (open?.kind !== '{') return { kind: 'nothing', from }
  const [label, operator] = tokens.slice(-2)
  if (operator !== undefined && label !== undefined && MATCHERS.includes(operator.kind)) {
    return { kind: 'value', from, label: nameOf(label), selector: selectorAt(text, tokens, open.index) }
  }
  return { kind: 'label', from, selector: selectorAt(text, tokens, open.index) }
}

function atWord(text: string, tokens: Token[], offset: number): PromQLCompletion {
  const typed = takeTyped(tokens, offset)
  const from = typed?.span.start ?? offset
  const open = openFrame(tokens)
  if (open?.kind === '{') return inBraces(text, tokens, from, open.index)
  if (open?.kind === '[' || kindAt(tokens, tokens.length - 1) === 'offset') {
    return { kind: 'duration', from, choices: durationsFrom(typed?.text ?? '') }
  }
  if (typed !== undefined && isNumber(typed)) return { kind: 'nothing', from }
  const isGrouping = open?.kind === '(' && GROUPINGS.has(kindAt(tokens, open.index - 1))
  return isGrouping ? inGrouping(text, tokens, from) : inExpression(tokens, from)
}

/** The word or number that ends at `offset`, taken from the tokens: it is being typed. */
function takeTyped(tokens: Token[], offset: number): Token | undefined {
  const last = tokens.at(-1)
  if (last === undefined || last.span.end !== offset) return undefined
  return isWord(last) || isNumber(last) ? tokens.pop() : undefined
}

function inGrouping(text: string, tokens: readonly Token[], from: number): PromQLCompletion {
  const isNext = /^[(,]$/.test(kindAt(tokens, tokens.length - 1))
  return isNext ? { kind: 'label', from, selector: selectorNear(text, from) } : { kind: 'nothing', from }
}

function inBraces(text: string, tokens: readonly Token[], from: number, openAt: number): PromQLCompletion {
  const last = tokens.at(-1)
  if (last?.kind === '{' || last?.kind === ',') return { kind: 'label', from, selector: selectorAt(text, tokens, openAt) }
  if (last?.kind === 'identifier') return { kind: 'matcher', from, choices: MATCHERS }
  return { kind: 'nothing', from }
}

function inExpression(tokens: readonly Token[], from: number): PromQLCompletion {
  const last = tokens.at(-1)
  if (last === undefined) return { kind: 'expression', from, choices: [] }
  if (last.kind === '@') return { kind: 'operator', from, choices: ['start()', 'end()'] }
  if (AGGREGATORS.has(last.kind)) return { kind: 'operator', from, choices: ['by (', 'without ('] }
  if (last.kind === ')') return afterParen(tokens, from)
  if (isOperand(last)) return { kind: 'operator', from, choices: [...BINARY, 'offset', '@'] }
  if (COMPARISONS.has(last.kind)) return { kind: 'expression', from, choices: ['bool', 'on (', 'ignoring ('] }
  if (BINARY.includes(last.kind)) return { kind: 'expression', from, choices: ['on (', 'ignoring ('] }
  return { kind: 'expression', from, choices: [] }
}

/** Behind `)`: a grouping goes on with what it groups, an aggregation may still be grouped, anything else is a whole operand. */
function afterParen(tokens: readonly Token[], from: number): PromQLCompletion {
  const opener = tokens[openerOf(tokens, tokens.length - 1) - 1]?.kind ?? ''
  if (opener === 'on' || opener === 'ignoring') {
    return { kind: 'expression', from, choices: ['group_left', 'group_right'] }
  }
  if (GROUPINGS.has(opener)) return { kind: 'expression', from, choices: [] }
  const grouping = AGGREGATORS.has(opener) ? ['by (', 'without ('] : []
  return { kind: 'operator', from, choices: [...grouping, ...BINARY, 'offset', '@'] }
}

function durationsFrom(typed: string): readonly string[] {
  const digits = /^\d+/.exec(typed)?.[0]
  return digits === undefined ? DURATIONS : DURATION_UNITS.map((unit) => digits + unit)
}

/** The innermost bracket that is still open, and where it is. */
function openFrame(tokens: readonly Token[]): { readonly kind: string; readonly index: number } | undefined {
  const open: { readonly kind: string; readonly index: number }[] = []
  for (const [index, { kind }] of tokens.entries()) {
    if (kind === '(' || kind === '{' || kind === '[') open.push({ kind, index })
    else if (kind === ')' || kind === '}' || kind === ']') open.pop()
  }
  return open.at(-1)
}

function openerOf(tokens: readonly Token[], closeAt: number): number {
  let depth = 0
  for (let i = closeAt; i >= 0; i--) {
    if (tokens[i]?.kind === ')') depth++
    else if (tokens[i]?.kind === '(') depth--
    if (depth === 0) return i
  }
  return 0
}

/** The selector around the place, as far as it is finished: name and whole matchers, '' when there is nothing to go by. */
function selectorAt(text: string, tokens: readonly Token[], openAt: number): string {
  const name = tokens[openAt - 1]
  const bare = isWord(name) && name?.span.end === tokens[openAt]?.span.start ? name?.text : undefined
  const matchers = finishedMatchers(text, tokens, openAt + 1)
  return bare === undefined && matchers.length === 0 ? '' : `${bare ?? ''}{${matchers.join(',')}}`
}

/** `label op "value"` and a quoted name count once a comma follows: what stands after the last one is being typed. */
function finishedMatchers(text: string, tokens: readonly Token[], from: number): string[] {
  const matchers: string[] = []
  for (let i = from, start = from; i < tokens.length; i++) {
    if (kindAt(tokens, i) !== ',') continue
    const isWhole = kindAt(tokens, i - 1) === 'string' && (i - start === 3 || i - start === 1)
    if (isWhole) matchers.push(text.slice(tokens[start]?.span.start, tokens[i - 1]?.span.end))
    start = i + 1
  }
  return matchers
}

function kindAt(tokens: readonly Token[], index: number): string {
  return tokens[index]?.kind ?? ''
}

/** The selector that a grouping at `at` is about: the next one of the text, else the one before. */
function selectorNear(text: string, at: number): string {
  const selectors = selectorsOf(text)
  return (selectors.find(({ start }) => start >= at) ?? selectors.findLast(({ start }) => start < at))?.text ?? ''
}

function selectorsOf(text: string): { readonly start: number; readonly text: string }[] {
  const tokens = tokenize(text)
  return tokens.flatMap((token, i) => {
    if (!startsSelector(tokens, i)) return []
    const isBraced = token.kind === '{' || tokens[i + 1]?.kind === '{'
    const closeAt = isBraced ? tokens.findIndex(({ kind }, at) => at > i && kind === '}') : i
    const end = tokens[closeAt]?.span.end
    const { start } = token.span
    return end === undefined ? [] : [{ start, text: text.slice(start, end) }]
  })
}

function startsSelector(tokens: readonly Token[], index: number): boolean {
  const { kind } = tokens[index]!
  if (kind === '{') return !isWord(tokens[index - 1])
  if (kind !== 'identifier' && kind !== 'metric identifier') return false
  return tokens[index + 1]?.kind !== '(' && !isInBraces(tokens, index) && !isInGrouping(tokens, index)
}

function isInGrouping(tokens: readonly Token[], index: number): boolean {
  const paren = tokens.slice(0, index).findLastIndex(({ kind }) => kind === '(' || kind === ')')
  return tokens[paren]?.kind === '(' && GROUPINGS.has(tokens[paren - 1]?.kind ?? '')
}

function isInBraces(tokens: readonly Token[], index: number): boolean {
  const brace = tokens.slice(0, index).findLast(({ kind }) => kind === '{' || kind === '}')
  return brace?.kind === '{'
}

/** A label's name as the API takes it: quoted ones without their quotes. */
function nameOf({ kind, text }: Token): string {
  return kind === 'string' ? text.slice(1, -1) : text
}

function isWord(token: Token | undefined): boolean {
  return token !== undefined && (token.kind === 'identifier' || token.kind === 'metric identifier' || isKeyword(token.kind))
}

function isNumber({ kind }: Token): boolean {
  return kind === 'number' || kind === 'duration'
}

function isOperand(token: Token): boolean {
  const isName = token.kind === 'identifier' || token.kind === 'metric identifier'
  return isName || isNumber(token) || token.kind === 'string' || token.kind === '}' || token.kind === ']'
}

/** Whether a metric's name may stand bare; any other is written `{"the name"}`. */
export function isBareMetricName(name: string): boolean {
  return /^[a-zA-Z_:][\w:]*$/.test(name)
}
