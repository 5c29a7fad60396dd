import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeRange, parseInstant, parseRangeText, resolveRange, shiftRange, stepFor, zoomOut } from './time-range.ts'

const NOW = Date.UTC(2026, 10, 20, 15, 30)
const HOUR = 3_600_000

describe('parseInstant', () => {
  const check = (text: string, want: number | undefined): void => expect(parseInstant(text, NOW), text).toBe(want)

  it('reads now and offsets from it in every unit', () => {
    check('now', NOW)
    check('now-6h', NOW - 6 * HOUR)
    check('now-90s', NOW - 90_000)
    check('now+1m', NOW + 60_000)
  })

  it('tells seconds, milliseconds, microseconds and nanoseconds apart by their digits', () => {
    check('1700000000', 1_700_000_000_000)
    check('1700000000123', 1_700_000_000_123)
    check('1700000000123000', 1_700_000_000_123)
    check('1700000000123000000', 1_700_000_000_123)
    check('1700000000.5', 1_700_000_000_500)
  })

  it('reads ISO text', () => check('2026-11-20T14:00:00Z', Date.UTC(2026, 10, 20, 14)))

  it('refuses what names no moment', () => {
    for (const text of ['', 'soon', 'now-', 'now-5x', '12', '2026-99-99T00:00']) check(text, undefined)
  })

  it('rounds down at the start of a range and up at its end', () => {
    const start = parseInstant('now/d', NOW) ?? 0
    const end = parseInstant('now/d', NOW, { isEnd: true }) ?? 0
    expect(new Date(start).getHours()).toBe(0)
    expect(new Date(end + 1).getHours()).toBe(0)
    expect(start).toBeLessThanOrEqual(NOW)
    expect(end).toBeGreaterThan(NOW)
  })

  it('starts weeks on Monday', () => expect(new Date(parseInstant('now/w', NOW) ?? 0).getDay()).toBe(1))
})

describe('parseRangeText', () => {
  const check = (text: string, want: unknown): void => expect(parseRangeText(text, NOW), text).toEqual(want)

  it('reads durations in their short forms', () => {
    for (const text of ['6h', 'now-6h', ' 6h ', '6 h', '6h ago', '6 hours ago', 'now-6h to now'])
      check(text, { from: 'now-6h', to: 'now' })
  })

  it('reads a pair of epochs however it was copied', () => {
    const want = { from: '1700000000000', to: '1700003600000' }
    check('1700000000 to 1700003600', want)
    check('1700000000000 - 1700003600000', want)
    check('1700000000,1700003600', want)
    check('1700000000 1700003600', want)
    check('from=1700000000000&to=1700003600000', want)
    check('{"from":"1700000000000","to":"1700003600000"}', want)
  })

  it('makes a lone moment the half hour around it', () => check('1700000900', { from: '1700000000000', to: '1700001800000' }))

  it('reads the names of the quick ranges', () => check('yesterday', { from: 'now-1d/d', to: 'now-1d/d' }))

  it('refuses a range that ends before it starts', () => check('1700003600 to 1700000000', undefined))

  it('never throws, and what it accepts resolves to a range that goes forward', () => {
    const piece = fc.oneof(fc.string(), fc.constantFrom('now', 'now-1h', ' to ', '/d', '1700000000', ',', '6h', 'ago'))
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 4 }), (pieces) => {
        const range = parseRangeText(pieces.join(''), NOW)
        if (range === undefined) return
        const { startMs, endMs } = resolveRange(range, NOW)
        expect(startMs).toBeLessThan(endMs)
      }),
    )
  })
})

describe('moving a range', () => {
  it('zooms a live range out backwards and keeps it live', () => {
    expect(zoomOut({ from: 'now-1h', to: 'now' }, NOW)).toEqual({ from: 'now-2h', to: 'now' })
    expect(zoomOut({ from: 'now-45m', to: 'now' }, NOW)).toEqual({ from: 'now-90m', to: 'now' })
  })

  it('zooms a fixed range out around its middle, never past now', () => {
    const range = { from: String(NOW - 4 * HOUR), to: String(NOW - 2 * HOUR) }
    expect(zoomOut(range, NOW)).toEqual({ from: String(NOW - 5 * HOUR), to: String(NOW - HOUR) })
    const late = { from: String(NOW - 2 * HOUR), to: String(NOW) }
    expect(zoomOut(late, NOW)).toEqual({ from: String(NOW - 3 * HOUR), to: String(NOW) })
  })

  it('shifts by half its length and stops at now', () => {
    const range = { from: String(NOW - 2 * HOUR), to: String(NOW) }
    expect(shiftRange(range, -1, NOW)).toEqual({ from: String(NOW - 3 * HOUR), to: String(NOW - HOUR) })
    expect(shiftRange(range, 1, NOW)).toEqual(range)
  })
})

it('stepFor keeps within the points asked for and takes round steps', () => {
  expect(stepFor({ startMs: 0, endMs: 30 * 60_000 }, 100)).toBe(30_000)
  expect(stepFor({ startMs: 0, endMs: 30 * 60_000 }, 60)).toBe(30_000)
  expect(stepFor({ startMs: 0, endMs: 90 * 86_400_000 }, 100)).toBe(86_400_000)
  expect(stepFor({ startMs: 0, endMs: 1_000 }, 100)).toBe(1_000)
})

it('describeRange names quick ranges and shortens other live ones', () => {
  expect(describeRange({ from: 'now-30m', to: 'now' }, NOW)).toBe('Last 30 minutes')
  expect(describeRange({ from: 'now-90m', to: 'now' }, NOW)).toBe('Last 90m')
})
