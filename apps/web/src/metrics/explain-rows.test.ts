import type { ExplainNodeAnswer } from '@oriel/contract'
import { expect, it } from 'vitest'
import { explainRows, ownTimeOf } from './explain-rows.ts'

const node = (name: string, ownMs: number | undefined, children: ExplainNodeAnswer[] = []): ExplainNodeAnswer => ({
  kind: 'call',
  name,
  span: { start: 0, end: 1 },
  how: 'evaluated',
  ...(ownMs !== undefined && { ownMs }),
  children,
})

it('operators come before their operands, each with its share of the time', () => {
  const rows = explainRows(node('+', 1, [node('sum', 2, [node('rate', undefined)]), node('abs', 1)]))
  expect(rows.map(({ node: { name }, depth, share }) => [name, depth, share])).toEqual([
    ['+', 0, 0.25],
    ['sum', 1, 0.5],
    ['rate', 2, 0],
    ['abs', 1, 0.25],
  ])
})

it('a tree without times has no shares', () => {
  expect(ownTimeOf(node('1', undefined))).toBe(0)
  expect(explainRows(node('1', undefined))[0]?.share).toBe(0)
})
