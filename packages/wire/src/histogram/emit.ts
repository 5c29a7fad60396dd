import { CUSTOM_BOUNDS_SCHEMA, STALE_HIGH, STALE_LOW } from '@oriel/model'
import type { MetricTarget } from '../series.ts'
import { reduceResolution } from './buckets.ts'
import type { HistogramFault } from './check.ts'
import { checkHistogram, MAX_REDUCIBLE_SCHEMA } from './check.ts'
import type { HistogramDraft } from './draft.ts'

/**
 * Writes the histogram at its own time to a series of the target; false where it is refused, which the target is told.
 *
 * Schemas finer than can be stored are made coarser first, as Prometheus's receivers do.
 */
export function emitHistogram(target: MetricTarget, ref: number, draft: HistogramDraft): boolean {
  const fault = prepareHistogram(draft)
  if (fault === undefined) return writeHistogram(target, ref, draft)
  if (ref === -1) return target.sample(ref, draft.tMs, 0, 0)
  target.refuse(fault.reason, 1, () => `${fault.detail} for series ${target.describe(ref)}`)
  return false
}

/** Brings the histogram to a schema that can be stored and checks it; returns what is wrong with it. */
export function prepareHistogram(draft: HistogramDraft): HistogramFault | undefined {
  if (draft.schema !== CUSTOM_BOUNDS_SCHEMA && draft.schema <= MAX_REDUCIBLE_SCHEMA) {
    const fault = reduceResolution(draft)
    if (fault !== undefined) return fault
  }
  return checkHistogram(draft)
}

/** Writes a histogram that was found good, with its start where that is known and wanted; false where its time or series is refused. */
export function writeHistogram(target: MetricTarget, ref: number, draft: HistogramDraft): boolean {
  const { tMs, startMs } = draft
  if (draft.isStale) return target.sample(ref, tMs, STALE_LOW, STALE_HIGH)
  const histogram = draft.finish()
  if (!target.histogram(ref, tMs, histogram)) return false
  if (startMs !== 0 && target.wantsStarts) target.start(ref, tMs, startMs, histogram)
  return true
}
