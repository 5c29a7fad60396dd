// A hot path (bench/HOTPATHS.md): strings are built per series, no object per point.
import type { Labels } from '@oriel/model'
import type { PromQLData } from '@oriel/query'
import { printNumber } from '@oriel/syntax'

// 64 KiB of text a piece: few calls into the socket, little memory held.
const PIECE_LENGTH = 65_536

/** A time as Prometheus prints it: seconds, with three digits behind the point only when they are not all zero. */
export function printSeconds(tMs: number): string {
  const whole = Math.trunc(tMs / 1_000)
  const rest = Math.abs(tMs % 1_000)
  if (rest === 0) return String(whole)
  const sign = tMs < 0 && whole === 0 ? '-' : ''
  return `${sign}${whole}.${String(Math.round(rest)).padStart(3, '0')}`
}

/** Labels as a JSON object, names in order. */
export function printLabels(labels: Labels): string {
  let text = '{'
  for (const { name, value } of labels) text += `${text === '{' ? '' : ','}${JSON.stringify(name)}:${JSON.stringify(value)}`
  return `${text}}`
}

/** `"resultType":...,"result":...` in pieces. `limit` cuts the number of series or samples, 0 keeps all. */
export function* printResult(data: PromQLData, limit: number): Generator<string> {
  yield `"resultType":"${data.kind}","result":`
  switch (data.kind) {
    case 'scalar':
      yield `[${printSeconds(data.tMs)},"${printNumber(data.value)}"]`
      return
    case 'string':
      yield `[${printSeconds(data.tMs)},${JSON.stringify(data.value)}]`
      return
    case 'vector':
      yield* printVector(data, limit)
      return
    case 'matrix':
      yield* printMatrix(data.series, limit)
  }
}

/** How many series or samples the answer holds. */
export function resultSize(data: PromQLData): number {
  if (data.kind === 'vector') return data.samples.length
  return data.kind === 'matrix' ? data.series.length : 1
}

type VectorData = Extract<PromQLData, { kind: 'vector' }>
type MatrixSeries = Extract<PromQLData, { kind: 'matrix' }>['series']

function* printVector({ tMs, samples }: VectorData, limit: number): Generator<string> {
  const at = printSeconds(tMs)
  let text = '['
  let isFirst = true
  for (const { labels, value } of limited(samples, limit)) {
    text += `${isFirst ? '' : ','}{"metric":${printLabels(labels)},"value":[${at},"${printNumber(value)}"]}`
    isFirst = false
    if (text.length < PIECE_LENGTH) continue
    yield text
    text = ''
  }
  yield `${text}]`
}

/** A matrix, of PromQL or LogQL: `[{"metric":{...},"values":[[t,"v"],...]},...]`. */
export function* printMatrix(series: MatrixSeries, limit: number): Generator<string> {
  const prefixes = new TimePrefixes()
  let text = '['
  let isFirst = true
  for (const { labels, tMs, values } of limited(series, limit)) {
    text += `${isFirst ? '' : ','}{"metric":${printLabels(labels)},"values":[`
    isFirst = false
    for (let i = 0; i < values.length; i++) text += (i === 0 ? '[' : ',[') + prefixes.of(tMs[i]!) + printPlain(values[i]!) + '"]'
    text += ']}'
    if (text.length < PIECE_LENGTH) continue
    yield text
    text = ''
  }
  yield `${text}]`
}

/** `printNumber` with a short way for what nearly all samples are: finite and without exponent. */
function printPlain(value: number): string {
  const magnitude = value < 0 ? -value : value
  return magnitude >= 1e-6 && magnitude < 1e21 ? String(value) : printNumber(value)
}

/** `<seconds>,"` by time. Series of one answer share their steps, so each is printed once. */
class TimePrefixes {
  readonly #byTime = new Map<number, string>()

  of(tMs: number): string {
    const known = this.#byTime.get(tMs)
    if (known !== undefined) return known
    const prefix = `${printSeconds(tMs)},"`
    // 20,000: above the 11,000 steps of a query. Raw samples of many series have more times: those are not worth keeping.
    if (this.#byTime.size < 20_000) this.#byTime.set(tMs, prefix)
    return prefix
  }
}

function limited<Item>(items: readonly Item[], limit: number): readonly Item[] {
  return limit > 0 && items.length > limit ? items.slice(0, limit) : items
}
