// The statements that thin samples. Exact by construction: what a kernel of `vector` sees of a thinned bucket that no edge of a window
// cuts gives the same bits as all its samples (rollups.test.ts holds it to that).

import { MS_PER_HOUR } from '@oriel/model'

/** Names one rewrite of a bucket. */
export function blockOf(bucket: number, version: number): number {
  return bucket * VERSIONS + (version % VERSIONS)
}

// 65,536 rewrites of an hour before a number comes again.
const VERSIONS = 65_536

// Of a series that falls more often within an hour, a gauge, samples are read as they are: thinning would leave most of them.
const MOST_POINTS = 32
const MOST_POINTS_A_DAY = 256
// 0x7ff0000000000002, the staleness marker: windows over a range do not see it.
const STALE = '9218868437227405314'

// Both sides of every fall, the first and the last. Lambdas take arrays as arguments: what they capture is copied for each element.
const MASK = `arrayMap((i, v, before, after) -> i = 1 OR i = last OR v < before OR after < v,
      arrayEnumerate(vs), vs, arrayShiftRight(vs, 1, vs[1]), arrayShiftLeft(vs, 1, vs[-1]))`

const FIELDS = (bucket: string): string =>
  `tenant, metric_id, ${bucket}, series_id, block, samples, \`point.at\`, \`point.value\`, least, greatest, total, lacks`

/** What the points of a bucket lack. */
export const LACKS = { nothing: 0, falls: 1, everything: 2 } as const

/** The kept elements of arrays: the ends alone where there are too many falls. */
function kept(...arrays: readonly string[]): string {
  return arrays
    .map(
      (of) =>
        `multiIf(gone = ${LACKS.everything}, [], gone = ${LACKS.falls}, [${of}[1], ${of}[-1]], arrayFilter((x, keep) -> keep, ${of}, mask))`,
    )
    .join(', ')
}

// The first of equals, as a walk over the samples finds it: 0 and -0 are equal, and not the same bits.
const first = (extreme: string, of: string): string => `${of}[indexOf(${of}, ${extreme}(${of}))]`

// Compensated: one sum of a whole day is as good as the samples'.
const total = (of: string): string => `arrayReduce('sumKahan', ${of})`

/**
 * Thins hours of all series into rewrites of one version. Nothing is told of what has two samples of one time, or a value that is no
 * number or not finite (native histograms are among them); of what falls too often, its ends.
 */
export function thinHoursStatement(hours: readonly number[], version: number): string {
  const block = `toUInt64(hour) * ${VERSIONS} + ${version % VERSIONS}`
  return `INSERT INTO rollup_hours (${FIELDS('hour')})
SELECT tenant, metric_id, hour, series_id, ${block}, length(vs) AS n,
  ${kept('ats', 'vs')}, ${first('arrayMin', 'vs')}, ${first('arrayMax', 'vs')}, ${total('vs')}, gone
FROM (
  SELECT tenant, metric_id, hour, series_id, points.1 AS ats, points.2 AS vs, length(vs) AS last, ${MASK} AS mask,
    multiIf(NOT isFinite(arraySum(vs)) OR arrayExists(gap -> gap = 0, arrayPopFront(arrayDifference(ats))), ${LACKS.everything},
      arraySum(mask) > ${MOST_POINTS}, ${LACKS.falls}, ${LACKS.nothing}) AS gone
  FROM (
    SELECT tenant, metric_id, hour, series_id,
      arraySort(point -> point.1, groupArray((toUInt32(toUnixTimestamp64Milli(t) - toInt64(hour) * ${MS_PER_HOUR}), value))) AS points
    FROM samples WHERE hour IN (${hours.join(', ')}) AND reinterpretAsUInt64(value) != ${STALE}
    GROUP BY tenant, metric_id, hour, series_id
  )
)`
}

/** Thins one day from its thinned hours, named by their blocks. */
export function thinDayStatement(day: number, block: number, hourBlocks: readonly number[]): string {
  const at = `arrayMap((h, of) -> arrayMap(ms -> toUInt32(ms + (h - ${24 * day}) * ${MS_PER_HOUR}), of), hours.1, hours.3)`
  return `INSERT INTO rollup_days (${FIELDS('day')})
SELECT tenant, metric_id, ${day}, series_id, ${block}, n,
  ${kept('ats', 'vs')}, ${first('arrayMin', 'hours.5')}, ${first('arrayMax', 'hours.6')}, ${total('hours.7')}, gone
FROM (
  SELECT tenant, metric_id, series_id, hours, toUInt32(arraySum(hours.2)) AS n, arrayFlatten(${at}) AS ats, arrayFlatten(hours.4) AS vs,
    length(vs) AS last, ${MASK} AS mask,
    multiIf(worst = ${LACKS.everything} OR NOT isFinite(arraySum(hours.7)), ${LACKS.everything},
      worst = ${LACKS.falls} OR arraySum(mask) > ${MOST_POINTS_A_DAY}, ${LACKS.falls}, ${LACKS.nothing}) AS gone
  FROM (
    SELECT tenant, metric_id, series_id, max(lacks) AS worst,
      arraySort(of -> of.1, groupArray((hour, samples, \`point.at\`, \`point.value\`, least, greatest, total))) AS hours
    FROM rollup_hours WHERE hour >= ${24 * day} AND hour < ${24 * day + 24} AND block IN (${hourBlocks.join(', ')})
    GROUP BY tenant, metric_id, series_id
  )
)`
}
