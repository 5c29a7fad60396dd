import fc from 'fast-check'
import { labelsOf } from '@oriel/model'
import { hash64, seriesId } from '@oriel/store'
import { LabelBytes } from '@oriel/wire'
import { expect, test } from 'vitest'
import { DEFAULT_INGEST_LIMITS } from './limits.ts'
import { OpenMetricBlock, PendingSeriesDay } from './metrics-block.ts'
import { FACT_WORDS, METRIC, SeriesDictionary } from './metrics-dictionary.ts'
import { TenantMetrics } from './metrics-target.ts'

const DAY = 86_400_000

function bytesOf(labels: Readonly<Record<string, string>>): LabelBytes {
  const bytes = new LabelBytes()
  for (const [name, value] of Object.entries(labels)) bytes.add(name, value)
  return bytes
}

function resolve(dictionary: SeriesDictionary, labels: Readonly<Record<string, string>>): number {
  const { bytes, length } = bytesOf(labels)
  return dictionary.resolve(bytes, 0, length)
}

test('equal labels have one number, others another, and ids are those of the store', () => {
  const dictionary = new SeriesDictionary(DEFAULT_INGEST_LIMITS)
  const record = fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), fc.string({ minLength: 1, maxLength: 5 }), {
    noNullPrototype: true,
  })
  const known = new Map<string, number>()
  fc.assert(
    fc.property(record, (some) => {
      const labels = { ...some, __name__: 'm' }
      const ref = resolve(dictionary, labels)
      expect(resolve(dictionary, labels)).toBe(ref)
      const key = JSON.stringify(labels)
      expect(known.get(key) ?? ref).toBe(ref)
      known.set(key, ref)
      expect(new Set(known.values()).size).toBe(known.size)
      const facts = dictionary.young.facts.subarray(FACT_WORDS * ref, FACT_WORDS * ref + 6)
      expect([...facts.subarray(0, 4)]).toEqual([...seriesId(labelsOf(labels))])
      expect((BigInt(facts[METRIC + 1]!) << 32n) | BigInt(facts[METRIC]!)).toBe(hash64('m'))
      expect(dictionary.young.labelsOf(ref)).toEqual(labelsOf(labels))
    }),
    { numRuns: 500 },
  )
})

test('the order of labels and empty values do not change the identity', () => {
  const dictionary = new SeriesDictionary(DEFAULT_INGEST_LIMITS)
  const [a, b] = [resolve(dictionary, { __name__: 'm', a: '1', b: '' }), resolve(dictionary, { a: '1', __name__: 'm' })]
  const idOf = (ref: number): number[] => [...dictionary.young.facts.subarray(FACT_WORDS * ref, FACT_WORDS * ref + 4)]
  expect(idOf(a)).toEqual(idOf(b))
})

test.each<[string, Readonly<Record<string, string>>, string]>([
  ['no name', { a: 'b' }, 'a series has no metric name'],
  ['an empty label name', { __name__: 'm', '': 'x' }, 'a label has no name'],
  ['a long name', { __name__: 'm', ['n'.repeat(513)]: 'x' }, 'a label name is longer than 512 bytes'],
  ['a long value', { __name__: 'm', a: 'ä'.repeat(4_097) }, 'a label value is longer than 8192 bytes'],
  [
    '10,000 labels',
    { __name__: 'm', ...Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`l${i}`, 'x'])) },
    'a series has more than 60 labels',
  ],
])('%s is refused', (_title, labels, refusal) => {
  const dictionary = new SeriesDictionary(DEFAULT_INGEST_LIMITS)
  expect(resolve(dictionary, labels)).toBe(-1)
  expect(dictionary.refusal).toBe(refusal)
  expect(dictionary.series).toBe(0)
})

test('a label twice and a label that is no UTF-8 are refused', () => {
  const dictionary = new SeriesDictionary(DEFAULT_INGEST_LIMITS)
  const twice = bytesOf({ __name__: 'm', a: '1' })
  twice.add('a', '2')
  expect(dictionary.resolve(twice.bytes, 0, twice.length)).toBe(-1)
  expect(dictionary.refusal).toBe('a series has a label twice')
  const broken = bytesOf({ __name__: 'm' })
  broken.addBytes(Uint8Array.of(0x61), 0, 1, Uint8Array.of(0xff), 0, 1)
  expect(dictionary.resolve(broken.bytes, 0, broken.length)).toBe(-1)
  expect(dictionary.refusal).toBe('a label is not UTF-8')
})

