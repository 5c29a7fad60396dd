import type { SpanAnswer } from '@oriel/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { criticalPath } from './critical-path.ts'
import type { TraceModel } from './trace-model.ts'
import { ancestorsOf, layOutTrace, nextError, rootCause, visibleRows } from './trace-model.ts'

const START_NS = 1_700_000_000_000_000_000n

/** A span from its id, parent, start and end in milliseconds; `!` at the end of the id marks a failure. */
function makeSpan(name: string, parentSpanId: string, startMs: number, endMs: number): SpanAnswer {
  const isFailed = name.endsWith('!')
  return {
    traceId: 't',
    spanId: name.replace('!', ''),
    parentSpanId,
    service: 's',
    name,
    kind: 'server',
    status: isFailed ? 'error' : 'unset',
    statusMessage: '',
    startNs: String(START_NS + BigInt(Math.round(startMs * 1e6))),
    durationNs: String(Math.round((endMs - startMs) * 1e6)),
    attributes: {},
    resource: {},
    scope: { name: '', version: '' },
    events: [],
    links: [],
  }
}

const order = (model: TraceModel): string => model.nodes.map(({ span, depth }) => `${depth}${span.spanId}`).join(' ')
const layOut = (...spans: readonly SpanAnswer[]): TraceModel => layOutTrace('t', spans)

describe('layOutTrace', () => {
  it('puts children below their parent in order of start, longest first', () => {
    const model = layOut(
      makeSpan('c', 'a', 5, 6),
      makeSpan('b', 'a', 1, 2),
      makeSpan('a', '', 0, 9),
      makeSpan('d', 'b', 1, 2),
      makeSpan('e', 'a', 1, 4),
    )
    expect(order(model)).toBe('0a 1e 1b 2d 1c')
  })

  it('makes a span with an unknown parent a root after the true one, and marks it', () => {
    const model = layOut(makeSpan('x', 'gone', 0, 1), makeSpan('a', '', 1, 9))
    expect(order(model)).toBe('0a 0x')
    expect(model.nodes.map(({ isOrphan }) => isOrphan)).toEqual([false, true])
  })

  it('keeps every span of a cycle', () => {
    const model = layOut(makeSpan('a', 'b', 0, 1), makeSpan('b', 'a', 0, 1), makeSpan('c', 'c', 0, 1))
    expect(model.nodes).toHaveLength(3)
  })

  it('counts the time that no child covers as the span own', () => {
    const model = layOut(makeSpan('a', '', 0, 10), makeSpan('b', 'a', 1, 4), makeSpan('c', 'a', 3, 6), makeSpan('d', 'a', 9, 12))
    expect(model.nodes[0]?.selfMs).toBeCloseTo(4)
  })

  it('keeps nanoseconds apart from one another far from 1970', () => {
    const model = layOut(makeSpan('a', '', 0, 1), makeSpan('b', 'a', 0.000001, 1))
    expect(model.nodes[1]?.startMs).toBeCloseTo(0.000001, 9)
  })

  it('holds every span once with parents before children, whatever the parents say', () => {
    const ids = fc.array(
      fc.record({
        parent: fc.integer({ min: -1, max: 30 }),
        start: fc.integer({ min: 0, max: 100 }),
        length: fc.integer({ min: 0, max: 50 }),
      }),
      {
        maxLength: 30,
      },
    )
    fc.assert(
      fc.property(ids, (rows) => {
        const spans = rows.map(({ parent, start, length }, i) =>
          makeSpan(`s${i}`, parent < 0 ? '' : `s${parent}`, start, start + length),
        )
        const model = layOutTrace('t', spans)
        const { nodes } = model
        expect(new Set(nodes.map(({ span }) => span.spanId)).size).toBe(rows.length)
        for (const node of nodes) {
          expect(node.parent).toBeLessThan(node.index)
          expect(node.descendants).toBe(nodes.filter((other) => ancestorsOf(model, other.index).includes(node.index)).length)
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('visibleRows', () => {
  const model = layOut(makeSpan('a', '', 0, 9), makeSpan('b', 'a', 1, 5), makeSpan('c', 'b', 1, 4), makeSpan('d', 'a', 6, 8))
  it('skips everything below a collapsed span', () => expect(visibleRows(model, new Set([1]))).toEqual([0, 1, 3]))
  it('shows all without one', () => expect(visibleRows(model, new Set())).toEqual([0, 1, 2, 3]))
})

describe('errors', () => {
  const model = layOut(
    makeSpan('a!', '', 0, 9),
    makeSpan('b!', 'a', 1, 5),
    makeSpan('c!', 'b', 1, 4),
    makeSpan('d!', 'a', 6, 8),
    makeSpan('e', 'd', 6, 7),
  )
  it('the root cause is the deepest failure that no child explains', () => expect(rootCause(model)).toBe(2))
  it('no failure, no root cause', () => expect(rootCause(layOut(makeSpan('a', '', 0, 1)))).toBeUndefined())
  it('next and previous go round', () => {
    expect(nextError(model, 2, 1)).toBe(3)
    expect(nextError(model, 3, 1)).toBe(0)
    expect(nextError(model, 0, -1)).toBe(3)
    expect(nextError(layOut(makeSpan('a', '', 0, 1)), 0, 1)).toBeUndefined()
  })
})

describe('criticalPath', () => {
  const path = (...spans: readonly SpanAnswer[]): string => {
    const model = layOut(...spans)
    return criticalPath(model)
      .map(({ index, startMs, endMs }) => `${model.nodes[index]?.span.spanId}:${startMs}-${endMs}`)
      .join(' ')
  }

  it('is the child that ended last wherever children overlap', () => {
    expect(path(makeSpan('a', '', 0, 10), makeSpan('b', 'a', 1, 4), makeSpan('c', 'a', 2, 8))).toBe('a:0-2 c:2-8 a:8-10')
  })

  it('goes through sequential children and into theirs', () => {
    expect(path(makeSpan('a', '', 0, 10), makeSpan('b', 'a', 0, 4), makeSpan('c', 'a', 5, 10), makeSpan('d', 'c', 6, 9))).toBe(
      'b:0-4 a:4-5 c:5-6 d:6-9 c:9-10',
    )
  })

  it('counts a child that outlives its parent up to the parent end', () => {
    expect(path(makeSpan('a', '', 0, 10), makeSpan('b', 'a', 5, 20))).toBe('a:0-5 b:5-10')
  })

  it('covers the root without a gap or an overlap', () => {
    const rows = fc.array(
      fc.record({ parent: fc.nat({ max: 20 }), start: fc.nat({ max: 100 }), length: fc.integer({ min: 1, max: 60 }) }),
      { maxLength: 20 },
    )
    fc.assert(
      fc.property(rows, (children) => {
        const spans = [
          makeSpan('s0', '', 0, 100),
          ...children.map(({ parent, start, length }, i) => makeSpan(`s${i + 1}`, `s${parent % (i + 1)}`, start, start + length)),
        ]
        let at = 0
        for (const { startMs, endMs } of criticalPath(layOutTrace('t', spans))) {
          expect(startMs).toBeCloseTo(at)
          at = endMs
        }
        expect(at).toBeCloseTo(100)
      }),
    )
  })
})
