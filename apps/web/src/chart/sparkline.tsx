import type { ReactNode } from 'react'

interface SparklineProps {
  readonly values: readonly (number | null)[]
  readonly color: string
  readonly width?: number
  readonly height?: number
  /** The value that fills the height at least, so that a speck does not look like a mountain. */
  readonly floor?: number
}

/** A small line without axes. Decoration beside a number, so it has no text of its own. */
export function Sparkline({ values, color, width = 96, height = 22, floor = 0 }: SparklineProps): ReactNode {
  const { line, area } = sparkPaths(values, { width, height, floor })
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden style={{ display: 'block' }}>
      <path d={area} fill={color} opacity={0.13} />
      <path d={line} fill="none" stroke={color} strokeWidth={1.4} strokeLinejoin="round" strokeLinecap="round" />
    </svg>
  )
}

/** SVG paths of a sparkline: the line, and the area below each unbroken stretch of it. Gaps stay gaps; the base is zero. */
export function sparkPaths(
  values: readonly (number | null)[],
  { width, height, floor }: { readonly width: number; readonly height: number; readonly floor: number },
): { line: string; area: string } {
  let max = floor
  for (const value of values) if (value !== null && value > max) max = value
  const xStep = values.length > 1 ? (width - 2) / (values.length - 1) : 0
  let line = ''
  let area = ''
  let start: string | undefined
  let last = ''
  values.forEach((value, i) => {
    const x = (1 + i * xStep).toFixed(1)
    if (value === null) {
      if (start !== undefined) area += `L${last} ${height}Z`
      start = undefined
      return
    }
    const y = (height - 1.5 - (max === 0 ? 0 : value / max) * (height - 3)).toFixed(1)
    line += `${start === undefined ? 'M' : 'L'}${x} ${y}`
    area += start === undefined ? `M${x} ${height}L${x} ${y}` : `L${x} ${y}`
    start ??= x
    last = x
  })
  if (start !== undefined) area += `L${last} ${height}Z`
  return { line, area }
}
