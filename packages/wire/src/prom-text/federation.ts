import { CUSTOM_BOUNDS_SCHEMA } from '@oriel/model'
import { encodeFederation } from '../prom-proto/federation.ts'
import { escapeName } from './escape-name.ts'
import type { NameEscaping } from './escape-name.ts'
import type { FederatedFamily, FederatedMetric } from './federated-family.ts'
import { classicBuckets } from './federated-family.ts'
import { printGoFloat } from './go-float.ts'

/** How an asker wants a federation answer. Only protobuf can carry native histograms. */
export interface FederationFormat {
  readonly kind: 'text' | 'protobuf'
  readonly escaping: NameEscaping
}

/** What an `Accept` header asks for, text when it names nothing that we have. Source: Prometheus common expfmt.Negotiate. */
export function federationFormatOf(accept: string): FederationFormat {
  let escaping: NameEscaping = 'underscores'
  for (const clause of byWeight(accept)) {
    const given = ESCAPINGS.find((each) => each === clause.parameters.get('escaping'))
    if (given !== undefined) escaping = given
    const { type, parameters } = clause
    const isProto = type === PROTO_TYPE && parameters.get('proto') === PROTO_MESSAGE && parameters.get('encoding') === 'delimited'
    if (isProto) return { kind: 'protobuf', escaping }
    const version = parameters.get('version') ?? ''
    if (type === 'text/plain' && (version === '' || version === '0.0.4')) return { kind: 'text', escaping }
  }
  return { kind: 'text', escaping }
}

/**
 * Prints metrics, which come sorted by name; `added` labels stand where a metric has none of that name.
 *
 * A family begins wherever name or kind change. Text leaves native histograms out, unless their buckets have bounds of their own:
 * those become classic ones. Source: Prometheus 3.14 web/federate.go.
 */
export function printFederation(
  metrics: readonly FederatedMetric[],
  added: readonly (readonly [name: string, value: string])[],
  { kind, escaping }: FederationFormat,
): { contentType: string; body: string | Uint8Array } {
  const shown = kind === 'text' ? metrics.filter(fitsText) : metrics
  const full = shown.map((metric) => escaped({ ...metric, labels: [...metric.labels, ...missing(metric, added)] }, escaping))
  if (kind === 'protobuf') {
    const contentType = `${PROTO_TYPE}; proto=${PROTO_MESSAGE}; encoding=delimited; escaping=${escaping}`
    return { contentType, body: encodeFederation(familiesOf(full)) }
  }
  return {
    contentType: `text/plain; version=0.0.4; charset=utf-8; escaping=${escaping}`,
    body: familiesOf(full).map(printFamily).join(''),
  }
}

const PROTO_TYPE = 'application/vnd.google.protobuf'
const PROTO_MESSAGE = 'io.prometheus.client.MetricFamily'
const ESCAPINGS = ['allow-utf-8', 'underscores', 'dots', 'values'] as const

interface AcceptClause {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
}

/** The clauses of an `Accept` header, most wanted first. */
function byWeight(accept: string): AcceptClause[] {
  const clauses = accept.split(',').map((text) => {
    const [type = '', ...rest] = text.split(';').map((part) => part.trim())
    const parameters = new Map(
      rest.map((part) => {
        const [name = '', value = ''] = part.split('=')
        return [name.trim().toLowerCase(), value.trim().replace(/^"|"$/g, '')] as const
      }),
    )
    const weight = Number(parameters.get('q') ?? '1')
    return { type: type.toLowerCase(), parameters, weight: Number.isNaN(weight) ? 0 : weight }
  })
  return clauses.sort((a, b) => b.weight - a.weight)
}

function fitsText({ histogram }: FederatedMetric): boolean {
  return histogram === undefined || histogram.schema === CUSTOM_BOUNDS_SCHEMA
}

function missing({ labels }: FederatedMetric, added: readonly (readonly [string, string])[]): { name: string; value: string }[] {
  const names = new Set(labels.map(({ name }) => name))
  return added.filter(([name]) => !names.has(name)).map(([name, value]) => ({ name, value }))
}

function escaped(metric: FederatedMetric, escaping: NameEscaping): FederatedMetric {
  const labels = metric.labels.map(({ name, value }) => ({ name: escapeName(name, escaping), value }))
  return { ...metric, name: escapeName(metric.name, escaping), labels }
}

function familiesOf(metrics: readonly FederatedMetric[]): FederatedFamily[] {
  const families: { name: string; kind: FederatedFamily['kind']; metrics: FederatedMetric[] }[] = []
  for (const metric of metrics) {
    const kind = kindOf(metric)
    const last = families.at(-1)
    if (last?.name === metric.name && last.kind === kind) last.metrics.push(metric)
    else families.push({ name: metric.name, kind, metrics: [metric] })
  }
  return families
}

function kindOf({ histogram }: FederatedMetric): FederatedFamily['kind'] {
  if (histogram === undefined) return 'untyped'
  return histogram.resetHint === 'gauge' ? 'gauge histogram' : 'histogram'
}

function printFamily({ name, kind, metrics }: FederatedFamily): string {
  let text = `# TYPE ${printName(name)} ${kind === 'untyped' ? kind : 'histogram'}\n`
  for (const metric of metrics) text += printMetric(metric)
  return text
}

function printMetric(metric: FederatedMetric): string {
  const { name, tMs, value, histogram } = metric
  const line = (suffix: string, number: number, bound?: number) =>
    `${printSeries(name + suffix, metric.labels, bound)} ${printGoFloat(number)} ${tMs}\n`
  if (histogram === undefined) return line('', value)
  let text = ''
  for (const { bound, count } of classicBuckets(histogram)) text += line('_bucket', count, bound)
  return text + line('_bucket', histogram.count, Infinity) + line('_sum', histogram.sum) + line('_count', histogram.count)
}

/** A name that is not plain stands quoted between the braces. */
function printSeries(name: string, labels: FederatedMetric['labels'], bound: number | undefined): string {
  const isPlain = isPlainName(name)
  const parts = isPlain ? [] : [printName(name)]
  for (const label of labels) parts.push(`${printName(label.name)}="${escapeValue(label.value)}"`)
  if (bound !== undefined) parts.push(`le="${printGoFloat(bound)}"`)
  const braces = parts.length === 0 ? '' : `{${parts.join(',')}}`
  return (isPlain ? name : '') + braces
}

function printName(name: string): string {
  return isPlainName(name) ? name : `"${escapeValue(name)}"`
}

function isPlainName(name: string): boolean {
  return /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)
}

function escapeValue(value: string): string {
  return value.replace(/[\\\n"]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`))
}
