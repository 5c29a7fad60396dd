// What lines of metadata say of the samples that follow them.

import type { Label, MetricType } from '@oriel/model'
import type { TextScanner } from '@oriel/wire'
import { parseBound, printBound, typeLabels } from '@oriel/wire'

/** The type and unit of the samples that a scanner is at. A type holds until the next one is told, as in Prometheus; a unit for its own metric. */
export class TextTypes {
  #type: MetricType = 'unknown'
  #unit = NO_UNIT

  seeLine(line: 'type' | 'help' | 'unit', { metric, metricType, text }: TextScanner): void {
    if (line === 'type') this.#type = metricType
    if (line === 'unit') this.#unit = { metric, unit: text }
    else if (metric !== this.#unit.metric) this.#unit = NO_UNIT
  }

  /** Both as labels. */
  labels(): Label[] {
    return typeLabels(this.#type, this.#unit.unit)
  }
}

const NO_UNIT = { metric: '', unit: '' }

const HISTOGRAM = 1
const SUMMARY = 2
/** Named by label bytes, whose bounds are written as they should be. */
export const ENCODED = 3
/** Lines, not series; a TYPE line is `TYPE_LINE` plus what its samples are. */
export const METADATA = 4
export const TYPE_LINE = 8

/** What samples of a type are. */
export function kindOf(type: MetricType): number {
  if (type === 'histogram') return HISTOGRAM
  return type === 'summary' ? SUMMARY : 0
}

/** Bounds as Prometheus 3 stores them, so that targets in different formats give the same series. */
export function normalizeBounds(labels: Label[], kind: number): Label[] {
  if (kind === 0 || kind === ENCODED) return labels
  const bound = kind === HISTOGRAM ? 'le' : 'quantile'
  return labels.map((label) => {
    if (label.name !== bound) return label
    const value = parseBound(label.value)
    return value === undefined ? label : { name: bound, value: printBound(value) }
  })
}
