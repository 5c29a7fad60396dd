/** One series of a chart; `values` has one entry a moment, `null` for a gap. */
export interface ChartSeries {
  readonly label: string
  readonly values: readonly (number | null)[]
  /** A CSS colour, `var(--..)` allowed: resolved again when the scheme changes. */
  readonly color: string
  readonly dash?: readonly number[]
  readonly isBars?: boolean
  readonly isFilled?: boolean
  readonly isHidden?: boolean
}

/** A dot that leads somewhere: an exemplar. */
export interface ChartDot {
  readonly tMs: number
  readonly value: number
  readonly href: string
  readonly label: string
  readonly isError: boolean
}

/** A dot with its place on the plot. */
export interface PlacedDot extends ChartDot {
  readonly xPx: number
  readonly yPx: number
}

/** 24 px: the smallest target that WCAG 2.2 (2.5.8) lets a finger aim at. */
const DOT_TARGET_PX = 24

// More would be a curtain before the lines.
const MAX_DOTS = 60

/**
 * Dots far enough apart to be hit: errors first, then the highest value; whatever would overlap a chosen one is left out, and so is what is beyond the sixtieth.
 * The result is in order of time, which is the order of the keyboard.
 */
export function thinDots(dots: readonly PlacedDot[]): PlacedDot[] {
  const chosen: PlacedDot[] = []
  const byWeight = [...dots].sort((a, b) => Number(b.isError) - Number(a.isError) || b.value - a.value)
  for (const dot of byWeight) {
    const isFree = chosen.every(
      ({ xPx, yPx }) => Math.abs(xPx - dot.xPx) >= DOT_TARGET_PX || Math.abs(yPx - dot.yPx) >= DOT_TARGET_PX,
    )
    if (isFree) chosen.push(dot)
    if (chosen.length === MAX_DOTS) break
  }
  return chosen.sort((a, b) => a.tMs - b.tMs)
}

/** The y axis: from zero (or the lowest negative value) to a little above the highest, at least to `least`; never of no height. */
export function yRange(min: number | null, max: number | null, least: number): [bottom: number, top: number] {
  const lowest = Math.min(0, min ?? 0) * HEADROOM
  const highest = Math.max(0, max ?? 0, least) * HEADROOM
  return lowest === highest ? [0, 1] : [lowest, highest]
}

// 8 %: a line along the edge of a chart looks like the edge.
const HEADROOM = 1.08

/** A chart in one sentence a series, for those who do not see it. */
export function summarize(title: string, series: readonly ChartSeries[], format: (value: number) => string): string {
  const lines = series.slice(0, SUMMARY_SERIES).map(({ label, values }) => {
    const known = values.filter((value) => value !== null)
    const last = known.at(-1)
    if (last === undefined) return `${label}: no data`
    let min = last
    let max = last
    for (const value of known) {
      if (value < min) min = value
      if (value > max) max = value
    }
    return `${label}: ${format(min)} to ${format(max)}, last ${format(last)}`
  })
  const rest = series.length > SUMMARY_SERIES ? `; and ${series.length - SUMMARY_SERIES} more series` : ''
  return `${title}. ${lines.join('; ')}${rest}`
}

// More than eight spoken series help nobody; the table has them all.
const SUMMARY_SERIES = 8
