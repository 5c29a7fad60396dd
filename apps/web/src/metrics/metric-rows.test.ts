import { expect, it } from 'vitest'
import { filterRows, foldNames } from './metric-rows.ts'

const about = (type: string, help = '', unit = ''): { type: string; help: string; unit: string }[] => [{ type, help, unit }]

it('the parts of a histogram are one row, which leads to its buckets', () => {
  const rows = foldNames(['d_bucket', 'd_count', 'd_sum', 'up', 'n', 'n_count'], { d: about('histogram'), n: about('histogram') })
  expect(rows.map(({ shown, name }) => [shown, name])).toEqual([
    ['d', 'd_bucket'],
    ['up', 'up'],
    ['n', 'n'],
  ])
})

it('a counter finds what was said of it without its suffix', () => {
  expect(foldNames(['x_total'], { x: about('counter', 'What it counts.', 'bytes') })).toEqual([
    { name: 'x_total', shown: 'x_total', type: 'counter', help: 'What it counts.', unit: 'bytes' },
  ])
})

it('filterRows takes words in any order and puts names before descriptions', () => {
  const rows = foldNames(['a_requests', 'http_requests_total', 'requests', 'x'], { x: about('gauge', 'Requests over HTTP') })
  expect(filterRows(rows, 'requests').map(({ name }) => name)).toEqual(['requests', 'a_requests', 'http_requests_total', 'x'])
  expect(filterRows(rows, 'total http').map(({ name }) => name)).toEqual(['http_requests_total'])
  expect(filterRows(rows, 'nothing')).toEqual([])
})
