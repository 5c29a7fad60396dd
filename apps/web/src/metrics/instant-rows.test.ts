import { expect, it } from 'vitest'
import { labelColumns, sortSamples } from './instant-rows.ts'

const sample = (labels: Record<string, string>, value: number): Parameters<typeof sortSamples>[0][number] => ({ labels, value })

it('labels become columns while they fit beside each other', () => {
  expect(labelColumns([sample({ job: 'a', __name__: 'up' }, 1), sample({ instance: 'x' }, 1)])).toEqual([
    '__name__',
    'instance',
    'job',
  ])
  expect(labelColumns([sample(Object.fromEntries('abcdefgh'.split('').map((name) => [name, ''])), 1)])).toBeUndefined()
  expect(labelColumns([sample({}, 1)])).toBeUndefined()
})

it('samples sort by value with NaN as the least, and by labels with numbers in their order', () => {
  const rows = [sample({ n: '10' }, 2), sample({ n: '9' }, NaN), sample({ n: '100' }, Infinity)]
  const order = (sort: string): string[] => sortSamples(rows, sort).map(({ labels }) => labels['n'] ?? '')
  expect(order('value')).toEqual(['9', '10', '100'])
  expect(order('-value')).toEqual(['100', '10', '9'])
  expect(order('n')).toEqual(['9', '10', '100'])
  expect(order('')).toEqual(['10', '9', '100'])
})
