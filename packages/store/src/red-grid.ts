import type { RedRequest } from './source.ts'

/** How exemplars are spread: the grid's steps, or wider ones when there are more steps than exemplars wanted. */
export function exemplarBuckets(request: RedRequest, limit: number): { bucketMs: number; perBucket: number } {
  const steps = redSteps(request)
  const stepsPerBucket = Math.ceil(steps / limit)
  const buckets = Math.ceil(steps / stepsPerBucket)
  return { bucketMs: stepsPerBucket * request.stepMs, perBucket: Math.max(1, Math.floor(limit / buckets)) }
}

/** How many steps a RED grid has. */
export function redSteps({ startMs, endMs, stepMs }: Pick<RedRequest, 'startMs' | 'endMs' | 'stepMs'>): number {
  return Math.max(1, Math.ceil((endMs - startMs) / stepMs))
}
