import type { Labels } from '@oriel/model'
import { parsePromDuration, unquote } from '@oriel/syntax'
import type { SeriesLine } from './series.ts'
import { parseSequence, parseSeriesLine } from './series.ts'

/** One command of a test script. `line` counts from 1. */
export type Command =
  | { readonly kind: 'clear'; readonly line: number }
  | LoadCommand
  | EvalCommand
  /** A command that this reader does not know. */
  | { readonly kind: 'unknown'; readonly line: number; readonly reason: string }

/** Series to store, one value every `stepMs` from time 0. */
export interface LoadCommand {
  readonly kind: 'load'
  readonly line: number
  readonly stepMs: number
  /** Classic histograms are stored as native ones with custom bounds too. */
  readonly withNhcb: boolean
  readonly series: readonly SeriesLine[]
  /** When the counters of series began (`name@st`). */
  readonly startTimes: readonly StartTimes[]
}

/** For each value of a series how much later than it its counter began, in ms (mostly below 0); `undefined` for unknown. */
export interface StartTimes {
  readonly labels: Labels
  readonly offsetsMs: readonly (number | undefined)[]
}

/** A note that is expected: its whole text, a pattern in it, or any. */
export interface ExpectedText {
  readonly message?: string
  readonly pattern?: string
}

/** A query and what it must answer. */
export interface EvalCommand {
  readonly kind: 'eval'
  readonly line: number
  readonly expr: string
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
  readonly isInstant: boolean
  readonly isOrdered: boolean
  /** The time is in the query, so that it answers the same at any. */
  readonly isPinned?: boolean
  readonly fail?: ExpectedText
  readonly warnings: readonly ExpectedText[]
  readonly infos: readonly ExpectedText[]
  readonly noWarnings: boolean
  readonly noInfos: boolean
  readonly scalar?: number
  readonly text?: string
  /** The times of a range vector that an instant query answers with. */
  readonly rangeVector?: { readonly startMs: number; readonly endMs: number; readonly stepMs: number }
  readonly series: readonly SeriesLine[]
}

/** Parses a PromQL test script. Source: Prometheus 3.14 promql/promqltest/README.md. */
export function parseScript(text: string): Command[] {
  const lines = text.split('\n').map((line) => (line.trim().startsWith('#') ? '' : line.trim()))
  const commands: Command[] = []
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? ''
    if (line === '') continue
    const block: string[] = []
    const at = i + 1
    if (!/^clear$/i.test(line)) while (i + 1 < lines.length && lines[i + 1] !== '') block.push(lines[++i] ?? '')
    commands.push(parseCommand(line, block, at))
  }
  return commands
}

function parseCommand(line: string, block: readonly string[], at: number): Command {
  if (/^clear$/i.test(line)) return { kind: 'clear', line: at }
  try {
    if (/^load/i.test(line)) return parseLoad(line, block, at)
    if (/^eval/i.test(line)) return parseEval(line, block, at)
  } catch (error) {
    return { kind: 'unknown', line: at, reason: error instanceof Error ? error.message : String(error) }
  }
  return { kind: 'unknown', line: at, reason: `unknown command ${line}` }
}

function parseLoad(line: string, block: readonly string[], at: number): LoadCommand {
  const match = /^load(_with_nhcb)?\s+(\S+)$/.exec(line)
  if (match === null) throw new Error(`invalid load command ${line}`)
  const series: SeriesLine[] = []
  const startTimes: StartTimes[] = []
  for (const definition of block) {
    const marked = /^(\S+)@st\s+(.*)$/.exec(definition)
    if (marked === null) series.push(parseSeriesLine(definition))
    else {
      const { labels } = parseSeriesLine(`${marked[1] ?? ''} _`)
      startTimes.push({ labels, offsetsMs: (marked[2] ?? '').split(/\s+/).flatMap(parseStartItem) })
    }
  }
  return { kind: 'load', line: at, stepMs: milliseconds(match[2]), withNhcb: match[1] !== undefined, series, startTimes }
}

const START_ITEM = /^([+-]?\d+[a-wyz]*)(?:([+-])(\d+[a-wyz]*))?(?:x(\d+))?$/

/** `_`, `_x3`, `-1m`, `-1m x3` (four times), `-1m+10s x3`. Source: Prometheus 3.14 promqltest parseSTItem. */
function parseStartItem(item: string): (number | undefined)[] {
  const omitted = /^_(?:x(\d+))?$/.exec(item)
  if (omitted !== null) return Array.from({ length: Number(omitted[1] ?? 1) })
  const match = START_ITEM.exec(item)
  if (match === null) throw new Error(`invalid start time ${item}`)
  const [, base = '', sign, step, times] = match
  const first = signedMilliseconds(base)
  const delta = step === undefined ? 0 : (sign === '-' ? -1 : 1) * milliseconds(step)
  return Array.from({ length: times === undefined ? 1 : Number(times) + 1 }, (_, i) => first + i * delta)
}

