export type { CombinedHistogram } from './arithmetic.ts'
export {
  combineHistograms,
  compactHistogram,
  divideHistogram,
  EMPTY_HISTOGRAM,
  reduceHistogram,
  scaleHistogram,
  withResetHint,
} from './arithmetic.ts'
export { hasCustomBounds } from './bounds.ts'
export type { NativeBucket } from './buckets.ts'
export { allBuckets, isSameHistogram, negativeBuckets, positiveBuckets, zeroBucket } from './buckets.ts'
export { isSameBounds } from './custom-bounds.ts'
export * from './quantile.ts'
export { detectReset } from './reset.ts'
export { HistogramSum } from './sum.ts'
export { trimHistogram } from './trim.ts'
