import type { MatchOp } from '@oriel/model'
import { compileRegex } from '@oriel/model'
import type { TextSpan } from '@oriel/syntax'
import { regexRefusal } from '@oriel/syntax'
import type {
  Extraction,
  LabelFormat,
  LabelPick,
  LineFilterOp,
  LineFilterValue,
  LogExpr,
  MatcherNode,
  Stage,
  UnwrapStage,
} from './ast.ts'
import type { Cursor } from './cursor.ts'
import { ParseStop } from './cursor.ts'
import type { Token } from './lex.ts'
import { parseLabelFilter } from './parse-filter.ts'
import { parsePattern } from './pattern.ts'

/** Names of the stages that follow a `|`. */
export const STAGE_NAMES = [
  'json',
  'logfmt',
  'pattern',
  'regexp',
  'unpack',
  'decolorize',
  'line_format',
  'label_format',
  'drop',
  'keep',
  'unwrap',
] as const

const LINE_FILTERS: readonly string[] = ['|=', '!=', '|~', '!~', '|>', '!>']

/** Whether the token opens a stage: `|` or a line filter. */
export function opensStage(token: Token): boolean {
  return token.kind === 'op' && (token.value === '|' || LINE_FILTERS.includes(token.value))
}

/** Parses `{...}` and the stages behind it. */
export function parseLog(cursor: Cursor): LogExpr {
  const { start } = cursor.peek()
  const matchers = parseSelector(cursor)
  const stages: Stage[] = []
  while (opensStage(cursor.peek())) stages.push(...parseStage(cursor))
  return { kind: 'log', matchers, stages, span: { start, end: cursor.lastEnd } }
}

/** Parses a stream selector. */
function parseSelector(cursor: Cursor): readonly MatcherNode[] {
  const { start } = cursor.peek()
  cursor.expectOp('{', 'to open a stream selector')
  const matchers: MatcherNode[] = []
  while (!cursor.isOp('}') && cursor.peek().kind !== 'end') {
    try {
      matchers.push(parseMatcher(cursor))
      if (!cursor.takeOp(',') && !cursor.isOp('}')) cursor.stop('expected "," or "}" in a stream selector')
    } catch (error) {
      if (!(error instanceof ParseStop)) throw error
      cursor.skipTo((token) => token.value === ',' && token.kind === 'op')
      // Without a comma or the brace there is no matcher to go on with.
      if (!cursor.takeOp(',') && !cursor.isOp('}')) throw error
    }
  }
  if (!cursor.takeOp('}')) cursor.report('stream selector is not closed', { start, end: cursor.lastEnd })
  return matchers
}

function parseMatcher(cursor: Cursor): MatcherNode {
  const name = cursor.expectName('a label name')
  const op = takeMatchOp(cursor)
  const value = cursor.expectString('a label value')
  return checkedMatcher(cursor, name, op, value)
}

/** Makes a matcher and reports a regex that RE2 refuses. */
function checkedMatcher(cursor: Cursor, name: Token, op: MatchOp, value: Token): MatcherNode {
  const matcher = { name: name.value, op, value: value.value, span: { start: name.start, end: value.end } }
  const refusal = regexRefusal(matcher)
  if (refusal !== undefined) cursor.report(refusal, value)
  return matcher
}

function takeMatchOp(cursor: Cursor): MatchOp {
  const { value, kind } = cursor.peek()
  if (kind === 'op' && (value === '=' || value === '!=' || value === '=~' || value === '!~')) {
    cursor.next()
    return value
  }
  return cursor.stop('expected =, !=, =~ or !~')
}

/** Parses one stage; none when it is malformed, after moving on to the next. */
export function parseStage(cursor: Cursor): readonly Stage[] {
  try {
    return [parseOneStage(cursor)]
  } catch (error) {
    if (!(error instanceof ParseStop)) throw error
    cursor.skipTo((token) => opensStage(token) || (token.kind === 'op' && token.value === '['))
    return []
  }
}

