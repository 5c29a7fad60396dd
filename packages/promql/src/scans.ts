import type { SeriesPoints, SeriesSamples, SeriesScan } from '@oriel/model'

/** Samples at hand as a scan. */
export function scanOf(samples: SeriesSamples): SeriesScan {
  const { labels, offsets, tMs, values } = samples
  const stale = samples.stale.includes(1) ? samples.stale : undefined
  const points = { tMs, values, stale, from: 0, to: 0 }
  return {
    labels,
    samples: tMs.length,
    columns: samples,
    read(i) {
      points.from = offsets[i]!
      points.to = offsets[i + 1]!
      return points
    },
  }
}

/** All samples of a scan in columns. */
export function columnsOf(scan: SeriesScan): SeriesSamples {
  if (scan.columns !== undefined) return scan.columns
  const { labels, samples } = scan
  const [tMs, values, stale] = [new Float64Array(samples), new Float64Array(samples), new Uint8Array(samples)]
  const offsets = new Uint32Array(labels.length + 1)
  let length = 0
  for (let i = 0; i < labels.length; i++) {
    const points = scan.read(i)
    const { from, to } = points
    tMs.set(points.tMs.subarray(from, to), length)
    values.set(points.values.subarray(from, to), length)
    if (points.stale !== undefined) stale.set(points.stale.subarray(from, to), length)
    length += to - from
    offsets[i + 1] = length
  }
  const cut = { tMs: tMs.subarray(0, length), values: values.subarray(0, length), stale: stale.subarray(0, length) }
  return { labels, offsets, ...cut }
}

/** A scan without staleness markers, as ranges see it; a series may then have no samples. */
export function withoutMarkers(scan: SeriesScan): SeriesScan {
  if (scan.columns !== undefined) return scanOf(withoutStale(scan.columns))
  const kept = { tMs: new Float64Array(0), values: new Float64Array(0), stale: undefined, from: 0, to: 0 }
  return { labels: scan.labels, samples: scan.samples, read: (i) => dropMarkers(scan.read(i), kept) }
}

type KeptPoints = { -readonly [Key in keyof SeriesPoints]: SeriesPoints[Key] }

function dropMarkers(points: SeriesPoints, kept: KeptPoints): SeriesPoints {
  const { tMs, values, stale, from, to } = points
  if (stale === undefined) return points
  if (kept.tMs.length < to - from) {
    kept.tMs = new Float64Array(2 * (to - from))
    kept.values = new Float64Array(2 * (to - from))
  }
  kept.to = 0
  for (let at = from; at < to; at++) {
    if (stale[at] === 1) continue
    kept.tMs[kept.to] = tMs[at]!
    kept.values[kept.to++] = values[at]!
  }
  return kept
}

function withoutStale(samples: SeriesSamples): SeriesSamples {
  if (!samples.stale.includes(1)) return samples
  const offsets = new Uint32Array(samples.offsets.length)
  const kept = new Uint32Array(samples.tMs.length)
  let to = 0
  for (let i = 0; i < samples.labels.length; i++) {
    for (let from = samples.offsets[i]!; from < samples.offsets[i + 1]!; from++) if (samples.stale[from] === 0) kept[to++] = from
    offsets[i + 1] = to
  }
  const { histograms, startsMs } = samples
  const positions = kept.subarray(0, to)
  return {
    labels: samples.labels,
    offsets,
    tMs: pick(samples.tMs, positions),
    values: pick(samples.values, positions),
    stale: new Uint8Array(to),
    ...(histograms !== undefined && { histograms: Array.from(positions, (p) => histograms[p]) }),
    ...(startsMs !== undefined && { startsMs: pick(startsMs, positions) }),
  }
}

function pick(column: Float64Array, positions: Uint32Array): Float64Array {
  const picked = new Float64Array(positions.length)
  for (let i = 0; i < positions.length; i++) picked[i] = column[positions[i]!]!
  return picked
}
