import { SampleColumns } from '@oriel/model'
import { describe, expect, it } from 'vitest'
import { readWindow } from './read.ts'
import { sealTail } from './seal.ts'
import { Tail } from './tail.ts'
import { TenantWindow } from './tenant-window.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const NOON_MS = Date.UTC(2026, 2, 14, 12)
const ID = Uint32Array.of(1, 2, 3, 4)

describe('samples a minute apart', () => {
  it('are held by the hour once it is over', () => {
    const window = new TenantWindow()
    for (let quarter = 0; quarter < 7; quarter++) write(window, minutely(15 * quarter, 15))
    expect(pieces(window)).toEqual([60, 15, 15, 15])
    expect(read(window)).toEqual(minutely(0, 105))
  })

  it('are joined by late ones, of which that written last counts', () => {
    const window = new TenantWindow()
    for (let quarter = 0; quarter < 7; quarter++) write(window, minutely(15 * quarter, 15))
    const late = [
      [NOON_MS + 20 * MINUTE_MS, 77],
      [NOON_MS + 20 * MINUTE_MS + 1, 78],
    ] as const
    write(window, late)
    expect(pieces(window)).toEqual([60, 2, 15, 15, 15])
    expect(read(window)).toEqual([...minutely(0, 20), ...late, ...minutely(21, 84)])
  })

  it('are joined by older ones that are read back while they are put together', () => {
    const window = new TenantWindow()
    for (let quarter = 0; quarter < 4; quarter++) write(window, minutely(15 * quarter, 15))
    append(window, minutely(60, 30))
    const work = window.maintain(() => 0)
    while (pieces(window).length < 6) work.next()
    // The hour is being merged from here on.
    work.next()
    const tail = new Tail()
    window.beginOlder(tail)
    const { rows, seriesId, tMs, values } = columnsOf([
      [NOON_MS + 20 * MINUTE_MS, 77],
      [NOON_MS + 20 * MINUTE_MS + 1, 78],
    ])
    window.appendOlder(tail, { rows, ids: seriesId.words, times: tMs.words, values: values.words })
    window.addOlder(tail, finish(sealTail(tail, 0)))
    finish(work)
    expect(pieces(window)).toEqual([2, 60, 15, 15])
    expect(read(window)).toEqual([...minutely(0, 21), [NOON_MS + 20 * MINUTE_MS + 1, 78], ...minutely(21, 69)])
  })

  it('are dropped when all of their hour is too old', () => {
    const window = new TenantWindow()
    for (let quarter = 0; quarter < 7; quarter++) write(window, minutely(15 * quarter, 15))
    window.dropBefore(NOON_MS + 45 * MINUTE_MS)
    expect(pieces(window)).toEqual([60, 15, 15, 15])
    window.dropBefore(NOON_MS + HOUR_MS)
    expect(pieces(window)).toEqual([15, 15, 15])
  })

  it('stay in quarters of an hour where they are seconds apart', () => {
    const window = new TenantWindow()
    for (let quarter = 0; quarter < 7; quarter++) {
      const startMs = NOON_MS + 15 * quarter * MINUTE_MS
      write(
        window,
        Array.from({ length: 60 }, (_, i) => [startMs + 15_000 * i, i]),
      )
    }
    expect(pieces(window)).toEqual([60, 60, 60, 60, 60, 60, 60])
  })
})

type Samples = readonly (readonly [tMs: number, value: number])[]

function minutely(from: number, count: number): Samples {
  return Array.from({ length: count }, (_, i) => [NOON_MS + (from + i) * MINUTE_MS, (from + i) ** 2])
}

function columnsOf(samples: Samples): SampleColumns {
  const columns = new SampleColumns()
  for (const [tMs, value] of samples) {
    columns.metricId.pushBigInt(1n)
    columns.seriesId.pushFrom(ID, 0)
    columns.tMs.pushNumber(tMs)
    columns.values.pushDouble(value)
  }
  return columns
}

function append(window: TenantWindow, samples: Samples): void {
  window.append(columnsOf(samples), 0)
  window.freeze()
}

function write(window: TenantWindow, samples: Samples): void {
  append(window, samples)
  finish(window.maintain(() => 0))
}

function finish<T>(work: Generator<undefined, T>): T {
  for (let next = work.next(); ; next = work.next()) if (next.done === true) return next.value
}

function pieces(window: TenantWindow): number[] {
  return window.snapshot(NOON_MS, NOON_MS + 3 * HOUR_MS).segments.map(({ rows }) => rows)
}

function read(window: TenantWindow): Samples {
  const [startMs, endMs] = [NOON_MS, NOON_MS + 3 * HOUR_MS]
  const refs = Int32Array.of(window.refs.find(ID, 0))
  const { tMs, values } = finish(
    readWindow({ snapshot: window.snapshot(startMs, endMs), refs, startMs, endMs, checkSamples: () => {} }),
  )
  return Array.from(tMs, (t, i) => [t, values[i]!])
}
