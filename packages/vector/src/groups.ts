import type { Labels } from '@oriel/model'
import { dropLabels, keepLabels, labelValue, METRIC_NAME } from '@oriel/model'

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
  const [only = ''] = set
  const isOne = !isWithout && set.size === 1
  const labels: Labels[] = []
  const indexOf = new Map<string, number>()
  for (const [i, of] of series.entries()) {
    // Grouping by one label is the commonest by far, and its values need not be put together with anything.
    const key = isOne ? labelValue(of, only) : keyOf(of, set, isWithout)
    let index = indexOf.get(key)
    if (index === undefined) {
      index = labels.length
      indexOf.set(key, index)
      labels.push(isWithout ? dropLabels(of, set) : keepLabels(of, set))
    }
    groupOf[i] = index
  }
  return { groupOf, labels }
}

/** As `labelsKey` of the labels that stay, without making them. */
function keyOf(labels: Labels, names: ReadonlySet<string>, isWithout: boolean): string {
  let key = ''
  for (const { name, value } of labels) if (names.has(name) !== isWithout) key += `${name}\u{1}${value}\u{2}`
  return key
}
