import type { Labels } from '@oriel/model'
import { dropLabels, keepLabels, labelsKey, METRIC_NAME } from '@oriel/model'

/** Which group each series belongs to: series i to group `groupOf[i]`, whose labels are `labels[group]`. */
export interface Groups {
  readonly groupOf: Uint32Array
  readonly labels: readonly Labels[]
}

/** Groups series by the labels named (`by`) or by all but those and the metric name (`without`). Groups are in order of first sight. */
export function groupSeries(series: readonly Labels[], names: readonly string[], isWithout: boolean): Groups {
  const groupOf = new Uint32Array(series.length)
  if (!isWithout && names.length === 0) return { groupOf, labels: series.length === 0 ? [] : [[]] }
  const set = new Set(isWithout ? [...names, METRIC_NAME] : names)
  const labels: Labels[] = []
  const indexOf = new Map<string, number>()
  for (const [i, of] of series.entries()) {
    const kept = isWithout ? dropLabels(of, set) : keepLabels(of, set)
    const key = labelsKey(kept)
    let index = indexOf.get(key)
    if (index === undefined) {
      index = labels.length
      indexOf.set(key, index)
      labels.push(kept)
    }
    groupOf[i] = index
  }
  return { groupOf, labels }
}
