import type { Labels, NativeHistogram } from '@oriel/model'
import type { PromQLData } from '@oriel/query'
import { printNumber } from '@oriel/syntax'
import type { NativeBucket } from '@oriel/vector'
import { allBuckets } from '@oriel/vector'
import { JsonBytes } from './matrix-bytes.ts'
import { printSeconds } from './number-bytes.ts'

// 64 KiB of text a piece: few calls into the socket, little memory held.
const PIECE_LENGTH = 65_536

/** Labels as a JSON object, names in order. */
export function printLabels(labels: Labels): string {
  let text = '{'
  for (const { name, value } of labels) text += `${text === '{' ? '' : ','}${JSON.stringify(name)}:${JSON.stringify(value)}`
  return `${text}}`
}

/** `"resultType":...,"result":...` in pieces. `limit` cuts the number of series or samples, 0 keeps all. */
export function* printResult(data: PromQLData, limit: number): Generator<string | Uint8Array> {
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
  for (const { labels, value, histogram } of limited(samples, limit)) {
    const point =
      histogram === undefined ? `"value":[${at},"${printNumber(value)}"]` : `"histogram":[${at},${printHistogram(histogram)}]`
    text += `${isFirst ? '' : ','}{"metric":${printLabels(labels)},${point}}`
    isFirst = false
    if (text.length < PIECE_LENGTH) continue
    yield text
    text = ''
  }
  yield `${text}]`
}

/**
 * A native histogram: `{"count":"3","sum":"4.5","buckets":[[rule,"lower","upper","count"],...]}`, filled buckets only.
 *
 * The rule says which ends belong to the bucket: 0 the upper, 1 the lower, 2 none, 3 both. Source: Prometheus's HTTP API.
 */
export function printHistogram(histogram: NativeHistogram): string {
  const filled = allBuckets(histogram).filter(({ count }) => count !== 0)
  const buckets = filled.length === 0 ? '' : `,"buckets":[${filled.map(printBucket).join(',')}]`
  return `{"count":"${printNumber(histogram.count)}","sum":"${printNumber(histogram.sum)}"${buckets}}`
}

function printBucket({ lower, upper, isLowerIncluded, isUpperIncluded, count }: NativeBucket): string {
  const rule = isLowerIncluded ? (isUpperIncluded ? 3 : 1) : isUpperIncluded ? 0 : 2
  return `[${rule},"${printNumber(lower)}","${printNumber(upper)}","${printNumber(count)}"]`
}

/**
 * A matrix, of PromQL or LogQL: `[{"metric":{...},"values":[[t,"v"],...]},...]`. Native histograms stand beside the floats, as
 * `"histograms":[[t,{...}],...]`.
 */
export function* printMatrix(series: MatrixSeries, limit: number): Generator<Uint8Array> {
  const out = new JsonBytes()
  let separator = '['
  for (const { labels, tMs, values, histograms } of limited(series, limit)) {
    out.text(`${separator}{"metric":${printLabels(labels)},`)
    separator = ','
    if (histograms !== undefined) out.text(`${printMixed(tMs, values, histograms)}}`)
    else {
      out.text('"values":[')
      out.points(tMs, values)
      out.text(']}')
    }
    if (out.isFull) yield out.take()
  }
  out.text(separator === '[' ? '[]' : ']')
  yield out.take()
}

/** `"values":[...]`, `"histograms":[...]` or both. */
function printMixed(
  tMs: Float64Array,
  values: Float64Array,
  histograms: NonNullable<MatrixSeries[number]['histograms']>,
): string {
  const floats: string[] = []
  const natives: string[] = []
  for (const [i, histogram] of histograms.entries()) {
    const at = printSeconds(tMs[i]!)
    if (histogram === undefined) floats.push(`[${at},"${printNumber(values[i]!)}"]`)
    else natives.push(`[${at},${printHistogram(histogram)}]`)
  }
  const parts = [
    floats.length > 0 ? `"values":[${floats.join(',')}]` : '',
    natives.length > 0 ? `"histograms":[${natives.join(',')}]` : '',
  ]
  return parts.filter((part) => part !== '').join(',')
}

function limited<Item>(items: readonly Item[], limit: number): readonly Item[] {
  return limit > 0 && items.length > limit ? items.slice(0, limit) : items
}
