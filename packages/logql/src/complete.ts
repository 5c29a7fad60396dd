import type { Matcher } from '@oriel/model'
import { AGGREGATE_OPS, RANGE_FUNCTIONS } from './ast.ts'
import type { Token } from './lex.ts'
import { lex } from './lex.ts'
import { OTHER_FUNCTIONS } from './parse-metric.ts'
import { opensStage, STAGE_NAMES } from './parse-pipeline.ts'

/** What fits at a place in a text. `[from, to)` is the piece that a choice replaces. */
export interface LogQLCompletion {
  readonly from: number
  readonly to: number
  readonly kind: CompletionKind
  /** Choices that the language knows by itself; names and values of labels come from the store. */
  readonly choices: readonly string[]
  /** The label whose values fit, for `labelValue`. */
  readonly label?: string
  /** The complete matchers of the selector around the place: what narrows names and values. */
  readonly matchers: readonly Matcher[]
}

/**
 * `labelName` and `labelValue` in a selector, `parsedLabel` wherever stages or grouping read a label, `stage` behind a pipe,
 * `function` where an expression starts, `duration` in a range, `keyword` behind a complete piece, `nothing` in free text.
 */
export type CompletionKind =
  | 'labelName'
  | 'labelValue'
  | 'parsedLabel'
  | 'stage'
  | 'function'
  | 'duration'
  | 'keyword'
  | 'nothing'

const DURATIONS: readonly string[] = ['1m', '5m', '10m', '15m', '1h', '6h', '1d']
const FUNCTIONS: readonly string[] = [...RANGE_FUNCTIONS, ...AGGREGATE_OPS, ...OTHER_FUNCTIONS]
const READS_LABEL = new Set(['unwrap', 'drop', 'keep', 'by', 'without', 'on', 'ignoring', 'group_left', 'group_right'])

/** Tells what may be written at `offset` of a text, complete or not. Never throws. */
export function completeLogQL(text: string, offset: number): LogQLCompletion {
  const before = lex(text.slice(0, offset)).slice(0, -1)
  const last = before.at(-1)
  const touches = last !== undefined && last.end === offset
  const isWord = touches && (last.kind === 'name' || last.kind === 'number' || last.kind === 'duration')
  const isOpenString = touches && last.kind === 'bad' && /^["`]/.test(last.value)
  const context = isWord || isOpenString ? before.slice(0, -1) : before
  const from = isWord ? last.start : isOpenString ? last.start + 1 : offset
  const place = { from, to: endOfWord(text, offset), matchers: matchersAround(context) }
  return { ...place, ...fitting(context, isOpenString) }
}

type Fitting = Pick<LogQLCompletion, 'kind' | 'choices' | 'label'>

function fitting(context: readonly Token[], isString: boolean): Fitting {
  const open = openBracket(context)
  if (open?.token.value === '{') return fittingSelector(context, isString)
  if (isString) return NOTHING
  if (open?.token.value === '[') return { kind: 'duration', choices: DURATIONS }
  const readsLabels = open !== undefined && READS_LABEL.has(context[open.at - 1]?.value ?? '')
  return readsLabels ? PARSED_LABEL : fittingExpression(context, open)
}

function fittingExpression(context: readonly Token[], open: OpenBracket | undefined): Fitting {
  const last = context.at(-1)
  if (last === undefined || isOp(last, '(') || isOp(last, ',')) return fittingStart(context, open)
  if (isOp(last, '|')) return { kind: 'stage', choices: STAGE_NAMES }
  if (opensStage(last)) return NOTHING
  if (last.kind === 'name' && READS_LABEL.has(last.value)) return PARSED_LABEL
  if (last.kind === 'op' && OPERATORS.has(last.value)) return { kind: 'function', choices: FUNCTIONS }
  return { kind: 'keyword', choices: KEYWORDS }
}

const OPERATORS: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', '^', '==', '>', '>=', '<', '<='])
const KEYWORDS: readonly string[] = ['by', 'without', 'and', 'or', 'unless', 'offset', 'bool', 'on', 'ignoring']
const PARSED_LABEL: Fitting = { kind: 'parsedLabel', choices: [] }
const NOTHING: Fitting = { kind: 'nothing', choices: [] }

function fittingSelector(context: readonly Token[], isString: boolean): Fitting {
  const operator = context.at(-1)
  const name = context.at(-2)
  if (isString && name?.kind === 'name') return { kind: 'labelValue', choices: [], label: name.value }
  const isNext = operator !== undefined && (isOp(operator, '{') || isOp(operator, ','))
  return isNext && !isString ? { kind: 'labelName', choices: [] } : NOTHING
}

/** At the start of an expression, or at a further item of a stage's list. */
function fittingStart(context: readonly Token[], open: OpenBracket | undefined): Fitting {
  const stage = context.findLastIndex(opensStage)
  const isInStage = stage >= 0 && stage > (open?.at ?? -1)
  return isInStage ? PARSED_LABEL : { kind: 'function', choices: ['{', ...FUNCTIONS] }
}

function isOp({ kind, value }: Token, text: string): boolean {
  return kind === 'op' && value === text
}

interface OpenBracket {
  readonly token: Token
  readonly at: number
}

function openBracket(tokens: readonly Token[]): OpenBracket | undefined {
  const open: OpenBracket[] = []
  for (const [at, token] of tokens.entries()) {
    if (token.kind !== 'op') continue
    if ('{(['.includes(token.value)) open.push({ token, at })
    else if ('})]'.includes(token.value)) open.pop()
  }
  return open.at(-1)
}

/** The complete matchers between the last `{` and the place. */
function matchersAround(context: readonly Token[]): readonly Matcher[] {
  const start = context.findLastIndex((token) => isOp(token, '{'))
  const matchers: Matcher[] = []
  for (let i = start + 1; start >= 0 && i + 2 < context.length; i++) {
    const [name, op, value] = [context[i]!, context[i + 1]!, context[i + 2]!]
    if (isOp(name, '}')) break
    const isMatcher = name.kind === 'name' && value.kind === 'string'
    if (!isMatcher || (op.value !== '=' && op.value !== '!=' && op.value !== '=~' && op.value !== '!~')) continue
    matchers.push({ name: name.value, op: op.value, value: value.value })
  }
  return matchers
}

function endOfWord(text: string, offset: number): number {
  let end = offset
  while (end < text.length && /[A-Za-z0-9_]/.test(text.charAt(end))) end++
  return end
}
