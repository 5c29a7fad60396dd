import type { Labels } from '@oriel/model'
import { printMatcher } from '@oriel/syntax'

/** Prints a label set with its name as a label: `{__name__="up", job="api"}`. */
export function printLabels(labels: Labels): string {
  return `{${labels.map(({ name, value }) => printMatcher({ name, op: '=', value })).join(', ')}}`
}