function signedMilliseconds(text: string): number {
  const value = milliseconds(text.replace(/^[+-]/, ''))
  return text.startsWith('-') ? -value : value
}

const INSTANT = /^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(\S+))?\s+(.+)$/
const RANGE = /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+?)\s+(.+)$/

function parseEval(line: string, block: readonly string[], at: number): EvalCommand {
  const instant = INSTANT.exec(line)
  const range = instant === null ? RANGE.exec(line) : null
  const expectations = parseExpectations(block)
  if (instant !== null) {
    const [, mode = '', time, expr = ''] = instant
    const startMs = milliseconds(time)
    return withMode({ kind: 'eval', line: at, expr, startMs, endMs: startMs, stepMs: 0, isInstant: true, ...expectations }, mode)
  }
  if (range === null) throw new Error(`invalid eval command ${line}`)
  const [, mode = '', from, to, step, expr = ''] = range
  const times = { startMs: milliseconds(from), endMs: milliseconds(to), stepMs: milliseconds(step) }
  return withMode({ kind: 'eval', line: at, expr, ...times, isInstant: false, ...expectations }, mode)
}

function withMode(command: EvalCommand, mode: string): EvalCommand {
  switch (mode) {
    case 'fail':
      return { ...command, fail: command.fail ?? {} }
    case 'warn':
      return { ...command, warnings: [...command.warnings, {}] }
    case 'info':
      return { ...command, infos: [...command.infos, {}] }
    case 'ordered':
      return { ...command, isOrdered: true }
    default:
      return command
  }
}

type Expectations = Omit<EvalCommand, 'kind' | 'line' | 'expr' | 'startMs' | 'endMs' | 'stepMs' | 'isInstant'>
type Draft = { -readonly [K in keyof Expectations]: Expectations[K] }

function parseExpectations(block: readonly string[]): Expectations {
  const draft: Draft = { isOrdered: false, warnings: [], infos: [], noWarnings: false, noInfos: false, series: [] }
  for (const line of block) {
    const legacy = /^expected_fail_(message|regexp)\s+(.*)$/.exec(line)
    if (legacy !== null) draft.fail = legacy[1] === 'message' ? { message: legacy[2] ?? '' } : { pattern: legacy[2] ?? '' }
    else if (line.startsWith('expect range vector')) draft.rangeVector = parseRangeVector(line)
    else if (line.startsWith('expect string')) draft.text = parseText(line)
    else if (/^expect(\s|$)/.test(line)) expectNote(draft, line)
    else addResult(draft, line)
  }
  return draft
}

function addResult(draft: Draft, line: string): void {
  if (/^[+-]?(?:[\d.]|inf$|nan$)/i.test(line)) {
    const [value] = parseSequence(line)
    if (value?.kind === 'value') draft.scalar = value.value
    return
  }
  draft.series = [...draft.series, parseSeriesLine(line)]
}

function expectNote(draft: Draft, line: string): void {
  const match = /^expect\s+(\w+)(?:\s+(msg|regex):(.*))?$/.exec(line)
  if (match === null) throw new Error(`invalid expect line ${line}`)
  const [, what = '', how, detail = ''] = match
  const text: ExpectedText = how === undefined ? {} : how === 'msg' ? { message: detail.trim() } : { pattern: detail.trim() }
  switch (what) {
    case 'ordered':
      draft.isOrdered = true
      return
    case 'fail':
      draft.fail = text
      return
    case 'warn':
      draft.warnings = [...draft.warnings, text]
      return
    case 'info':
      draft.infos = [...draft.infos, text]
      return
    case 'no_warn':
      draft.noWarnings = true
      return
    case 'no_info':
      draft.noInfos = true
      return
    default:
      throw new Error(`invalid expect line ${line}`)
  }
}

function parseRangeVector(line: string): NonNullable<EvalCommand['rangeVector']> {
  const match = /^expect range vector from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)$/.exec(line)
  if (match === null) throw new Error(`invalid range vector definition ${line}`)
  return { startMs: milliseconds(match[1]), endMs: milliseconds(match[2]), stepMs: milliseconds(match[3]) }
}

function parseText(line: string): string {
  const value = unquote(line.slice('expect string '.length))
  if (!value.ok) throw new Error(`invalid string in ${line}`)
  return value.value
}

function milliseconds(text: string | undefined): number {
  const parsed = parsePromDuration(text ?? '')
  if (!parsed.ok) throw new Error(parsed.reason)
  return parsed.value
}
