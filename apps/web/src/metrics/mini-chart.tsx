import type { ReactNode } from 'react'
import { seriesVariable } from '../frame/palette.ts'

interface MiniChartProps {
  /** What it shows, in words. */
  readonly label: string
  readonly lines: readonly (readonly (number | null)[])[]
  /** A line to compare with, drawn faint. */
  readonly reference?: readonly (number | null)[]
  readonly heightPx: number
  /** What the top stands for; absent: the highest value. */
  readonly max?: number
}

// A drawing of 100 units in width, stretched to its place: lines keep their own width.
const WIDTH = 100

/** Lines without axes in little room; the scale starts at zero. */
export function MiniChart({ label, lines, reference, heightPx, max }: MiniChartProps): ReactNode {
  const all = reference === undefined ? lines : [...lines, reference]
  const low = Math.min(0, extreme(all, Math.min))
  const high = Math.max(max ?? extreme(all, Math.max), low + Number.MIN_VALUE)
  const path = (values: readonly (number | null)[]): string => linePath(values, { low, high, heightPx })
  return (
    <svg
      role="img"
      aria-label={label}
      width="100%"
      height={heightPx}
      viewBox={`0 0 ${WIDTH} ${heightPx}`}
      preserveAspectRatio="none"
      style={{ display: 'block' }}
    >
      {reference !== undefined && (
        <path d={path(reference)} fill="none" stroke="var(--line-strong)" strokeWidth={1.5} vectorEffect="non-scaling-stroke" />
      )}
      {lines.map((values, i) => (
        <path
          key={i}
          d={path(values)}
          fill="none"
          stroke={seriesVariable(i)}
          strokeWidth={1.4}
          strokeLinejoin="round"
          vectorEffect="non-scaling-stroke"
        />
      ))}
    </svg>
  )
}

/** The path of one line; a lone value between gaps is a short stroke. */
export function linePath(
  values: readonly (number | null)[],
  { low, high, heightPx }: { readonly low: number; readonly high: number; readonly heightPx: number },
): string {
  const xStep = values.length > 1 ? WIDTH / (values.length - 1) : WIDTH
  let path = ''
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? null
    if (value === null) continue
    const x = i * xStep
    const y = (heightPx - 2 - ((value - low) / (high - low)) * (heightPx - 4)).toFixed(1)
    const isStart = i === 0 || (values[i - 1] ?? null) === null
    path += `${isStart ? 'M' : 'L'}${x.toFixed(1)} ${y}`
    if (isStart && (values[i + 1] ?? null) === null) path += `h${Math.min(1, xStep).toFixed(1)}`
  }
  return path
}

function extreme(lines: readonly (readonly (number | null)[])[], pick: (a: number, b: number) => number): number {
  let found: number | undefined
  for (const values of lines) {
    for (const value of values) if (value !== null) found = found === undefined ? value : pick(found, value)
  }
  return found ?? 0
}
