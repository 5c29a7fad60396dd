import { SPAN_KINDS, SPAN_STATUSES } from '@oriel/model'
import type { Token } from './lex.ts'
import { lex } from './lex.ts'
import { INTRINSIC_TEXTS } from './names.ts'
import { fieldOp } from './parse-field.ts'
import { STAGE_NAMES } from './parse-pipeline.ts'

/** What fits at a place in a text. `[from, to)` is the piece that a choice replaces. */
export interface TraceQLCompletion {
  readonly from: number
  readonly to: number
  /**
   * `field` where a condition reads one (attribute names come from the store), `value` behind a comparison, `operator` behind a
   * field, `stage` behind a pipe, `spanset` where a query starts, `nothing` in free text.
   */
  readonly kind: 'field' | 'value' | 'operator' | 'stage' | 'spanset' | 'nothing'
  /** Choices that the language knows by itself. */
  readonly choices: readonly string[]
  /** The field whose values fit, as written, for `value`. */
  readonly field?: string
}

const COMPARISONS: readonly string[] = ['=', '!=', '=~', '!~', '>', '>=', '<', '<=']
const FIELDS: readonly string[] = ['span.', 'resource.', '.', ...INTRINSIC_TEXTS]
const CONSTANTS: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ['status', SPAN_STATUSES],
  ['span:status', SPAN_STATUSES],
  ['kind', SPAN_KINDS],
  ['span:kind', SPAN_KINDS],
])

/** Tells what may be written at `offset` of a text, complete or not. Never throws. */
export function completeTraceQL(text: string, offset: number): TraceQLCompletion {
  const before = lex(text.slice(0, offset)).slice(0, -1)
  const last = before.at(-1)
  const touches = last !== undefined && last.end === offset
  const isOpenString = touches && last.kind === 'bad' && /^["'`]/.test(last.value)
  const isWord = touches && (last.kind === 'name' || last.kind === 'attribute' || last.kind === 'intrinsic' || isLoneDot(last))
  const context = isWord || isOpenString ? before.slice(0, -1) : before
  const from = isWord ? last.start : isOpenString ? last.start + 1 : offset
  return { from, to: offset, ...fitting(text, context, isOpenString) }
}

/** A dot, or a scope with its dot, and no name yet. */
function isLoneDot({ kind, value }: Token): boolean {
  return kind === 'bad' && value.endsWith('.')
}

type Fitting = Omit<TraceQLCompletion, 'from' | 'to'>

function fitting(text: string, context: readonly Token[], isString: boolean): Fitting {
  const last = context.at(-1)
  const isInside = depthOf(context) > 0
  const isCompared = isInside && last?.kind === 'op' && COMPARISONS.includes(last.value)
  if (isCompared) {
    const field = context.at(-2)
    const written = field === undefined ? '' : text.slice(field.start, field.end)
    return { kind: 'value', field: written, choices: isString ? [] : (CONSTANTS.get(written) ?? []) }
  }
  if (isString) return { kind: 'nothing', choices: [] }
  return isInside ? fittingField(last) : fittingSpanset(last)
}

function fittingSpanset(last: Token | undefined): Fitting {
  if (last?.kind === 'op' && last.value === '|') return { kind: 'stage', choices: ['{', ...STAGE_NAMES] }
  const isComplete = last !== undefined && (last.kind !== 'op' || last.value === '}' || last.value === ')')
  if (isComplete) return { kind: 'operator', choices: ['|', '&&', '||', '>', '>>', '<', '<<', '~'] }
  return { kind: 'spanset', choices: ['{'] }
}

function fittingField(last: Token | undefined): Fitting {
  const isOpen = last === undefined || (last.kind === 'op' && last.value !== ')' && last.value !== '}')
  if (isOpen || (last !== undefined && fieldOp(last) !== undefined)) return { kind: 'field', choices: FIELDS }
  return { kind: 'operator', choices: [...COMPARISONS, '&&', '||'] }
}

function depthOf(tokens: readonly Token[]): number {
  let depth = 0
  for (const { kind, value } of tokens) {
    if (kind !== 'op') continue
    if (value === '{' || value === '(') depth++
    if (value === '}' || value === ')') depth = Math.max(0, depth - 1)
  }
  return depth
}
