import { describe, expect, it } from 'vitest'
import { drawChart } from './chart.ts'
import { printValues } from './query-values.ts'
import { printTable } from './table.ts'
import { parseTime } from './times.ts'
import { printTrace } from './trace-tree.ts'

const terminal = { width: 60, hasColor: false }
const NOON_MS = Date.parse('2026-03-14T12:00:00Z')

describe('parseTime', () => {
  function check(text: string, wantMs: number): void {
    expect(parseTime('--from', text, NOON_MS)).toBe(wantMs)
  }
  it('reads times as people write them', () => {
    check('now', NOON_MS)
    check('now-1h', NOON_MS - 3_600_000)
    check('-30m', NOON_MS - 1_800_000)
    check('now+5s', NOON_MS + 5_000)
    check('2026-03-14T12:00:00Z', NOON_MS)
    check(String(NOON_MS / 1_000), NOON_MS)
    check(String(NOON_MS), NOON_MS)
  })
})

describe('printTable', () => {
  it('lines up columns, numbers to the right', () => {
    expect(
      printTable(
        ['value', 'labels'],
        [
          ['1', 'up'],
          ['12.5', 'down'],
        ],
        terminal,
      ),
    ).toBe('value  labels\n    1  up\n 12.5  down\n')
  })
})

describe('printValues', () => {
  it('prints a vector with labels as in a query', () => {
    const data = { resultType: 'vector', result: [{ metric: { __name__: 'up', job: 'a' }, value: [1, '0.5'] }] }
    expect(printValues(data, terminal)).toBe('value  labels\n  0.5  up{job="a"}\n')
  })

  it('says when there is nothing', () => {
    expect(printValues({ resultType: 'vector', result: [] }, terminal)).toBe('no result\n')
  })

  it('draws a range and sums it up', () => {
    const values = [
      [0, '0'],
      [60, '10'],
      [120, '5'],
    ]
    const text = printValues({ resultType: 'matrix', result: [{ metric: { job: 'a' }, values }] }, terminal)
    expect(text).toContain('━━ {job="a"}')
    expect(text.trimEnd().split('\n').at(-1)).toBe('   5    0     5   10  {job="a"}')
  })
})

describe('drawChart', () => {
  it('puts the highest value at the top left of its axis and the lowest at the bottom', () => {
    const rows = drawChart([{ name: 'x', tMs: [0, 1_000], values: [1, 3] }], terminal).split('\n')
    expect(rows[0]?.startsWith('3 ')).toBe(true)
    expect(rows[11]?.startsWith('1 ')).toBe(true)
    expect(rows[0]?.trimEnd().at(-1)).not.toBe('3')
  })

  it('draws nothing when no value is finite', () => {
    expect(drawChart([{ name: 'x', tMs: [0], values: [NaN] }], terminal)).toBe('')
  })
})

describe('printTrace', () => {
  const span = (spanId: string, parentSpanId: string, startNs: number, durationNs: number) => ({
    spanId,
    parentSpanId,
    service: 's',
    name: spanId,
    status: spanId === 'c' ? 'error' : 'ok',
    statusMessage: '',
    startNs: String(startNs),
    durationNs: String(durationNs),
  })

  it('prints children below their parent with bars in place', () => {
    const lines = printTrace([span('a', '', 0, 3e9), span('b', 'a', 0, 1e9), span('c', 'b', 1e9, 2e9)], terminal).split('\n')
    expect(lines[0]).toMatch(/^s: a\s+━{30}\s+3\.00 s$/)
    expect(lines[1]).toMatch(/^ {2}s: b\s+━{10}·{20}\s+1\.00 s$/)
    expect(lines[2]).toMatch(/^ {4}s: c ·{10}━{20}\s+2\.00 s error$/)
  })

  it('keeps spans whose parent is missing', () => {
    expect(printTrace([span('x', 'gone', 0, 1)], terminal)).toContain('s: x')
  })
})
