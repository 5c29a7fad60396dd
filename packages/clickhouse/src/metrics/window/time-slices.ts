/**
 * The slice of time that a moment is in: what is compressed, merged and dropped together.
 *
 * 15 minutes: 60 samples a chunk at a usual scrape interval, and dropping one leaves most of the window.
 */
export function sliceOf(tMs: number): number {
  return Math.floor(tMs / SLICE_MS)
}

/** When a slice begins, in milliseconds. */
export function sliceStartMs(slice: number): number {
  return slice * SLICE_MS
}

/** The first slice of the hour that a slice is in. */
export function hourOf(slice: number): number {
  return Math.floor(slice / SLICES_AN_HOUR) * SLICES_AN_HOUR
}

export const SLICES_AN_HOUR = 4
const SLICE_MS = 900_000