function parseOneStage(cursor: Cursor): Stage {
  const opening = cursor.next()
  const { start } = opening
  if (opening.value !== '|') return parseLineFilter(cursor, start, lineFilterOp(opening.value))
  const token = cursor.peek()
  const ends = (): TextSpan => ({ start, end: cursor.lastEnd })
  if (token.kind === 'name' && isStageName(token.value)) {
    cursor.next()
    return parseNamed(cursor, token.value, start, ends)
  }
  if (token.kind === 'name' || cursor.isOp('(')) {
    const isBare = token.kind === 'name' && (cursor.peek(1).kind === 'end' || opensBare(cursor.peek(1)))
    if (isBare) {
      cursor.report(`unknown stage "${token.value}": expected ${STAGE_NAMES.join(', ')} or a label filter`, token)
      throw new ParseStop()
    }
    return { kind: 'labelFilter', filter: parseLabelFilter(cursor), span: ends() }
  }
  return cursor.stop('expected a stage or a label filter after "|"')
}

/** Whether the token behind a name shows that the name was meant as a stage. */
function opensBare(token: Token): boolean {
  return token.kind === 'string' || (token.kind === 'op' && ['|', '[', ')'].includes(token.value))
}

type StageName = (typeof STAGE_NAMES)[number]

function isStageName(text: string): text is StageName {
  return STAGE_NAMES.some((name) => name === text)
}

function lineFilterOp(text: string): LineFilterOp {
  if (text === '|=' || text === '!=' || text === '|~' || text === '!~' || text === '|>' || text === '!>') return text
  throw new ParseStop()
}

function parseLineFilter(cursor: Cursor, start: number, op: LineFilterOp): Stage {
  const alternatives = [parseLineFilterValue(cursor, op)]
  while (cursor.takeName('or')) alternatives.push(parseLineFilterValue(cursor, op))
  return { kind: 'lineFilter', op, alternatives, span: { start, end: cursor.lastEnd } }
}

function parseLineFilterValue(cursor: Cursor, op: LineFilterOp): LineFilterValue {
  const { start } = cursor.peek()
  if (cursor.isName('ip')) {
    if (op !== '|=' && op !== '!=') cursor.stop('expected |= or != before ip()')
    cursor.next()
    cursor.expectOp('(', 'behind ip')
    const { value } = cursor.expectString('an address, a range or a CIDR')
    cursor.expectOp(')', 'to close ip()')
    return { value, isIp: true, span: { start, end: cursor.lastEnd } }
  }
  const token = cursor.expectString(`text behind ${op}`)
  if (op === '|~' || op === '!~') checkRegex(cursor, token)
  if (op === '|>' || op === '!>') checkPattern(cursor, token, 'filter')
  return { value: token.value, isIp: false, span: { start, end: token.end } }
}

function checkRegex(cursor: Cursor, { value, start, end }: Token): void {
  try {
    compileRegex(value)
  } catch (error) {
    cursor.report(error instanceof Error ? error.message : String(error), { start, end })
  }
}

function checkPattern(cursor: Cursor, token: Token, use: 'filter' | 'parser'): void {
  const pattern = parsePattern(token.value, use)
  if (!pattern.ok) cursor.report(pattern.reason, token)
}

function parseNamed(cursor: Cursor, name: StageName, start: number, ends: () => TextSpan): Stage {
  switch (name) {
    case 'json':
      return { kind: 'json', extractions: parseExtractions(cursor), span: ends() }
    case 'logfmt':
      return { kind: 'logfmt', ...parseFlags(cursor), extractions: parseExtractions(cursor), span: ends() }
    case 'pattern':
    case 'regexp': {
      const token = cursor.expectString(`the ${name === 'regexp' ? 'regular expression' : 'pattern'}`)
      if (name === 'pattern') checkPattern(cursor, token, 'parser')
      else checkCaptures(cursor, token)
      return { kind: name, text: token.value, span: ends() }
    }
    case 'unpack':
    case 'decolorize':
      return { kind: name, span: ends() }
    case 'line_format': {
      const { value } = cursor.expectString('a template')
      return { kind: 'lineFormat', template: value, span: ends() }
    }
    case 'label_format':
      return { kind: 'labelFormat', formats: parseList(cursor, parseLabelFormat), span: ends() }
    case 'drop':
    case 'keep':
      return { kind: name, labels: parseList(cursor, parseLabelPick), span: ends() }
    case 'unwrap':
      return parseUnwrap(cursor, start)
  }
}

