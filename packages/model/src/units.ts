/** Milliseconds since 1970-01-01T00:00:00Z. Fractions are not used. */
export type UnixMs = number

/** Nanoseconds since 1970-01-01T00:00:00Z. A bigint, because doubles are exact only to 2^53 (104 days of nanoseconds). */
export type UnixNs = bigint

/** A span of time. Both ends are inclusive, as in the Prometheus HTTP API. */
export interface TimeRange {
  readonly startMs: UnixMs
  readonly endMs: UnixMs
}

/** A span of time in nanoseconds: `startNs` inclusive, `endNs` exclusive, as in the Loki HTTP API. */
export interface TimeRangeNs {
  readonly startNs: UnixNs
  readonly endNs: UnixNs
}

/** Reads the clock. Passed in, so that tests own time. */
export type Clock = () => UnixMs

export const MS_PER_SECOND = 1_000
export const MS_PER_HOUR = 3_600_000
export const MS_PER_DAY = 86_400_000
export const NS_PER_MS = 1_000_000n

/** 1900-01-01: the first time that a sample may have, as far back as a DateTime64 of the engine promises to reach. */
export const FIRST_SAMPLE_MS: UnixMs = -2_208_988_800_000

/** The hour of a sample, counted from 1970 on. All that lies before belongs to the first one: there is next to nothing of it. */
export function sampleHour(tMs: UnixMs): number {
  return Math.max(0, Math.floor(tMs / MS_PER_HOUR))
}

/** The day of a sample in the same way. */
export function sampleDay(tMs: UnixMs): number {
  return Math.max(0, Math.floor(tMs / MS_PER_DAY))
}
