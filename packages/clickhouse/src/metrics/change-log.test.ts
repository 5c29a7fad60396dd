import { metricBlock, NOON_MS } from '@oriel/store/contract-suite'
import { expect, it } from 'vitest'
import { ChangeLog, changedFrom } from './change-log.ts'

it('rises for every time that a write reaches back to, and for no earlier one', () => {
  const log = new ChangeLog()
  log.note(new Map([['a', NOON_MS]]))
  const times = [NOON_MS - 60_000, NOON_MS + 59_999, NOON_MS + 60_000, NOON_MS + 3_600_000]
  const before = times.map((tMs) => log.last(['a'], tMs))
  log.note(new Map([['a', NOON_MS + 60_000]]))
  const after = times.map((tMs) => log.last(['a'], tMs))
  expect(after.map((number, i) => number > before[i]!)).toEqual([false, false, true, true])
  log.note(new Map([['b', 0]]))
  expect(times.map((tMs) => log.last(['a'], tMs))).toEqual(after)
  expect(log.last(['a', 'b'], 0)).toBeGreaterThan(0)
})

it('forgets to the safe side: what a write touched never looks untouched', () => {
  const log = new ChangeLog()
  for (let minute = 0; minute < 5_000; minute++) {
    const before = log.last(['a'], minute * 60_000)
    log.note(new Map([['a', minute * 60_000]]))
    expect(log.last(['a'], minute * 60_000)).toBeGreaterThan(before)
  }
  const before = log.last(['a'], 2_500 * 60_000)
  log.note(new Map([['a', 2_000 * 60_000]]))
  expect(log.last(['a'], 2_500 * 60_000)).toBeGreaterThan(before)
  const known = log.last(['t0'], 1)
  for (let tenant = 0; tenant < 10_001; tenant++) log.note(new Map([[`t${tenant}`, 0]]))
  expect(log.last(['t0'], 1)).toBeGreaterThan(known)
})

it('takes the first time of each tenant’s samples', () => {
  const labels = { __name__: 'm' }
  const samples = [3, 1, 2].map((second) => [NOON_MS + second * 1_000, 1] as const)
  const blocks = [
    metricBlock('a', [{ labels, samples }]),
    metricBlock('b', []),
    metricBlock('a', [{ labels, samples: [[NOON_MS, 1]] }]),
  ]
  expect(changedFrom(blocks)).toEqual(new Map([['a', NOON_MS]]))
})
