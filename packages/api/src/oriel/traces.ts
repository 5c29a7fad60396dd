import type { TraceAnswer, TracesAnswer } from '@oriel/contract'
import type { TraceSearch } from '@oriel/query'
import { parseGoDuration, quote } from '@oriel/syntax'
import type { Answer, Exchange } from '../http/exchange.ts'
import { callerOf, jsonAnswer } from '../http/exchange.ts'
import type { ApiServices } from '../services.ts'
import { readTrace } from '../tempo/traces.ts'
import { bad, rangeNsOf, rangeParameters, wholeNumber } from './params.ts'
import { spanAnswer, summaryAnswer } from './shapes.ts'

// 50 rows fill a screen; one matched span a row is shown, three when the row is opened.
const DEFAULT_LIMIT = 50
const SPANS_PER_TRACE = 3

/** GET /api/oriel/traces. */
export async function searchTraces(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const query = {
    search: searchOf(exchange),
    range: rangeNsOf(rangeParameters(exchange, services.now)),
    limit: wholeNumber(exchange, 'limit') || DEFAULT_LIMIT,
    spansPerTrace: SPANS_PER_TRACE,
  }
  const { data } = await services.runner.runTraceSearch(query, callerOf(exchange, 'page'))
  const answer: TracesAnswer = { traces: data.map(summaryAnswer) }
  return jsonAnswer(answer)
}

/** GET /api/oriel/traces/<id>. */
export async function oneTrace(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const spans = await readTrace(services, exchange, 'page')
  const answer: TraceAnswer = { traceId: spans[0]?.traceId ?? '', spans: spans.map(spanAnswer) }
  return jsonAnswer(answer)
}

function searchOf({ query }: Exchange): TraceSearch {
  const expr = query.get('q') ?? ''
  const conditions = [
    ...textConditions(query),
    ...durationConditions(query),
    ...query.getAll('f').map((chip) => chipCondition(chip)),
  ]
  if (expr === '') return { kind: 'traceql', expr: `{ ${conditions.join(' && ')} }` }
  if (conditions.length > 0) throw bad('q', 'it cannot be combined with other conditions')
  return { kind: 'traceql', expr }
}

function textConditions(query: URLSearchParams): string[] {
  const conditions: string[] = []
  const service = query.get('service') ?? ''
  if (service !== '') conditions.push(`resource.service.name = ${quote(service)}`)
  const operation = query.get('operation') ?? ''
  if (operation !== '') conditions.push(`name = ${quote(operation)}`)
  const status = query.get('status') ?? ''
  if (!['', 'error', 'ok', 'unset'].includes(status)) throw bad('status', 'it must be error, ok or unset')
  if (status !== '') conditions.push(`status = ${status}`)
  return conditions
}

function durationConditions(query: URLSearchParams): string[] {
  const sides = [
    ['minDuration', '>='],
    ['maxDuration', '<='],
  ] as const
  return sides.flatMap(([name, op]) => {
    const text = query.get(name) ?? ''
    if (text === '') return []
    const parsed = parseGoDuration(text)
    if (!parsed.ok) throw bad(name, parsed.reason)
    return [`duration ${op} ${text}`]
  })
}

const TEXT_INTRINSICS: ReadonlySet<string> = new Set(['name', 'statusMessage', 'rootName', 'rootServiceName'])
const INTRINSICS: ReadonlySet<string> = new Set([...TEXT_INTRINSICS, 'status', 'kind', 'duration', 'traceDuration'])

/** `key|op|value` of a filter chip as a TraceQL condition. */
function chipCondition(chip: string): string {
  const [, key = '', op = '', value = ''] = /^([^|]+)\|(=~|!~|!=|=|>|<|exists)(?:\|(.*))?$/s.exec(chip) ?? []
  if (key === '') throw bad('f', `${JSON.stringify(chip)} is not key|op|value with op = != =~ !~ > < exists`)
  const left = leftSide(key)
  if (op === 'exists') return `${left} != nil`
  return `${left} ${op} ${isBareValue(key, op, value) ? value : quote(value)}`
}

/** Whether the value stands without quotes: numbers that are compared, and the keywords and durations of intrinsics. */
function isBareValue(key: string, op: string, value: string): boolean {
  if (TEXT_INTRINSICS.has(key) || !/^-?[\w.]+$/.test(value)) return false
  return op === '>' || op === '<' || INTRINSICS.has(key)
}

function leftSide(key: string): string {
  if (INTRINSICS.has(key)) return key
  if (key === 'service') return 'resource.service.name'
  const [, scope = '', name = ''] = /^(resource\.|span\.|\.)?(.+)$/s.exec(key) ?? []
  const attribute = /^[A-Za-z_][\w.\-/]*$/.test(name) ? name : quote(name)
  return `${scope === '' ? '.' : scope}${attribute}`
}
