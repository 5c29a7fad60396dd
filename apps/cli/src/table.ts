/** How a terminal shows: width in columns, and whether colours are understood. */
export interface Terminal {
  readonly width: number
  readonly hasColor: boolean
}

/** The terminal of this process. Colours only for people: not into files, and not where NO_COLOR asks for none. */
export function currentTerminal(): Terminal {
  const { isTTY, columns } = process.stdout
  return { width: columns || 120, hasColor: isTTY && !process.env['NO_COLOR'] }
}

const COLORS = { dim: 2, bold: 1, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 } as const
export type Color = keyof typeof COLORS

/** Colours of chart lines, told apart by most eyes. */
export const SERIES_COLORS: readonly Color[] = ['cyan', 'yellow', 'magenta', 'green', 'red', 'blue']

export function paint(text: string, color: Color, { hasColor }: Terminal): string {
  return hasColor ? `\u{1b}[${COLORS[color]}m${text}\u{1b}[0m` : text
}

/** Lines with columns lined up; columns whose cells are all numbers go to the right. The last column may run to the edge. */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[], terminal: Terminal): string {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)))
  const isNumeric = header.map(
    (_, i) => rows.length > 0 && rows.every((row) => /^[-+]?[\d.]+(e[-+]?\d+)?( \S+)?$|^$/.test(row[i] ?? '')),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => {
        if (isNumeric[i] === true) return cell.padStart(widths[i] ?? 0)
        return i === cells.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)
      })
      .join('  ')
  return [paint(line(header), 'dim', terminal), ...rows.map(line)].map((text) => `${text.trimEnd()}\n`).join('')
}
