/** One label: a name and its value. */
export interface Label {
  readonly name: string
  readonly value: string
}

/**
 * The labels of a series, stream or group: sorted by name, no name twice, no empty value.
 *
 * Order is by UTF-16 code unit, which equals Go's byte order except between surrogate pairs and U+E000-U+FFFF.
 */
export type Labels = readonly Label[]

/** The label that holds a metric's name. */
export const METRIC_NAME = '__name__'

/** Makes labels from any entries: sorts, drops empty values. A name given twice keeps the last value. */
export function makeLabels(entries: Iterable<readonly [name: string, value: string]>): Labels {
  const byName = new Map(entries)
  const labels: Label[] = []
  for (const [name, value] of byName) if (value !== '') labels.push({ name, value })
  return labels.sort(byLabelName)
}

/** Makes labels from a plain record, see `makeLabels`. */
export function labelsOf(record: Readonly<Record<string, string>>): Labels {
  return makeLabels(Object.entries(record))
}

/** The value of `name`, or '' where the label is absent (Prometheus: absent equals empty). */
export function labelValue(labels: Labels, name: string): string {
  for (const label of labels) if (label.name === name) return label.value
  return ''
}

/** `labels` as a plain record, for JSON answers. */
export function labelsToRecord(labels: Labels): Record<string, string> {
  const record: Record<string, string> = {}
  for (const { name, value } of labels) record[name] = value
  return record
}

/**
 * A string that is equal exactly when the labels are: for Map keys and identity hashes, never shown.
 *
 * Lengths stand before the texts, so that no choice of names and values makes two label sets meet.
 */
export function labelsKey(labels: Labels): string {
  let key = ''
  for (const { name, value } of labels) key += `${name.length}:${name}${value.length}:${value}`
  return key
}

/** Orders two label sets as Prometheus does: name, then value, label by label, shorter first. */
export function compareLabels(a: Labels, b: Labels): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const order = compareText(a[i]!.name, b[i]!.name) || compareText(a[i]!.value, b[i]!.value)
    if (order !== 0) return order
  }
  return a.length - b.length
}

/** Only the labels named in `names`. */
export function keepLabels(labels: Labels, names: ReadonlySet<string>): Labels {
  return labels.filter((label) => names.has(label.name))
}

/** All labels but those named in `names`. */
export function dropLabels(labels: Labels, names: ReadonlySet<string>): Labels {
  return labels.filter((label) => !names.has(label.name))
}

/** `labels` with `name` set to `value`; an empty value removes it. */
export function withLabel(labels: Labels, name: string, value: string): Labels {
  const rest = labels.filter((label) => label.name !== name)
  if (value === '') return rest
  return [...rest, { name, value }].sort(byLabelName)
}

function byLabelName(a: Label, b: Label): number {
  return compareText(a.name, b.name)
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
