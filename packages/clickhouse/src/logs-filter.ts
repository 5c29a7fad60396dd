import type { Matcher } from '@oriel/model'
import { compileRegex, NS_PER_MS } from '@oriel/model'
import type { LineFilter, LogRequest, QueryContext } from '@oriel/store'
import { allOf, anyOf, matcherCondition, tenantCondition } from './conditions.ts'
import type { Bindings } from './conditions.ts'
import { streamCondition } from './streams.ts'
import type { NsWindow } from './time.ts'
import { timeConditions } from './time.ts'

/**
 * The condition on rows of `logs`: tenants, time, streams, line filters, metadata.
 *
 * Throws `OrielError` MODEL_BAD_REGEX for a regex that RE2 refuses.
 */
export function recordCondition(
  request: Pick<LogRequest, 'matchers' | 'lineFilters' | 'metadataMatchers'>,
  window: NsWindow,
  context: QueryContext,
  bindings: Bindings,
): string {
  const range = { startMs: Number(window.firstNs / NS_PER_MS), endMs: Number(window.lastNs / NS_PER_MS) }
  const streams = streamCondition(request.matchers, range, context, bindings)
  return allOf([
    tenantCondition(context.tenants, bindings),
    ...timeConditions(window, bindings),
    ...(streams === undefined ? [] : [streams]),
    ...request.metadataMatchers.map((matcher) => metadataCondition(matcher, bindings)),
    ...request.lineFilters.map((filter) => lineCondition(filter, bindings)),
  ])
}

/** A LogQL line filter on `body`. In regexes `.` stops at a newline, as in Go; the engine's default is the opposite. */
function lineCondition({ op, patterns }: LineFilter, bindings: Bindings): string {
  const isRegex = op === '|~' || op === '!~'
  const isWanted = op === '|=' || op === '|~'
  const any = anyOf(
    patterns.map((pattern) => (isRegex ? regexCondition(pattern, bindings) : textCondition(pattern, isWanted, bindings))),
  )
  return isWanted ? any : `NOT ${any}`
}

function regexCondition(pattern: string, bindings: Bindings): string {
  compileRegex(pattern)
  return `match(body, ${bindings.text(`(?-s)${pattern}`)})`
}

/** Contains `pattern`; with a look into the index of words first where the pattern holds whole words. */
function textCondition(pattern: string, isWanted: boolean, bindings: Bindings): string {
  const contains = `position(body, ${bindings.text(pattern)}) > 0`
  const words = isWanted ? wholeWords(pattern) : []
  if (words.length === 0) return contains
  return `(${allOf([...words.map((word) => `hasToken(body, ${bindings.text(word)})`), contains])})`
}

/**
 * The words that every text containing `pattern` has as whole words, as the engine's index cuts words.
 *
 * A word at either end of the pattern may go on in the text, so only those between two separators count.
 */
export function wholeWords(pattern: string): string[] {
  const pieces = pattern.split(WORD_SEPARATOR)
  return [...new Set(pieces.slice(1, -1).filter((word) => word !== ''))]
}

// ASCII but letters and digits; every other character is part of a word.
// oxlint-disable-next-line no-control-regex -- Control characters separate words too.
const WORD_SEPARATOR = /[\u0000-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007f]/

/** A matcher on structured metadata. What columns hold is looked up there, and among the attributes only where they are empty. */
function metadataCondition(matcher: Matcher, bindings: Bindings): string {
  const { name, op, value } = matcher
  // Ids are always in their column (ingest takes them out of the attributes), and its index finds them.
  if (name === 'trace_id' && op === '=' && value !== '') return `trace_id = ${bindings.text(value)}`
  const attribute = `attributes[${bindings.text(name)}]`
  const column = METADATA_COLUMNS.get(name)
  return matcherCondition(column === undefined ? attribute : `if(${column} != '', ${column}, ${attribute})`, matcher, bindings)
}

const METADATA_COLUMNS: ReadonlyMap<string, string> = new Map([
  ['trace_id', 'trace_id'],
  ['span_id', 'span_id'],
  ['detected_level', 'level'],
  ['severity_number', "if(severity = 0, '', toString(severity))"],
  ['severity_text', 'severity_text'],
  ['scope_name', 'scope_name'],
  ['scope_version', 'scope_version'],
])
