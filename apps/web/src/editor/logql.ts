import { parseLogQLParts } from '@oriel/logql/syntax'
import { logLabelValues, logLabels } from '../data/loki.ts'
import type { CompletionContext, Language, Option, Options } from './language.ts'
import { escapeValue } from './language.ts'
import { placeAt } from './place.ts'

const STAGES: readonly Option[] = [
  { text: 'json', kind: 'stage', detail: 'fields of a JSON line' },
  { text: 'logfmt', kind: 'stage', detail: 'fields of a key=value line' },
  { text: 'pattern', kind: 'stage', detail: 'fields by example', insert: 'pattern "<_>"' },
  { text: 'regexp', kind: 'stage', detail: 'fields by named groups', insert: 'regexp "(?P<name>)"' },
  { text: 'line_format', kind: 'stage', detail: 'another line', insert: 'line_format "{{.}}"' },
  { text: 'label_format', kind: 'stage', detail: 'rename a label', insert: 'label_format new=old' },
  { text: 'unwrap', kind: 'stage', detail: 'a label as a number' },
  { text: 'drop', kind: 'stage', detail: 'without these labels' },
  { text: 'keep', kind: 'stage', detail: 'these labels only' },
  { text: 'decolorize', kind: 'stage', detail: 'without terminal colours' },
  { text: 'trace_id', kind: 'label', detail: 'lines of a trace', insert: 'trace_id=""' },
  { text: 'detected_level', kind: 'label', detail: 'lines of a level', insert: 'detected_level="error"' },
]
const RANGE_FUNCTIONS = (
  'rate count_over_time bytes_rate bytes_over_time absent_over_time sum_over_time avg_over_time min_over_time max_over_time ' +
  'stddev_over_time stdvar_over_time quantile_over_time first_over_time last_over_time rate_counter'
).split(' ')
const AGGREGATIONS = 'sum avg min max count topk bottomk stddev stdvar sort sort_desc'.split(' ')

/** LogQL in the editor. */
export const logql: Language = {
  name: 'LogQL',
  keywords: new Set([
    ...AGGREGATIONS,
    ...STAGES.map(({ text }) => text),
    'by',
    'without',
    'on',
    'ignoring',
    'and',
    'or',
    'unless',
    'offset',
    'bool',
  ]),
  functions: new Set(RANGE_FUNCTIONS),
  diagnose: (text) =>
    parseLogQLParts(text).problems.map(({ span, severity, message }) => ({ from: span.start, to: span.end, severity, message })),
  complete,
}

async function complete(before: string, { range, signal }: CompletionContext): Promise<Options | undefined> {
  const place = placeAt(before)
  switch (place.kind) {
    case 'label':
      return { from: place.from, options: (await logLabels(range, signal)).map((text) => ({ text, kind: 'label' })) }
    case 'value': {
      const values = await logLabelValues(place.label, range, signal)
      return { from: place.from, options: values.map((text) => ({ text, kind: 'value', insert: escapeValue(text) })) }
    }
    case 'stage':
      return { from: place.from, options: STAGES }
    case 'name':
      return { from: place.from, options: WORDS }
    case 'none':
      return undefined
  }
}

const WORDS: readonly Option[] = [
  { text: '{service_name=""}', kind: 'label', detail: 'lines of a service' },
  ...RANGE_FUNCTIONS.map((text): Option => ({ text, kind: 'function', detail: '(range)' })),
  ...AGGREGATIONS.map((text): Option => ({ text, kind: 'keyword', detail: 'aggregation' })),
]
