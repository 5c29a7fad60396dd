import { dig, textOf } from './client.ts'
import type { Terminal } from './table.ts'
import { paint } from './table.ts'
import { printDuration } from './times.ts'

const BAR_WIDTH = 30

interface Row {
  readonly span: unknown
  readonly depth: number
}

/** Spans as a tree with a bar for when each ran. Spans whose parent is not stored stand at the top. */
export function printTrace(spans: readonly unknown[], terminal: Terminal): string {
  const starts = spans.map((span) => BigInt(textOf(dig(span, 'startNs')) || '0'))
  const ends = spans.map((span) => BigInt(textOf(dig(span, 'startNs')) || '0') + BigInt(textOf(dig(span, 'durationNs')) || '0'))
  const startNs = starts.reduce((a, b) => (a < b ? a : b), starts[0] ?? 0n)
  const endNs = ends.reduce((a, b) => (a > b ? a : b), 0n)
  const rows = treeRows(spans)
  const titles = rows.map(
    ({ span, depth }) => `${'  '.repeat(depth)}${textOf(dig(span, 'service'))}: ${textOf(dig(span, 'name'))}`,
  )
  const width = Math.min(Math.max(...titles.map((title) => title.length)), Math.max(30, terminal.width - BAR_WIDTH - 14))
  const lines = rows.map(({ span }, i) => {
    const isError = dig(span, 'status') === 'error'
    const title = (titles[i] ?? '').slice(0, width).padEnd(width)
    const from = BigInt(textOf(dig(span, 'startNs')))
    const durationNs = BigInt(textOf(dig(span, 'durationNs')))
    const bar = paint(printBar(from - startNs, durationNs, endNs - startNs), isError ? 'red' : 'cyan', terminal)
    const message = isError ? ` ${paint(textOf(dig(span, 'statusMessage')) || 'error', 'red', terminal)}` : ''
    return `${isError ? paint(title, 'red', terminal) : title} ${bar} ${printDuration(durationNs).padStart(9)}${message}\n`
  })
  return lines.join('')
}

function treeRows(spans: readonly unknown[]): Row[] {
  const ids = new Set(spans.map((span) => textOf(dig(span, 'spanId'))))
  const childrenOf = new Map<string, unknown[]>()
  for (const span of spans) {
    const parent = textOf(dig(span, 'parentSpanId'))
    const key = ids.has(parent) ? parent : ''
    childrenOf.set(key, [...(childrenOf.get(key) ?? []), span])
  }
  const rows: Row[] = []
  // A stack and not a recursion: traces may be deep. A span that is its own ancestor is never reached.
  const open: Row[] = (childrenOf.get('') ?? []).map((span) => ({ span, depth: 0 })).reverse()
  for (let row = open.pop(); row !== undefined; row = open.pop()) {
    const { span, depth } = row
    rows.push(row)
    const below = childrenOf.get(textOf(dig(span, 'spanId'))) ?? []
    open.push(...below.map((child) => ({ span: child, depth: depth + 1 })).reverse())
  }
  return rows
}

function printBar(offsetNs: bigint, durationNs: bigint, wholeNs: bigint): string {
  const whole = Number(wholeNs) || 1
  const start = Math.min(BAR_WIDTH - 1, Math.floor((Number(offsetNs) / whole) * BAR_WIDTH))
  const length = Math.max(1, Math.min(BAR_WIDTH - start, Math.round((Number(durationNs) / whole) * BAR_WIDTH)))
  return `${'·'.repeat(start)}${'━'.repeat(length)}${'·'.repeat(BAR_WIDTH - start - length)}`
}
