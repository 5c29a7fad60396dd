import type { PromqlFeatures } from '@oriel/promql/syntax'
import {
  completePromQL,
  DEFAULT_FEATURES,
  featuresOfFlags,
  formatExpr,
  FUNCTIONS,
  isBareMetricName,
  nameOfType,
  parse,
} from '@oriel/promql/syntax'
import { labelNames, labelValues, loadFlags, metricMetadata } from '../data/prometheus.ts'
import type { CompletionContext, Explained, Language, Option, Options } from './language.ts'
import { escapeValue } from './language.ts'
import { PROMQL_DOCS } from './promql-docs.ts'
import { AGGREGATIONS, MODIFIERS } from './promql-words.ts'

/** PromQL in the editor as the server reads it: our own parser underlines, completes, formats; the live index has the names. */
export async function loadPromql(): Promise<Language> {
  // A server that does not tell reads it as Prometheus without flags does.
  const flags = await loadFlags(AbortSignal.timeout(FLAGS_MS)).catch(() => undefined)
  return makePromql(flags === undefined ? DEFAULT_FEATURES : featuresOfFlags(flags))
}

// An editor that is late helps less than one that knows no experimental function.
const FLAGS_MS = 1_000

function makePromql(features: PromqlFeatures): Language {
  return {
    name: 'PromQL',
    keywords: new Set([...AGGREGATIONS, ...MODIFIERS]),
    functions: new Set(FUNCTIONS.keys()),
    diagnose: (text) =>
      parse(text, features).errors.map(({ span, severity, message }) => ({ from: span.start, to: span.end, severity, message })),
    complete: (before, context, after = '') => complete(before, after, { context, features }),
    explain: (word, context) => explainWord(word, context),
    format: (text) => {
      const { ast, errors } = parse(text, features)
      return ast === undefined || errors.length > 0 ? undefined : formatExpr(ast)
    },
  }
}

interface Ways {
  readonly context: CompletionContext
  readonly features: PromqlFeatures
}

async function complete(before: string, after: string, { context, features }: Ways): Promise<Options | undefined> {
  const { range, signal } = context
  const place = completePromQL(before + after, before.length)
  const { from } = place
  switch (place.kind) {
    case 'label': {
      const names = await labelNames(range, place.selector || undefined, signal)
      return { from, options: names.filter((name) => name !== '__name__').map(labelOption) }
    }
    case 'value': {
      const values = await labelValues(place.label, { range, match: place.selector || undefined, signal })
      return { from, options: values.map((text) => ({ text, kind: 'value', insert: escapeValue(text) })) }
    }
    case 'expression':
      return { from, options: [...words(place.choices), ...(await metricOptions(context)), ...callOptions(features)] }
    case 'operator':
    case 'matcher':
    case 'duration':
      return { from, options: words(place.choices) }
    case 'nothing':
      return undefined
  }
}

function words(choices: readonly string[]): Option[] {
  // `by (` is one word to a person: the bracket closes itself.
  return choices.map((text) => ({
    text: text.replace(' (', ''),
    kind: 'keyword',
    ...(text.endsWith(' (') && { insert: `${text})`, caretBack: 1 }),
  }))
}

function labelOption(text: string): Option {
  return isBareMetricName(text) ? { text, kind: 'label' } : { text, kind: 'label', insert: JSON.stringify(text) }
}

function callOptions({ experimentalFunctions }: PromqlFeatures): Option[] {
  const called = (text: string, kind: Option['kind'], detail: string): Option => {
    const doc = PROMQL_DOCS.get(text)
    const takesNothing = doc?.arguments === '()'
    return {
      text,
      kind,
      detail,
      insert: `${text}()`,
      caretBack: takesNothing ? 0 : 1,
      ...(doc !== undefined && { info: { title: `${text}${doc.arguments}`, text: doc.text } }),
    }
  }
  return [
    ...AGGREGATIONS.filter((name) => experimentalFunctions || !name.startsWith('limit')).map((name) =>
      called(name, 'keyword', 'aggregation'),
    ),
    ...[...FUNCTIONS.values()]
      .filter(({ isExperimental }) => experimentalFunctions || !isExperimental)
      .map(({ name, returnType }) => called(name, 'function', nameOfType(returnType))),
  ]
}

async function metricOptions({ range, signal }: CompletionContext): Promise<Option[]> {
  const [names, metadata] = await Promise.all([
    labelValues('__name__', { range, signal }),
    metricMetadata(signal).catch(() => undefined),
  ])
  return names.map((text) => {
    const known = metadata?.[text]?.[0]
    return {
      text,
      kind: 'metric',
      detail: known?.type ?? '',
      ...(known !== undefined && known.help !== '' && { info: { title: text, text: known.help } }),
      ...(!isBareMetricName(text) && { insert: `{${JSON.stringify(text)}}` }),
    }
  })
}

async function explainWord(word: string, { signal }: CompletionContext): Promise<Explained | undefined> {
  const doc = PROMQL_DOCS.get(word)
  if (doc !== undefined) {
    const type = FUNCTIONS.get(word)
    const answers =
      type === undefined
        ? 'Aggregation'
        : `Answers an ${nameOfType(type.returnType)}`.replace('an scalar', 'a scalar').replace('an range', 'a range')
    return {
      title: `${word}${doc.arguments}`,
      text: doc.text,
      note: `${answers}${type?.isExperimental === true ? ', experimental' : ''}`,
    }
  }
  if (!isBareMetricName(word)) return undefined
  const metadata = await metricMetadata(signal).catch(() => undefined)
  const known = metadata?.[word]?.[0] ?? metadata?.[word.replace(/_(bucket|count|sum|total)$/, '')]?.[0]
  if (known === undefined) return undefined
  return { title: word, text: known.help, note: [known.type, known.unit].filter(Boolean).join(', ') }
}
