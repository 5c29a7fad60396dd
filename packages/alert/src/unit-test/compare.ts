// How promtool compares and prints. Source: Prometheus 3.14 cmd/promtool/unittest.go.

import type { Labels } from '@oriel/model'
import type { PromqlResult } from '@oriel/promql'
import { compareLabels, METRIC_NAME } from '@oriel/model'
import { plainNumber } from '@oriel/promql/syntax'
import { isPlainLabelName, quote } from '@oriel/syntax'
import { printHistogram, printTestExpression } from '../histogram-text.ts'
import type { Sample } from '../sample.ts'

/** An alert by what it is told with. */
export interface FiringAlert {
  readonly labels: Labels
  readonly annotations: Labels
}

/** Whether two answers are equal, NaN equal to nothing; with `isFuzzy` floats may differ in the last bit. */
export function equalSamples(a: readonly Sample[], b: readonly Sample[], isFuzzy: boolean): boolean {
  if (a.length !== b.length) return false
  return a.every((sample, i) => {
    const other = b[i]!
    if (compareLabels(sample.labels, other.labels) !== 0) return false
    if (sample.histogram !== undefined || other.histogram !== undefined) return textOf(sample) === textOf(other)
    return sample.value === other.value || (isFuzzy && isNext(sample.value, other.value))
  })
}

/** A histogram in the notation of tests, '' for a float. */
function textOf({ histogram }: Sample): string {
  return histogram === undefined ? '' : printTestExpression(histogram)
}

const scratch = new Float64Array(1)
const scratchBits = new BigInt64Array(scratch.buffer)

/** Whether no float lies between two. */
function isNext(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return false
  const distance = orderOf(a) - orderOf(b)
  return distance >= -1n && distance <= 1n
}

/** Neighbouring floats have neighbouring numbers. */
function orderOf(value: number): bigint {
  scratch[0] = value
  const bits = scratchBits[0]!
  return bits < 0n ? -(bits & 0x7fff_ffff_ffff_ffffn) : bits
}

/** Samples on one line; `nil` for none. */
export function printSamples(samples: readonly Sample[]): string {
  if (samples.length === 0) return 'nil'
  return samples
    .map(
      (sample) =>
        `${printLabels(sample.labels)} ${sample.histogram === undefined ? printExponent(sample.value) : textOf(sample)}`,
    )
    .join(', ')
}

/** Ranges of samples, a line each; times in milliseconds. */
export function printRanges({ labels, offsets, tMs, values, histograms }: Extract<PromqlResult, { kind: 'ranges' }>): string {
  return labels
    .map((of, i) => {
      const lines: string[] = []
      for (let at = offsets[i]!; at < offsets[i + 1]!; at++) {
        const histogram = histograms?.[at]
        lines.push(`${histogram === undefined ? plainNumber(values[at]!) : printHistogram(histogram)} @[${tMs[at]!}]`)
      }
      const pairs = of.map(({ name, value }) => `${isPlainLabelName(name) ? name : quote(name)}=${quote(value)}`)
      return `{${pairs.join(', ')}} =>\n${lines.join('\n')}`
    })
    .join('\n')
}

/** Alerts as promtool lists them. */
export function printAlerts(alerts: readonly FiringAlert[]): string {
  if (alerts.length === 0) return '[]'
  const items = alerts.map(({ labels, annotations }, i) => {
    const text = `Labels:${printLabels(labels)}\nAnnotations:${printLabels(annotations)}`
    return `${i}:${indent(`\n${text}`, '  ')}`
  })
  return indent(`[\n${items.join(',\n')}\n]`, '            ')
}

/** `{__name__="up", job="x"}`. Source: Prometheus 3.14 model/labels Labels.String. */
export function printLabels(labels: Labels): string {
  return `{${labels.map(({ name, value }) => `${isPlainLabelName(name) || name === METRIC_NAME ? name : quote(name)}=${quote(value)}`).join(', ')}}`
}

function indent(text: string, by: string): string {
  return text
    .split('\n')
    .map((line, i) => (i === 0 ? line : by + line))
    .join('\n')
}

/** As Go's FormatFloat with 'E' and the shortest digits. */
function printExponent(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  const [mantissa = '', exponent = ''] = value.toExponential().split('e')
  const power = Math.abs(Number(exponent))
  const zero = Object.is(value, -0) ? '-0' : mantissa
  return `${zero}E${exponent.startsWith('-') ? '-' : '+'}${String(power).padStart(2, '0')}`
}