test('memory is bounded: a full generation becomes the old one, and series in use move over with what is known of them', () => {
  const dictionary = new SeriesDictionary(DEFAULT_INGEST_LIMITS, { limits: { maxSeries: 100, maxBytes: 1e9 } })
  const { epoch } = dictionary
  for (let i = 0; i < 100; i++) resolve(dictionary, { __name__: 'm', i: String(i) })
  dictionary.young.setStored(7, 20_000)
  dictionary.makeRoom()
  expect(dictionary.epoch).not.toBe(epoch)
  const ref = resolve(dictionary, { __name__: 'm', i: '7' })
  expect(dictionary.young.facts[FACT_WORDS * ref + 6]).toBe(20_001)
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 100; i++) resolve(dictionary, { __name__: 'm', round: String(round), i: String(i) })
    dictionary.makeRoom()
  }
  expect(dictionary.series).toBeLessThanOrEqual(201)
})

test('a series comes to the index once a day, again after a failed commit, and on both sides of midnight', () => {
  const target = new TenantMetrics(new SeriesDictionary(DEFAULT_INGEST_LIMITS), () => 20 * DAY)
  const block = new OpenMetricBlock('t')
  const { bytes, length } = bytesOf({ __name__: 'm' })
  const write = (...times: number[]): number[] => {
    target.begin(block)
    const ref = target.series(bytes, 0, length)
    for (const tMs of times) target.sample(ref, tMs, 0, 0)
    return block.series.map(({ day }) => day)
  }
  const settle = (isStored: boolean): void => {
    for (const entry of block.series) if (entry instanceof PendingSeriesDay) entry.settle(isStored)
    block.clear()
  }
  expect(write(10 * DAY, 10 * DAY + 1)).toEqual([10])
  expect(write(10 * DAY + 2)).toEqual([10])
  settle(false)
  expect(write(10 * DAY + 3)).toEqual([10])
  settle(true)
  expect(write(10 * DAY + 4)).toEqual([])
  expect(write(11 * DAY - 1, 11 * DAY, 11 * DAY - 2, 11 * DAY + 1)).toEqual([11])
  settle(true)
  expect(write(11 * DAY - 1, 11 * DAY, 11 * DAY - 2, 11 * DAY + 1)).toEqual([])
})

test('bodies that repeat an order, change it or have labels that begin alike find the series that looking up finds', () => {
  const label = fc.constantFrom('a', 'ab', 'b', '')
  const series = fc.record({ a: label, b: label, z: label }, { requiredKeys: ['a'], noNullPrototype: true })
  const cut = fc.record({ from: fc.integer({ min: 0, max: 3 }), to: fc.integer({ min: 1, max: 12 }), isTurned: fc.boolean() })
  let followed = 0
  fc.assert(
    fc.property(fc.array(series, { minLength: 2, maxLength: 12 }), fc.array(cut, { maxLength: 8 }), (pool, cuts) => {
      const bodies = cuts.map(({ from, to, isTurned }) => {
        const body = pool.slice(from, to)
        return isTurned ? body.reverse() : body
      })
      const [dictionary, plain] = [new SeriesDictionary(DEFAULT_INGEST_LIMITS), new SeriesDictionary(DEFAULT_INGEST_LIMITS)]
      for (const body of bodies) {
        dictionary.makeRoom()
        for (const some of body) {
          const labels = { __name__: 'm', ...some }
          const { bytes, length } = bytesOf(labels)
          const padded = Uint8Array.of(7, ...bytes.subarray(0, length), 0x12)
          const end = dictionary.nextEnd(padded, 1, padded.length)
          // As decoders do: what goes on with a label has other label bytes.
          const isNext = end !== -1 && padded[end] !== 0x0a
          if (isNext) followed++
          const ref = isNext ? dictionary.takeNext() : dictionary.resolve(padded, 1, 1 + length)
          expect(ref).toBe(resolve(plain, labels))
        }
      }
    }),
    { numRuns: 500 },
  )
  expect(followed).toBeGreaterThan(100)
})
