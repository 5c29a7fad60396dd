import { STALE_HIGH, STALE_LOW } from '@oriel/model'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NativeBlock } from '../native/index.ts'
import { Gatherer } from './gather.ts'
import { SeriesTable } from './series-table.ts'

interface Row {
  readonly series: number
  readonly at: number
  readonly value: number
  readonly rank: number
}

const SERIES = [0, 1, 2].map((i) => ({ id: Uint32Array.of(7, i, 0, 0), metric: 'm', labels: [] }))
const UNKNOWN = 9

function blockOf(rows: readonly Row[]): NativeBlock {
  const words = Uint32Array.from(rows.flatMap(({ series }) => [7, series]))
  return new NativeBlock(
    rows.length,
    new Map([
      ['s', { kind: 'words', words, wordsPerRow: 2, isSigned: false }],
      ['at', { kind: 'number', values: Uint32Array.from(rows, ({ at }) => at) }],
      ['value', { kind: 'number', values: Float64Array.from(rows, ({ value }) => value) }],
      ['rank', { kind: 'number', values: Float64Array.from(rows, ({ rank }) => rank) }],
    ]),
  )
}

function gather(blocks: readonly (readonly Row[])[], hasRank: boolean) {
  const gatherer = new Gatherer(new SeriesTable(SERIES), SERIES.length, 1_000)
  for (const rows of blocks) gatherer.add(blockOf(rows), { hasRank })
  return gatherer.finish()
}

/** What the gatherer must give, the plain way: the row of highest rank for each series and time. */
function expected(blocks: readonly (readonly Row[])[]): [number, number][][] {
  return SERIES.map((_, i) => {
    const byTime = new Map<number, Row>()
    for (const row of blocks.flat()) {
      const known = byTime.get(row.at)
      if (row.series === i && (known === undefined || row.rank >= known.rank)) byTime.set(row.at, row)
    }
    return [...byTime.values()].sort((a, b) => a.at - b.at).map(({ at, value }): [number, number] => [at + 1_000, value])
  })
}

function bySeries({ offsets, tMs, values }: ReturnType<typeof gather>): [number, number][][] {
  return SERIES.map((_, i) => {
    const points: [number, number][] = []
    for (let p = offsets[i]!; p < offsets[i + 1]!; p++) points.push([tMs[p]!, values[p]!])
    return points
  })
}

describe('gathering rows into series', () => {
  it('gives each series in time order with the last written of equal times, in whatever order rows come', () => {
    const row = fc.record({
      series: fc.constantFrom(0, 1, 2, UNKNOWN),
      at: fc.nat(20),
      value: fc.double({ noNaN: true }),
      rank: fc.nat(),
    })
    const blocks = fc.array(fc.array(row, { minLength: 1, maxLength: 30 }), { maxLength: 6 })
    fc.assert(
      fc.property(blocks, (given) => {
        // Ranks are places in the order of writing: no two are equal.
        let next = 0
        const ranked = given.map((rows) => rows.map((each) => ({ ...each, rank: next++ })))
        expect(bySeries(gather(ranked, true))).toEqual(expected(ranked))
      }),
      { numRuns: 300 },
    )
  })

  it('drops repeats of equal value without asking which came first', () => {
    const rows = [
      { series: 1, at: 5, value: 2, rank: 0 },
      { series: 1, at: 6, value: 3, rank: 0 },
    ]
    const gathered = gather([rows, rows], false)
    expect(bySeries(gathered)).toEqual([
      [],
      [
        [1_005, 2],
        [1_006, 3],
      ],
      [],
    ])
    expect(gathered.hasConflict).toBe(false)
  })

  it('says so when equal times have different values and nothing tells which was written later', () => {
    const at = (value: number) => [{ series: 0, at: 5, value, rank: 0 }]
    expect(gather([at(1), at(2)], false).hasConflict).toBe(true)
    expect(gather([at(1), at(2)], true).hasConflict).toBe(false)
  })

  it('tells staleness markers by their bits, also where rows had to be sorted', () => {
    const words = Uint32Array.of(STALE_LOW, STALE_HIGH, 0, 0x7ff8_0000)
    const marker = new NativeBlock(
      2,
      new Map([
        ['s', { kind: 'words', words: Uint32Array.of(7, 0, 7, 0), wordsPerRow: 2, isSigned: false }],
        ['at', { kind: 'number', values: Uint32Array.of(9, 3) }],
        ['value', { kind: 'number', values: new Float64Array(words.buffer) }],
      ]),
    )
    const gatherer = new Gatherer(new SeriesTable(SERIES), SERIES.length, 0)
    gatherer.add(marker, { hasRank: false })
    gatherer.add(blockOf([{ series: 0, at: 5, value: 1, rank: 0 }]), { hasRank: false })
    const { tMs, values, stale } = gatherer.finish()
    expect([...tMs]).toEqual([3, 5, 9])
    expect([...stale]).toEqual([0, 0, 1])
    expect([...values]).toEqual([NaN, 1, NaN])
  })
})
