import { completeLogQL, parseLogQLParts, STAGE_NAMES } from '@oriel/logql/syntax'
import { logLabelValues, logLabels } from '../data/loki.ts'
import type { CompletionContext, Language, Option, Options } from './language.ts'
import { escapeValue } from './language.ts'

const AGGREGATIONS = 'sum avg min max count topk bottomk stddev stdvar sort sort_desc'.split(' ')
const WORDS = 'by without on ignoring group_left group_right and or unless offset bool'.split(' ')

/** Fields that every record may have besides its labels. */
const METADATA: readonly Option[] = [
  { text: 'detected_level', kind: 'label', detail: 'level' },
  { text: 'trace_id', kind: 'label', detail: 'trace' },
  { text: 'span_id', kind: 'label', detail: 'span' },
]

/** LogQL in the editor: its own parser underlines and knows the place, the live index has the labels and their values. */
export const logql: Language = {
  name: 'LogQL',
  keywords: new Set([...AGGREGATIONS, ...WORDS, ...STAGE_NAMES]),
  functions: new Set(
    'rate count_over_time bytes_rate bytes_over_time sum_over_time avg_over_time min_over_time max_over_time quantile_over_time'.split(
      ' ',
    ),
  ),
  diagnose: (text) =>
    parseLogQLParts(text).problems.map(({ span, severity, message }) => ({ from: span.start, to: span.end, severity, message })),
  complete,
}

async function complete(before: string, { range, signal }: CompletionContext): Promise<Options | undefined> {
  const { from, kind, choices, label = '' } = completeLogQL(before, before.length)
  switch (kind) {
    case 'labelName':
      return { from, options: await labels(range, signal) }
    case 'parsedLabel':
      return { from, options: [...METADATA, ...(await labels(range, signal))] }
    case 'labelValue': {
      const values = await logLabelValues(label, range, signal)
      return { from, options: values.map((text) => ({ text, kind: 'value', insert: escapeValue(text) })) }
    }
    case 'stage':
      return { from, options: [...known(choices, 'stage'), ...METADATA] }
    case 'function':
      return { from, options: known(choices, 'function') }
    case 'duration':
    case 'keyword':
      return { from, options: known(choices, 'keyword') }
    case 'nothing':
      return undefined
  }
}

async function labels(range: CompletionContext['range'], signal: AbortSignal): Promise<Option[]> {
  return (await logLabels(range, signal)).map((text) => ({ text, kind: 'label' }))
}

function known(choices: readonly string[], kind: Option['kind']): Option[] {
  return choices.map((text) => ({ text, kind }))
}
