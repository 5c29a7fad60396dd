import type { Labels } from '@oriel/model'
import { METRIC_NAME } from '@oriel/model'

/** Bounds on the labels of one series. Lengths are of UTF-8. */
export interface LabelLimits {
  readonly maxLabels: number
  readonly maxLabelNameBytes: number
  readonly maxLabelValueBytes: number
}

/**
 * Why a series with these labels is refused, or `undefined`. Labels are sorted by name.
 *
 * Names may be any UTF-8, as since Prometheus 3, but not empty. The reason names no value, so that reasons can be counted.
 */
export function checkLabels(labels: Labels, limits: LabelLimits): string | undefined {
  if (labels.length > limits.maxLabels) return `a series has more than ${limits.maxLabels} labels`
  let hasName = false
  let last = ''
  for (const { name, value } of labels) {
    if (name === '') return 'a label has no name'
    if (name === last) return 'a series has a label twice'
    last = name
    if (isLonger(name, limits.maxLabelNameBytes)) return `a label name is longer than ${limits.maxLabelNameBytes} bytes`
    if (isLonger(value, limits.maxLabelValueBytes)) return `a label value is longer than ${limits.maxLabelValueBytes} bytes`
    if (name === METRIC_NAME) hasName = true
  }
  return hasName ? undefined : 'a series has no metric name'
}

function isLonger(text: string, bytes: number): boolean {
  // A UTF-16 unit takes one to three bytes: most texts are decided without counting.
  if (3 * text.length <= bytes) return false
  return text.length > bytes || Buffer.byteLength(text) > bytes
}

/** Sorted, without empty labels: what an identity is made of. */
export function sortLabels(labels: { readonly name: string; readonly value: string }[]): Labels {
  return labels.filter(({ value }) => value !== '').sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)))
}
