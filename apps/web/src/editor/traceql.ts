import { completeTraceQL, INTRINSIC_TEXTS, parseTraceQLParts, STAGE_NAMES } from '@oriel/traceql/syntax'
import { attributeNames, attributeValues } from '../data/tempo.ts'
import type { CompletionContext, Language, Option, Options } from './language.ts'
import { escapeValue } from './language.ts'

/** TraceQL in the editor: its own parser underlines and knows the place, the live index has the attributes and their values. */
export const traceql: Language = {
  name: 'TraceQL',
  keywords: new Set(['error', 'ok', 'unset', 'server', 'client', 'internal', 'producer', 'consumer', 'true', 'false', 'nil']),
  functions: new Set([...STAGE_NAMES, ...INTRINSIC_TEXTS]),
  diagnose: (text) =>
    parseTraceQLParts(text).problems.map(({ span, severity, message }) => ({
      from: span.start,
      to: span.end,
      severity,
      message,
    })),
  complete,
}

async function complete(before: string, { range, signal }: CompletionContext): Promise<Options | undefined> {
  const { from, kind, choices, field } = completeTraceQL(before, before.length)
  switch (kind) {
    case 'field': {
      const attributes = await attributeNames(range, signal)
      return { from, options: [...attributes.map((text): Option => ({ text, kind: 'label' })), ...known(choices, 'keyword')] }
    }
    case 'value': {
      const isString = /["'`]$/.test(before.slice(0, from))
      const values = field === undefined || choices.length > 0 ? [] : await attributeValues(field, range, signal)
      const stored = values.map(({ type, value }): Option => ({
        text: value,
        kind: 'value',
        insert: isString ? escapeValue(value) : type === 'string' ? JSON.stringify(value) : value,
      }))
      return { from, options: [...stored, ...known(choices, 'keyword')] }
    }
    case 'stage':
      return { from, options: known(choices, 'stage') }
    case 'operator':
    case 'spanset':
      return { from, options: known(choices, 'keyword') }
    case 'nothing':
      return undefined
  }
}

function known(choices: readonly string[], kind: Option['kind']): Option[] {
  return choices.map((text) => ({ text, kind }))
}
