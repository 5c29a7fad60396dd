// The functions of alerting rules' templates. Source: Prometheus 3.14 template/template.go NewTemplateExpander.

import { isIP, isIPv6 } from 'node:net'
import type { GoList, GoObject, TemplateFunction, Value } from '@oriel/gotemplate'
import { escapeQuery, integerOf, makeObject, makeTextMap, printFloat, printValue, typeName } from '@oriel/gotemplate'
import type { UnixMs } from '@oriel/model'
import { compileRegex, labelsToRecord } from '@oriel/model'
import { parsePromDuration } from '@oriel/syntax'
import { printHistogram } from '../histogram-text.ts'
import type { Sample } from '../sample.ts'
import { humanize, humanize1024, humanizeDuration, humanizePercentage } from './humanize.ts'

/** What the functions of one run need. */
export interface FunctionContext {
  /** The moment of the evaluation. */
  readonly tMs: UnixMs
  /** Where people find this server; absent in unit tests, where asking for it fails as in promtool. */
  readonly externalUrl?: string
  /** An answer that is there already, or a throw that asks for it. */
  readonly query: (expr: string) => readonly Sample[]
}

const RESULT = 'template.queryResult'
const SAMPLE = '*template.sample'
const NS_PER_SECOND = 1e9

/** Makes the functions of one run. */
export function alertFunctions(context: FunctionContext): ReadonlyMap<string, TemplateFunction> {
  return new Map([...PURE, ...contextual(context)])
}

/** Names of all functions, for checking a template without running it. */
export function alertFunctionNames(): string[] {
  return [...alertFunctions({ tMs: 0, query: () => [] }).keys()]
}

function contextual({ tMs, externalUrl, query }: FunctionContext): [string, TemplateFunction][] {
  return [
    ['query', texts(1, (expr) => resultOf(query(expr)))],
    ['now', { parameters: [], call: () => tMs / 1_000 }],
    ['externalURL', { parameters: [], call: () => externalUrl ?? refuse(NIL_POINTER) }],
    ['pathPrefix', { parameters: [], call: () => (externalUrl === undefined ? refuse(NIL_POINTER) : pathOf(externalUrl)) }],
  ]
}

// What promtool says, which has no external URL for functions.
const NIL_POINTER = 'runtime error: invalid memory address or nil pointer dereference'

const PURE: readonly (readonly [string, TemplateFunction])[] = [
  ['first', { parameters: [RESULT], call: ([list]) => first(list) }],
  ['label', { parameters: ['string', SAMPLE], call: ([name, sample]) => labelOf(sample, printValue(name)) }],
  ['value', { parameters: [SAMPLE], call: ([sample]) => fieldOf(sample, 'Value') }],
  ['strvalue', { parameters: [SAMPLE], call: ([sample]) => labelOf(sample, '__value__') }],
  ['sortByLabel', { parameters: ['string', RESULT], call: ([name, list]) => sortByLabel(printValue(name), list) }],
  ['args', { parameters: ['any'], isVariadic: true, call: argsOf }],
  ['reReplaceAll', texts(3, reReplaceAll)],
  ['match', texts(2, (pattern, text) => compileRegex(pattern).matcher(text).find())],
  ['safeHtml', texts(1, (text) => ({ kind: 'html', text }))],
  ['title', texts(1, title)],
  ['toUpper', texts(1, (text) => text.toUpperCase())],
  ['toLower', texts(1, (text) => text.toLowerCase())],
  ['graphLink', texts(1, (expr) => `/graph?g0.expr=${escapeQuery(expr)}&g0.tab=0`)],
  ['tableLink', texts(1, (expr) => `/graph?g0.expr=${escapeQuery(expr)}&g0.tab=1`)],
  ['urlQueryEscape', texts(1, escapeQuery)],
  ['stripPort', texts(1, (hostPort) => splitHostPort(hostPort)?.host ?? hostPort)],
  ['stripDomain', texts(1, stripDomain)],
  ['humanize', numbers(humanize)],
  ['humanize1024', numbers(humanize1024)],
  ['humanizeDuration', numbers(humanizeDuration)],
  ['humanizePercentage', numbers(humanizePercentage)],
  ['humanizeTimestamp', numbers((value) => (Number.isFinite(value) ? printValue(timeOf(value)) : printFloat(value)))],
  ['toTime', numbers(timeOf)],
  ['toDuration', numbers((value) => ({ kind: 'duration', ns: BigInt(Math.trunc(value * NS_PER_SECOND)) }))],
  ['parseDuration', texts(1, parseDuration)],
]

/** A query's answer as templates see it. */
export function resultOf(samples: readonly Sample[]): GoList {
  return { kind: 'list', type: RESULT, items: samples.map(sampleOf) }
}

/** A sample as templates see it: `.Labels` and `.Value`. */
export function sampleOf({ labels, value, histogram }: Sample): GoObject {
  const shown = histogram === undefined ? value : histogramOf(histogram)
  return makeObject(SAMPLE, { Labels: makeTextMap(Object.entries(labelsToRecord(labels))), Value: shown })
}

/** A native histogram as templates see it: a text, as Prometheus prints one. */
export function histogramOf(histogram: NonNullable<Sample['histogram']>): GoObject {
  const print = () => printHistogram(histogram)
  return makeObject('*histogram.FloatHistogram', {}, { print, methods: { String: { parameters: [], call: print } } })
}

function texts(count: number, call: (...texts: string[]) => Value): TemplateFunction {
  return { parameters: Array.from({ length: count }, () => 'string'), call: (values) => call(...values.map(printValue)) }
}

