import type { Labels, Matcher } from '@oriel/model'
import { compileAnchored, compileMatchers, labelsKey, labelsOf, MS_PER_DAY } from '@oriel/model'
import { openMemoryStore, seriesId } from '@oriel/store'
import { contextFor, metricBlock } from '@oriel/store/contract-suite'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { anatomyOf, cardinalityOf, sizesOf, valuesOf } from './counts.ts'
import { prefixOf } from './matching.ts'
import { TenantIndex } from './tenant-index.ts'

const value = fc.constantFrom('', 'a', 'ab', 'abc', 'b', 'x😀', 'x')
const labels: fc.Arbitrary<Labels> = fc
  .record({ __name__: fc.constantFrom('up', 'down', 'upper'), a: value, b: value, n: fc.integer({ min: 0, max: 5 }).map(String) })
  .map(labelsOf)
const pattern = fc.constantFrom(
  '',
  'a',
  'a|b',
  'ab.*',
  'a?',
  'up.*',
  '.+',
  '.*',
  '[ab]+',
  'x😀?',
  'x😀*',
  'a{1,2}',
  '(?i)AB',
  '^a',
  'a|b.',
)
const matchers = fc.array(
  fc.record({
    name: fc.constantFrom('__name__', 'a', 'b', 'n', 'none'),
    op: fc.constantFrom<Matcher['op'][]>('=', '!=', '=~', '!~'),
    value: pattern,
  }),
  { maxLength: 3 },
)

it('finds what a look at every series finds, whether or not it is in the postings', () => {
  fc.assert(
    fc.property(
      fc.array(labels, { maxLength: 40 }),
      fc.nat({ max: 40 }),
      fc.array(matchers, { maxLength: 2 }),
      fc.integer({ min: 99, max: 103 }),
      (all, indexed, sets, day) => {
        const index = new TenantIndex(100)
        const dayOf = (i: number): number => 100 + (i % 3)
        all.slice(0, indexed).forEach((of, i) => index.add({ id: seriesId(of), labels: of, day: dayOf(i) }))
        atOnce(index.makePostings())
        all
          .slice(indexed)
          .forEach((of, i) => index.add({ id: seriesId(of), labels: of, day: dayOf(i + Math.min(indexed, all.length)) }))
        const tests = sets.map(compileMatchers)
        const want = all.filter((of, i) => dayOf(i) === day && (tests.length === 0 || tests.some((test) => test(of))))
        const found: Labels[] = []
        atOnce(
          index.find(sets, { first: day, last: day }, (ref) => {
            found.push(index.known(ref).labels)
            return true
          }),
        )
        expect(found.map(labelsKey).sort()).toEqual([...new Set(want.map(labelsKey))].sort())
        const values = new Set(want.flatMap((of) => of.filter(({ name }) => name === 'a').map((label) => label.value)))
        expect(atOnce(index.texts(sets, { first: day, last: day }, 'a'))).toEqual(values)
        const names = new Set(want.flatMap((of) => of.map(({ name }) => name)))
        expect(atOnce(index.texts(sets, { first: day, last: day }, undefined))).toEqual(names)
      },
    ),
    { numRuns: 300 },
  )
})

it('counts what the store in memory counts', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(labels, { maxLength: 30 }),
      fc.nat({ max: 30 }),
      fc.integer({ min: 1, max: 5 }),
      async (all, indexed, limit) => {
        const index = new TenantIndex(100)
        const store = openMemoryStore()
        for (const [i, of] of all.entries()) {
          index.add({ id: seriesId(of), labels: of, day: 100 + (i % 2) })
          if (i === indexed) atOnce(index.makePostings())
          const series = Object.fromEntries(of.map(({ name, value }) => [name, value]))
          await store.sink.writeMetrics([metricBlock('t', [{ labels: series, samples: [[(100 + (i % 2)) * MS_PER_DAY, 1]] }])])
        }
        const range = { startMs: 100 * MS_PER_DAY, endMs: 100 * MS_PER_DAY }
        const days = { first: 100, last: 100 }
        const request = { range, limit }
        const context = contextFor('t')
        const { cardinality, metrics } = store
        const counted = atOnce(index.count(days))
        expect(cardinalityOf(index.pairs, counted, limit)).toEqual(
          await metrics.cardinality({ ...request, matcherSets: [] }, context),
        )
        expect(sizesOf(index.pairs, counted, limit)).toEqual(await cardinality.sizes(request, context))
        expect(valuesOf(index.pairs, counted, limit)).toEqual(await cardinality.labels(request, context))
        const ofUp = atOnce(index.count(days, 'up'))
        expect({ series: ofUp.series, labels: anatomyOf(index.pairs, ofUp, limit) }).toEqual(
          await cardinality.metric('up', request, context),
        )
        const both = { startMs: range.startMs, endMs: 101 * MS_PER_DAY }
        expect(atOnce(index.countDays('up', { first: 100, last: 101 }))).toEqual(await cardinality.days('up', both, context))
        const without = await cardinality.reduced('up', { mode: 'drop', labels: ['a'] }, request, context)
        expect(atOnce(index.countReduced('up', (label) => label !== 'a', days))).toBe(without)
      },
    ),
    { numRuns: 100 },
  )
})

it('a prefix of a pattern begins every text that matches', () => {
  const part = fc.constantFrom('a', 'b', 'x', '😀', '?', '*', '+', '{0,2}', '.', '|', '(a)', '[ab]', '\\.', '^', '$')
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 6 }),
      fc.array(fc.constantFrom('a', 'b', 'x', '😀', '.'), { maxLength: 5 }),
      (parts, text) => {
        let test: (text: string) => boolean
        try {
          test = compileAnchored(parts.join(''))
        } catch {
          return
        }
        if (test(text.join(''))) expect(text.join('').startsWith(prefixOf(parts.join('')))).toBe(true)
      },
    ),
    { numRuns: 2_000 },
  )
})

function atOnce<Result>(work: Generator<undefined, Result>): Result {
  for (;;) {
    const { done, value: result } = work.next()
    if (done === true) return result
  }
}