function checkCaptures(cursor: Cursor, token: Token): void {
  checkRegex(cursor, token)
  if (!/\(\?P?<[A-Za-z_]/.test(token.value)) cursor.report('regexp needs at least one named capture such as (?P<name>re)', token)
}

function parseFlags(cursor: Cursor): { isStrict: boolean; keepsEmpty: boolean } {
  let isStrict = false
  let keepsEmpty = false
  while (cursor.isOp('-') && cursor.isOp('-', 1)) {
    cursor.next()
    cursor.next()
    if (cursor.takeName('strict')) isStrict = true
    else if (cursor.takeName('keep') && cursor.takeOp('-') && cursor.takeName('empty')) keepsEmpty = true
    else cursor.stop('expected --strict or --keep-empty')
  }
  return { isStrict, keepsEmpty }
}

function parseExtractions(cursor: Cursor): readonly Extraction[] {
  return cursor.peek().kind === 'name' ? parseList(cursor, parseExtraction) : []
}

function parseList<T>(cursor: Cursor, parseItem: (cursor: Cursor) => T): T[] {
  const items = [parseItem(cursor)]
  while (cursor.takeOp(',')) items.push(parseItem(cursor))
  return items
}

function parseExtraction(cursor: Cursor): Extraction {
  const name = cursor.expectName('a label name')
  const path = cursor.takeOp('=') ? cursor.expectString('a path').value : name.value
  return { label: name.value, path, span: { start: name.start, end: cursor.lastEnd } }
}

function parseLabelFormat(cursor: Cursor): LabelFormat {
  const name = cursor.expectName('a label name')
  cursor.expectOp('=', 'behind the label name')
  const value = cursor.peek()
  if (value.kind !== 'string' && value.kind !== 'name') cursor.stop('expected a template or a label name')
  cursor.next()
  const span = { start: name.start, end: value.end }
  if (value.kind === 'name') return { label: name.value, from: { kind: 'label', label: value.value }, span }
  return { label: name.value, from: { kind: 'template', template: value.value }, span }
}

function parseLabelPick(cursor: Cursor): LabelPick {
  const name = cursor.expectName('a label name')
  const { kind, value } = cursor.peek()
  const hasMatcher = kind === 'op' && ['=', '!=', '=~', '!~'].includes(value) && cursor.peek(1).kind === 'string'
  if (!hasMatcher) return { name: name.value, span: { start: name.start, end: name.end } }
  const op = takeMatchOp(cursor)
  const matcher = checkedMatcher(cursor, name, op, cursor.expectString('a label value'))
  return { name: name.value, matcher: { op, value: matcher.value }, span: matcher.span }
}

function parseUnwrap(cursor: Cursor, start: number): UnwrapStage {
  const name = cursor.expectName('a label name')
  if (!cursor.takeOp('(')) return { kind: 'unwrap', label: name.value, conversion: 'none', span: { start, end: name.end } }
  const conversion = name.value
  if (conversion !== 'bytes' && conversion !== 'duration' && conversion !== 'duration_seconds') {
    cursor.report(`unknown conversion "${conversion}": expected bytes, duration or duration_seconds`, name)
    throw new ParseStop()
  }
  const label = cursor.expectName('a label name').value
  cursor.expectOp(')', 'to close the conversion')
  return { kind: 'unwrap', label, conversion, span: { start, end: cursor.lastEnd } }
}
