import { FUNCTIONS, parse } from '@oriel/promql/syntax'
import { labelNames, labelValues, metricMetadata } from '../data/prometheus.ts'
import type { CompletionContext, Language, Option, Options } from './language.ts'
import { escapeValue } from './language.ts'
import { placeAt } from './place.ts'

const AGGREGATIONS = 'sum avg min max count group stddev stdvar topk bottomk quantile count_values limitk limit_ratio'.split(' ')
const MODIFIERS = 'by without on ignoring group_left group_right offset bool and or unless atan2'.split(' ')

/** PromQL in the editor: our own parser underlines, the live index completes. */
export const promql: Language = {
  name: 'PromQL',
  keywords: new Set([...AGGREGATIONS, ...MODIFIERS]),
  functions: new Set(FUNCTIONS.keys()),
  diagnose: (text) =>
    parse(text).errors.map(({ span, severity, message }) => ({ from: span.start, to: span.end, severity, message })),
  complete,
}

async function complete(before: string, { range, signal }: CompletionContext): Promise<Options | undefined> {
  const place = placeAt(before)
  switch (place.kind) {
    case 'label': {
      const names = await labelNames(range, place.selector || undefined, signal)
      return { from: place.from, options: names.filter((name) => name !== '__name__').map((text) => ({ text, kind: 'label' })) }
    }
    case 'value': {
      const values = await labelValues(place.label, { range, match: place.selector || undefined, signal })
      return { from: place.from, options: values.map((text) => ({ text, kind: 'value', insert: escapeValue(text) })) }
    }
    case 'name':
      return { from: place.from, options: [...(await metricOptions({ range, signal })), ...WORDS] }
    case 'none':
      return undefined
  }
}

const WORDS: readonly Option[] = [
  ...AGGREGATIONS.map((text): Option => ({ text, kind: 'keyword', detail: 'aggregation' })),
  ...[...FUNCTIONS.values()].map(({ name, argTypes, returnType }): Option => ({
    text: name,
    kind: 'function',
    detail: `(${argTypes.join(', ')}) ${returnType}`,
  })),
]

async function metricOptions({ range, signal }: CompletionContext): Promise<Option[]> {
  const [names, metadata] = await Promise.all([
    labelValues('__name__', { range, signal }),
    metricMetadata(signal).catch(() => undefined),
  ])
  return names.map((text) => ({ text, kind: 'metric', detail: metadata?.[text]?.[0]?.type ?? '' }))
}
