import { DEFAULT_QUERY_LIMITS, makeQueryStats, openMemoryStore } from '@oriel/store'
import { expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import type { ExplainedNode, Explanation } from './explain.ts'
import { blockOf } from './testing/load.ts'
import { parseSeriesLine } from './testing/series.ts'

async function explain(expr: string): Promise<Explanation> {
  const store = openMemoryStore()
  const lines = ['x{job="a",i="1"} 0+1x20', 'x{job="a",i="2"} 0+2x20', 'x{job="b",i="1"} 0+3x20']
  const load = {
    kind: 'load',
    line: 1,
    stepMs: 60_000,
    withNhcb: false,
    series: lines.map(parseSeriesLine),
    startTimes: [],
  } as const
  store.metrics.write([blockOf(load, 't')])
  const context = { tenants: ['t'], signal: new AbortController().signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
  let found: Explanation | undefined
  const query = { expr, startMs: 600_000, endMs: 900_000, stepMs: 60_000 }
  await evaluate(store.metrics, query, context, { explain: (explanation) => (found = explanation) })
  if (found === undefined) throw new Error('nothing was explained')
  return found
}

const outline = ({ name, how, series, values, samples, children }: ExplainedNode): unknown[] => [
  name,
  how,
  ...[series, values, samples].filter((count) => count !== undefined),
  ...children.map(outline),
]

it('tells what each operator answered, and what was read', async () => {
  const { tree, steps, readMs } = await explain('topk(1, x) + on () group_left () sum(abs(x))')
  expect(steps).toBe(6)
  expect(readMs).toBeGreaterThanOrEqual(0)
  expect(outline(tree)).toEqual([
    '+',
    'evaluated',
    1,
    6,
    ['topk', 'evaluated', 1, 6, ['1', 'constant', 0, 6], ['x', 'read', 3, 18, 30]],
    ['sum', 'evaluated', 1, 6, ['abs', 'evaluated', 3, 18, ['x', 'read', 3, 18, 30]]],
  ])
})

it('an operator that is fused with its parent says so, and every measured time is its own', async () => {
  const { tree } = await explain('(sum by (job) (rate(x[5m])))')
  expect([tree.name, tree.how, tree.children[0]?.name, tree.children[0]?.how]).toEqual([
    'sum by (job)',
    'evaluated',
    'rate',
    'within',
  ])
  expect(tree.ownMs).toBeGreaterThanOrEqual(0)
  expect(tree.children[0]?.children[0]).toMatchObject({ name: 'x[5m]', how: 'read', series: 3 })
  expect(tree.span).toEqual({ start: 1, end: 27 })
})
