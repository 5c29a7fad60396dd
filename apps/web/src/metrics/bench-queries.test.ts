import { expect, it } from 'vitest'
import { printQueries, printStep, readQueries, readStep } from './bench-queries.ts'

it('queries survive the URL with their letters and what is hidden', () => {
  const queries = readQueries({ q: 'up', more: ['rate(x[5m])', 'z'], hide: 'B' })
  expect(queries).toEqual([
    { letter: 'A', text: 'up', isHidden: false },
    { letter: 'B', text: 'rate(x[5m])', isHidden: true },
    { letter: 'C', text: 'z', isHidden: false },
  ])
  expect(printQueries(queries)).toEqual({ q: 'up', more: ['rate(x[5m])', 'z'], hide: 'B' })
})

it('empty queries go away, and what is hidden moves up with its query', () => {
  const queries = [
    { text: ' ', isHidden: false },
    { text: 'up', isHidden: true },
  ]
  expect(printQueries(queries)).toEqual({ q: 'up', more: undefined, hide: 'A' })
  expect(printQueries([])).toEqual({ q: undefined, more: undefined, hide: undefined })
  expect(readQueries({})).toEqual([{ letter: 'A', text: '', isHidden: false }])
})

it('steps are read as they are written', () => {
  expect(['15s', '1m', '500ms', '2h', '1.5m'].map(readStep)).toEqual([15_000, 60_000, 500, 7_200_000, 90_000])
  expect(['', 'auto', '0s', '5', 'm'].map(readStep)).toEqual([undefined, undefined, undefined, undefined, undefined])
  expect([15_000, 60_000, 90_000, 86_400_000, 1].map(printStep)).toEqual(['15s', '1m', '90s', '1d', '1ms'])
})
