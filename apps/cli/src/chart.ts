import type { Terminal } from './table.ts'
import { paint, SERIES_COLORS } from './table.ts'

/** One line of a chart; times rise. */
export interface ChartSeries {
  readonly name: string
  readonly tMs: readonly number[]
  readonly values: readonly number[]
}

const HEIGHT = 12
// Six: as many colours as can be told apart; more lines would be a tangle.
const MAX_LINES = 6

/**
 * Draws series as lines in braille dots (2 by 4 a character) with an axis at the left, times below and a legend.
 *
 * Returns '' when no value is finite.
 */
export function drawChart(series: readonly ChartSeries[], terminal: Terminal): string {
  const drawn = series.slice(0, MAX_LINES)
  const points = drawn.flatMap(({ tMs, values }) => tMs.map((t, i) => ({ t, value: values[i] ?? NaN })))
  const finite = points.filter(({ value }) => Number.isFinite(value))
  if (finite.length === 0) return ''
  const low = Math.min(...finite.map(({ value }) => value))
  const high = Math.max(...finite.map(({ value }) => value))
  const [startMs, endMs] = [Math.min(...points.map(({ t }) => t)), Math.max(...points.map(({ t }) => t))]
  const labels = [high, (low + high) / 2, low].map(printAxis)
  const margin = Math.max(...labels.map((label) => label.length))
  const width = Math.max(20, Math.min(terminal.width, 120) - margin - 2)
  const canvas = new Canvas(width)
  const span = { x: Math.max(1, endMs - startMs), y: high - low || 1 }
  for (const [color, { tMs, values }] of drawn.entries()) {
    let last: { x: number; y: number } | undefined
    for (const [i, t] of tMs.entries()) {
      const value = values[i] ?? NaN
      const x = Math.round(((t - startMs) / span.x) * (2 * width - 1))
      const y = Math.round(((high - value) / span.y) * (4 * HEIGHT - 1))
      const here = Number.isFinite(value) ? { x, y } : undefined
      if (here !== undefined) canvas.line(last ?? here, here, color)
      last = here
    }
  }
  const rows = canvas.rows(terminal).map((row, i) => {
    const label = i === 0 ? labels[0] : i === Math.floor(HEIGHT / 2) ? labels[1] : i === HEIGHT - 1 ? labels[2] : ''
    return `${paint((label ?? '').padStart(margin), 'dim', terminal)} ${row}`
  })
  const [from, to] = [printClock(startMs), printClock(endMs)]
  const axis = `${' '.repeat(margin + 1)}${from}${to.padStart(width - from.length)}`
  const legend = drawn.map(({ name }, i) => `${paint('━━', colorOf(i), terminal)} ${name}`)
  const rest = series.length > drawn.length ? [`   ... and ${series.length - drawn.length} more, not drawn`] : []
  return `${[...rows, paint(axis, 'dim', terminal), ...legend, ...rest].join('\n')}\n`
}

class Canvas {
  readonly #width: number
  readonly #dots: Uint8Array
  readonly #colors: Int8Array

  constructor(width: number) {
    this.#width = width
    this.#dots = new Uint8Array(width * HEIGHT)
    this.#colors = new Int8Array(width * HEIGHT)
  }

  /** Steps along the longer side, so that the line has no holes. */
  line(from: { x: number; y: number }, to: { x: number; y: number }, color: number): void {
    const steps = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y), 1)
    for (let i = 0; i <= steps; i++) {
      const x = Math.round(from.x + ((to.x - from.x) * i) / steps)
      const y = Math.round(from.y + ((to.y - from.y) * i) / steps)
      const cell = Math.floor(y / 4) * this.#width + Math.floor(x / 2)
      this.#dots[cell]! |= BRAILLE_DOTS[y % 4]![x % 2]!
      this.#colors[cell] = color
    }
  }

  rows(terminal: Terminal): string[] {
    return Array.from({ length: HEIGHT }, (_, row) => {
      let text = ''
      for (let x = 0; x < this.#width; x++) {
        const cell = row * this.#width + x
        const dots = this.#dots[cell]!
        text += dots === 0 ? ' ' : paint(String.fromCodePoint(0x2800 + dots), colorOf(this.#colors[cell]!), terminal)
      }
      return text
    })
  }
}

// Bit of each dot in a braille cell, by row then column. Source: Unicode, Braille Patterns.
const BRAILLE_DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const

function colorOf(i: number): (typeof SERIES_COLORS)[number] {
  return SERIES_COLORS[i % SERIES_COLORS.length]!
}

function printAxis(value: number): string {
  const magnitude = Math.abs(value)
  if (magnitude >= 1e9) return `${(value / 1e9).toPrecision(3)}G`
  if (magnitude >= 1e6) return `${(value / 1e6).toPrecision(3)}M`
  if (magnitude >= 1e4) return `${(value / 1e3).toPrecision(3)}k`
  return String(Number(value.toPrecision(3)))
}

function printClock(tMs: number): string {
  return new Date(tMs).toTimeString().slice(0, 8)
}
