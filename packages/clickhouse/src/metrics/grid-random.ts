import type { GridRequest } from '@oriel/store'
import { NOON_MS, STALE } from '@oriel/store/contract-suite'
import fc from 'fast-check'

/** A sample as tests write it. */
export type TestPoint = readonly [tMs: number, value: number | typeof STALE]

/** Samples of some series, in the order of writing: each write has the samples of each series. */
export type TestWrites = readonly (readonly (readonly TestPoint[])[])[]

/** What happens to a series next. */
type Turn =
  | { readonly kind: 'run'; readonly samples: number; readonly everyMs: number; readonly slope: number }
  | { readonly kind: 'gap'; readonly ms: number }
  | { readonly kind: 'reset'; readonly to: number }
  | { readonly kind: 'one'; readonly value: number | typeof STALE }

const turn: fc.Arbitrary<Turn> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('run'),
      samples: fc.integer({ min: 1, max: 90 }),
      everyMs: fc.constantFrom(500, 1_000, 15_000, 15_000, 30_011, 60_000),
      slope: fc.oneof(fc.constantFrom(0, 1, 0.1, -0.3, 1e300), fc.double({ min: 0, max: 50, noNaN: true })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('gap'), ms: fc.constantFrom(1, 400_000, 4_000_000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reset'), to: fc.constantFrom(0, 1.7, -0) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('one'),
      value: fc.constantFrom<number | typeof STALE>(STALE, STALE, NaN, Infinity, -Infinity, 5e-324, -2.5),
    }),
  },
)

// Samples and edges of windows on one grain, or a millisecond beside it: so that they meet.
const GRAIN_MS = 500

/** A series with resets, gaps, markers and values that are hard to add, over some hours; each turn a piece of its own. */
const turns = fc.tuple(fc.array(turn, { minLength: 1, maxLength: 7 }), fc.nat(10_000)).map(([all, late]) => {
  let tMs = NOON_MS - 3_000_000 + GRAIN_MS * late
  let value = 3
  return all.map((each): TestPoint[] => {
    if (each.kind === 'gap') tMs += each.ms
    if (each.kind === 'reset') value = each.to
    if (each.kind === 'one') return [[(tMs += 1_000), each.value]]
    if (each.kind !== 'run') return []
    return Array.from({ length: each.samples }, () => [(tMs += each.everyMs), (value += each.slope)])
  })
})

/**
 * Writes of up to three series: turns in any order, some of them once more in a write of their own, with other values or the same.
 *
 * Of two values of one time within one write the engine's sort keeps either; that is the writer's matter, not a grid's.
 */
export const randomWrites: fc.Arbitrary<TestWrites> = fc
  .array(
    fc.tuple(turns, fc.array(fc.nat(2), { minLength: 7, maxLength: 7 }), fc.option(fc.tuple(fc.nat(6), fc.constantFrom(0, 2.5)))),
    { minLength: 1, maxLength: 3 },
  )
  .map((all) => [0, 1, 2, REWRITE].map((write) => all.map((each) => pointsOfWrite(each, write))))

const REWRITE = 3

function pointsOfWrite(
  [pieces, writeOf, again]: readonly [readonly TestPoint[][], readonly number[], readonly [number, number] | null],
  write: number,
): TestPoint[] {
  if (write !== REWRITE) return pieces.flatMap((piece, i) => (writeOf[i] === write ? piece : []))
  if (again === null) return []
  const [which, more] = again
  return (pieces[which] ?? []).map(([tMs, value]) => [tMs, value === STALE ? STALE : value + more])
}

const aggregate: fc.Arbitrary<NonNullable<GridRequest['aggregate']>> = fc.record({
  op: fc.constantFrom('sum', 'count', 'avg', 'min', 'max'),
  grouping: fc.constantFrom('by', 'without'),
  labels: fc.constantFrom<string[]>([], ['group'], ['of']),
})

const beside = fc.constantFrom(0, 0, 0, 1, -1)
const grains = (most: number) =>
  fc.tuple(fc.integer({ min: 1, max: most }), beside).map(([count, more]) => GRAIN_MS * count + more)

/** Requests about the hours that random series lie in, down to steps and ranges of a millisecond. */
export const randomRequest: fc.Arbitrary<Omit<GridRequest, 'matchers'>> = fc
  .record({
    func: fc.constantFrom('last', 'rate', 'increase', 'delta'),
    startMs: fc.tuple(fc.integer({ min: -7_200, max: 10_000 }), beside).map(([at, more]) => NOON_MS + GRAIN_MS * at + more),
    stepMs: fc.oneof(
      fc.constantFrom(250, 15_000, 60_000, 300_000, 3_600_000, 5_400_000),
      grains(200),
      fc.integer({ min: 1, max: 900_000 }),
    ),
    rangeMs: fc.oneof(
      fc.constantFrom(60_000, 300_000, 3_600_000, 14_400_000),
      grains(300),
      fc.integer({ min: 1, max: 2_000_000 }),
    ),
    offsetMs: fc.constantFrom(0, 0, 60_000, -90_500, 1_800_000),
    more: fc.constantFrom(0, 1, 5, 30, 200),
    past: fc.nat(200),
    aggregate: fc.option(aggregate),
  })
  .map(({ more, past, aggregate: by, ...request }) => ({
    ...request,
    // An end that need not be a step.
    endMs: request.startMs + more * request.stepMs + (more === 0 ? 0 : past % request.stepMs),
    ...(by !== null && { aggregate: by }),
  }))
