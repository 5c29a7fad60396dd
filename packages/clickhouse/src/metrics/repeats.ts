// Two rows of one series and time within one insert: past a million rows the engine may bring them into either order (79 of 519,000
// such times in a block of 1.2M rows, 2026-11), so that what was written later could not be told any more. The earlier ones are dropped
// before. A hot path (bench/HOTPATHS.md).

import { HistogramColumns, SampleColumns } from '@oriel/model'
import type { U128Column, U64Column } from '@oriel/model'

/** The samples without rows that a later row of the same series and time replaces; the same object where there are none. */
export function withoutRepeats(samples: SampleColumns): SampleColumns {
  const replaced = replacedRows(samples)
  if (replaced === undefined) return samples
  const kept = new SampleColumns()
  const metric = samples.metricId.words
  const values = samples.values.words
  for (let row = 0; row < samples.rows; row++) {
    if (replaced.has(row)) continue
    kept.metricId.push(metric[2 * row]!, metric[2 * row + 1]!)
    kept.seriesId.pushFrom(samples.seriesId.words, row)
    kept.tMs.pushNumber(samples.tMs.numberAt(row))
    kept.values.push(values[2 * row]!, values[2 * row + 1]!)
  }
  return kept
}

/** The same of histograms. */
export function withoutRepeatedHistograms(histograms: HistogramColumns): HistogramColumns {
  const replaced = replacedRows(histograms)
  if (replaced === undefined) return histograms
  const kept = new HistogramColumns()
  for (let row = 0; row < histograms.rows; row++) if (!replaced.has(row)) kept.push(histograms, row, histograms.at(row))
  return kept
}

interface Keys {
  readonly seriesId: U128Column
  readonly tMs: U64Column
}

/** Rows that a later one replaces, `undefined` for none. A table of row numbers by hash, kept from block to block. */
function replacedRows({ seriesId, tMs }: Keys): ReadonlySet<number> | undefined {
  const rows = tMs.length
  const ids = seriesId.words
  const times = tMs.words
  const bits = Math.max(LEAST_BITS, Math.ceil(Math.log2(2 * rows + 1)))
  const slots = slotsOf(2 ** bits)
  const mask = slots.length - 1
  let replaced: Set<number> | undefined
  for (let row = 0; row < rows; row++) {
    let slot = hashOf(ids[4 * row]!, times[2 * row]!) >>> (32 - bits)
    for (let other = slots[slot]!; other !== 0; other = slots[slot]!) {
      if (isSameKey(ids, times, row, other - 1)) {
        replaced ??= new Set()
        replaced.add(other - 1)
        break
      }
      slot = (slot + 1) & mask
    }
    slots[slot] = row + 1
  }
  return replaced
}

function isSameKey(ids: Uint32Array, times: Uint32Array, row: number, other: number): boolean {
  const [a, b] = [4 * row, 4 * other]
  if (ids[a] !== ids[b] || ids[a + 1] !== ids[b + 1] || ids[a + 2] !== ids[b + 2] || ids[a + 3] !== ids[b + 3]) return false
  return times[2 * row] === times[2 * other] && times[2 * row + 1] === times[2 * other + 1]
}

/** Ids are hashes themselves; the high word of a time is the same for 49 days. */
function hashOf(id: number, tMs: number): number {
  return Math.imul(id ^ Math.imul(tMs, 0x9e37_79b1), 0x85eb_ca6b)
}

function slotsOf(length: number): Uint32Array {
  if (length > MOST_KEPT) return new Uint32Array(length)
  if (length > kept.length) kept = new Uint32Array(length)
  return kept.subarray(0, length).fill(0)
}

const LEAST_BITS = 10
// 16 MiB: the slots of a block of two million rows.
const MOST_KEPT = 2 ** 22
let kept = new Uint32Array(2 ** LEAST_BITS)