function numbers(call: (value: number) => Value): TemplateFunction {
  return { parameters: ['any'], call: ([value]) => call(floatOf(value)) }
}

function refuse(message: string): never {
  // The engine puts the template's place in front.
  throw new Error(message)
}

function floatOf(value: Value): number {
  if (typeof value === 'number') return value
  const int = integerOf(value)
  if (int !== undefined) return Number(int)
  if (typeof value === 'object' && value.kind === 'duration') return Number(value.ns) / NS_PER_SECOND
  return typeof value === 'string' ? parseFloatText(value) : refuse(`can't convert ${typeName(value)} to float`)
}

/** As Go's strconv.ParseFloat. */
function parseFloatText(text: string): number {
  const found = /^[+-]?(?:inf|infinity|nan)$/i.exec(text)
  if (found !== null) return /nan/i.test(text) ? NaN : text.startsWith('-') ? -Infinity : Infinity
  if (!/^[+-]?(?:\d+(?:_?\d)*\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text))
    refuse(`strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`)
  const value = Number(text)
  return Number.isFinite(value) ? value : refuse(`strconv.ParseFloat: parsing ${JSON.stringify(text)}: value out of range`)
}

function timeOf(seconds: number): Value {
  if (!Number.isFinite(seconds)) return refuse('value is NaN or Inf')
  const ns = seconds * NS_PER_SECOND
  if (ns >= 2 ** 63 || ns < -(2 ** 63)) {
    return refuse(`${printFloat(seconds)} cannot be represented as a nanoseconds timestamp since it overflows int64`)
  }
  // Prometheus goes through milliseconds, cutting towards zero.
  return { kind: 'time', tNs: (BigInt(Math.trunc(ns)) / 1_000_000n) * 1_000_000n }
}

function parseDuration(text: string): number {
  const isNegative = text.startsWith('-')
  const parsed = parsePromDuration(isNegative ? text.slice(1) : text)
  if (!parsed.ok) return refuse(parsed.reason)
  return (isNegative ? -parsed.value : parsed.value) / 1_000
}

function first(list: Value): Value {
  const items = itemsOf(list)
  return items.length > 0 ? items[0] : refuse('first() called on vector with no elements')
}

function itemsOf(list: Value): readonly Value[] {
  return typeof list === 'object' && list.kind === 'list' ? list.items : []
}

function fieldOf(sample: Value, name: string): Value {
  if (sample === undefined) return refuse(NIL_POINTER)
  return typeof sample === 'object' && sample.kind === 'object' ? sample.fields.get(name) : undefined
}

function labelOf(sample: Value, name: string): string {
  const labels = fieldOf(sample, 'Labels')
  return typeof labels === 'object' && labels.kind === 'map' ? printValue(labels.entries.get(name) ?? '') : ''
}

function sortByLabel(name: string, list: Value): Value {
  const items = itemsOf(list).map((item) => ({ item, key: labelOf(item, name) }))
  items.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return { kind: 'list', type: RESULT, items: items.map(({ item }) => item) }
}

function argsOf(values: readonly Value[]): Value {
  const entries = new Map(values.map((value, i) => [`arg${i}`, value]))
  return { kind: 'map', type: 'map[string]interface {}', entries, zero: undefined }
}

/** Replaces every match; `$1`, `${1}` and `${name}` in the replacement are groups, as in Go. */
function reReplaceAll(pattern: string, replacement: string, text: string): string {
  const matcher = compileRegex(pattern).matcher(text)
  let [result, from] = ['', 0]
  while (matcher.find()) {
    result += text.slice(from, matcher.start())
    result += replacement.replaceAll(/\$(?:\$|\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
      if (whole === '$$') return '$'
      const name = braced ?? bare ?? ''
      if (/^\d+$/.test(name)) return Number(name) <= matcher.groupCount() ? (matcher.group(Number(name)) ?? '') : ''
      return groupNamed(matcher, name)
    })
    from = matcher.end()
  }
  return result + text.slice(from)
}

function groupNamed(matcher: { group(name: string): string | null }, name: string): string {
  try {
    return matcher.group(name) ?? ''
  } catch {
    // The library throws for a name that the pattern lacks; Go leaves it empty.
    return ''
  }
}

const words = new Intl.Segmenter('en-US', { granularity: 'word' })

/** Words begin with a capital; the rest stays as it is. */
function title(text: string): string {
  let result = ''
  for (const { segment } of words.segment(text)) result += segment.charAt(0).toUpperCase() + segment.slice(1)
  return result
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname.replace(/\/$/, '') : url
}

/** Host and port as Go's net.SplitHostPort; `undefined` where it fails. */
function splitHostPort(text: string): { host: string; port: string } | undefined {
  const bracketed = /^\[([^[\]]*)\]:([^:[\]]*)$/.exec(text)
  if (bracketed !== null) return { host: bracketed[1] ?? '', port: bracketed[2] ?? '' }
  const plain = /^([^:[\]]*):([^:[\]]*)$/.exec(text)
  return plain === null ? undefined : { host: plain[1] ?? '', port: plain[2] ?? '' }
}

function stripDomain(hostPort: string): string {
  const split = splitHostPort(hostPort)
  const host = split?.host ?? hostPort
  if (isIP(host) !== 0) return hostPort
  const [name = ''] = host.split('.')
  if (split === undefined || split.port === '') return name
  return isIPv6(name) || name.includes(':') ? `[${name}]:${split.port}` : `${name}:${split.port}`
}
