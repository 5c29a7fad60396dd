import { loadServices } from '../data/oriel.ts'
import type { CompletionContext, Language, Option, Options } from './language.ts'
import { escapeValue } from './language.ts'

const INTRINSICS: readonly (readonly [name: string, detail: string])[] = [
  ['name', 'span name'],
  ['status', 'error, ok or unset'],
  ['statusMessage', 'text of the status'],
  ['kind', 'server, client, internal, producer, consumer'],
  ['duration', 'of the span: duration > 250ms'],
  ['traceDuration', 'of the whole trace'],
  ['rootName', 'name of the first span'],
  ['rootServiceName', 'service of the first span'],
  ['resource.service.name', 'service'],
  ['resource.deployment.environment', 'attribute'],
  ['resource.service.version', 'attribute'],
  ['span.http.request.method', 'attribute'],
  ['span.http.route', 'attribute'],
  ['span.http.response.status_code', 'attribute'],
  ['span.db.system.name', 'attribute'],
  ['span.user.id', 'attribute'],
]
const VALUES: Readonly<Record<string, readonly string[]>> = {
  status: ['error', 'ok', 'unset'],
  kind: ['server', 'client', 'internal', 'producer', 'consumer'],
}
const FUNCTIONS = ['count', 'avg', 'min', 'max', 'sum', 'by', 'select']

/** TraceQL in the editor. */
export const traceql: Language = {
  name: 'TraceQL',
  keywords: new Set(['error', 'ok', 'unset', 'server', 'client', 'internal', 'producer', 'consumer', 'true', 'false', 'nil']),
  functions: new Set(FUNCTIONS),
  diagnose: () => [],
  complete,
}

async function complete(before: string, { range, signal }: CompletionContext): Promise<Options | undefined> {
  const service = /service\.name\s*(?:=~|!~|!=|=)\s*"([^"]*)$|rootServiceName\s*(?:=~|!~|!=|=)\s*"([^"]*)$/.exec(before)
  if (service !== null) {
    const { services } = await loadServices(range, signal)
    const options = services.map(({ service: text }): Option => ({ text, kind: 'value', insert: escapeValue(text) }))
    return { from: before.lastIndexOf('"') + 1, options }
  }
  const fixed = /\b(status|kind)\s*!?=\s*(\w*)$/.exec(before)
  if (fixed !== null) {
    const [, name = '', typed = ''] = fixed
    return { from: before.length - typed.length, options: (VALUES[name] ?? []).map((text) => ({ text, kind: 'keyword' })) }
  }
  const word = /[\w.]*$/.exec(before)?.[0] ?? ''
  const from = before.length - word.length
  const front = before.slice(0, from).trimEnd()
  if (front.endsWith('|') && !front.endsWith('||'))
    return { from, options: FUNCTIONS.map((text) => ({ text, kind: 'function', insert: `${text}(` })) }
  const isInside = before.lastIndexOf('{') > before.lastIndexOf('}')
  if (isInside && /[{(]$|&&$|\|\|$/.test(front))
    return { from, options: INTRINSICS.map(([text, detail]) => ({ text, detail, kind: 'label' })) }
  return front === '' ? { from, options: [{ text: '{ }', kind: 'label', detail: 'any span', insert: '{  }' }] } : undefined
}
