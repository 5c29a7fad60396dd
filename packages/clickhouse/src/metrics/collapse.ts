import type { SampleArrays } from './gather.ts'

/** Arrays in order, without duplicates. */
export interface CollapsedSamples {
  readonly offsets: Uint32Array
  readonly tMs: Float64Array
  readonly values: Float64Array
  readonly hasConflict: boolean
}

/**
 * Brings the named series into time order and drops duplicates: of equal times the one of highest rank stays.
 *
 * Without ranks, equal times with different values are told by `hasConflict`. Works in place where nothing is dropped.
 */
export function sortAndCollapse(arrays: SampleArrays, offsets: Uint32Array, overlapping: readonly number[]): CollapsedSamples {
  let hasConflict = false
  let dropped = 0
  const lengths = new Uint32Array(offsets.length - 1)
  for (let i = 0; i < lengths.length; i++) lengths[i] = offsets[i + 1]! - offsets[i]!
  for (const i of overlapping) {
    const sorted = sortSeries(arrays, offsets[i]!, offsets[i + 1]!)
    dropped += lengths[i]! - sorted.length
    lengths[i] = sorted.length
    hasConflict ||= sorted.hasConflict
  }
  const { tMs, values } = arrays
  if (dropped === 0) return { offsets, tMs, values, hasConflict }
  return { ...compact(arrays, offsets, lengths, tMs.length - dropped), hasConflict }
}

/** Sorts one series and drops its duplicates. Its samples then begin at `start` and are `length` many. */
function sortSeries(
  { tMs, values, ranks }: SampleArrays,
  start: number,
  end: number,
): { readonly length: number; readonly hasConflict: boolean } {
  const order = Uint32Array.from({ length: end - start }, (_, i) => start + i)
  if (ranks === undefined) order.sort((a, b) => tMs[a]! - tMs[b]! || a - b)
  else order.sort((a, b) => tMs[a]! - tMs[b]! || ranks[a]! - ranks[b]!)
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length)
  const sortedT = new Float64Array(order.length)
  const sortedWords = new Uint32Array(2 * order.length)
  let length = 0
  let hasConflict = false
  for (const from of order) {
    const t = tMs[from]!
    const low = words[2 * from]!
    const high = words[2 * from + 1]!
    if (length > 0 && sortedT[length - 1] === t) {
      length--
      if (ranks === undefined && (sortedWords[2 * length] !== low || sortedWords[2 * length + 1] !== high)) hasConflict = true
    }
    sortedT[length] = t
    sortedWords[2 * length] = low
    sortedWords[2 * length + 1] = high
    length++
  }
  tMs.set(sortedT.subarray(0, length), start)
  words.set(sortedWords.subarray(0, 2 * length), 2 * start)
  return { length, hasConflict }
}

function compact(
  { tMs, values }: SampleArrays,
  offsets: Uint32Array,
  lengths: Uint32Array,
  total: number,
): Omit<CollapsedSamples, 'hasConflict'> {
  const compacted = { offsets: new Uint32Array(offsets.length), tMs: new Float64Array(total), values: new Float64Array(total) }
  let to = 0
  for (let i = 0; i < lengths.length; i++) {
    const start = offsets[i]!
    const end = start + lengths[i]!
    compacted.tMs.set(tMs.subarray(start, end), to)
    compacted.values.set(values.subarray(start, end), to)
    to += lengths[i]!
    compacted.offsets[i + 1] = to
  }
  return compacted
}
