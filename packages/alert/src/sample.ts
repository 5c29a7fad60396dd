import type { Labels, NativeHistogram, UnixMs } from '@oriel/model'

/** One series of an instant answer: a float, or a native histogram (`value` is NaN then). */
export interface Sample {
  readonly labels: Labels
  readonly value: number
  readonly histogram?: NativeHistogram
}

/** A sample to store. `stale` ends its series. */
export interface StoredSample extends Sample {
  readonly tMs: UnixMs
  readonly isStale?: boolean
}

/**
 * Runs an instant query; a scalar answers as one sample without labels.
 *
 * Rejects with `OrielError` whose message is the language's own.
 */
export type RuleQuery = (expr: string, tMs: UnixMs) => Promise<readonly Sample[]>

/** Stores samples; resolves when the next query sees them. Rejects with `OrielError` when nothing of them was stored. */
export type RuleAppend = (samples: readonly StoredSample[]) => Promise<void>
