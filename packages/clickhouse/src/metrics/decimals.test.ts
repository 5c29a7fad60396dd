import fc from 'fast-check'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { STALE_HIGH, STALE_LOW } from '@oriel/model'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { constantField, dateTime64Field, i64Field, nativeBlock, u128Field, u64Field, u8Values } from '../native/index.ts'
import { openEngine } from '../open.ts'
import type { OpenEngine } from '../open.ts'
import { AS_BITS, toMantissas } from './decimals.ts'

const STALE = 'stale'
type Value = number | typeof STALE

describe('values as decimals', () => {
  let engine: OpenEngine
  let dataDir = ''
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'oriel-decimals-'))
    engine = openEngine({ dataDir })
    await engine.engine.started
  })
  afterAll(async () => {
    await engine.close()
    rmSync(dataDir, { recursive: true })
  })

  it('come back from the engine to the bit', async () => {
    const value: fc.Arbitrary<Value> = fc.oneof(
      fc.integer(),
      fc.integer({ min: -(10 ** 9), max: 10 ** 9 }).map((whole) => whole / 1_000),
      fc.integer({ min: 0, max: 10 ** 12 }).map((whole) => whole / 1e9),
      fc.maxSafeInteger(),
      fc.double(),
      fc.constantFrom<Value>(
        0,
        -0,
        NaN,
        Infinity,
        -Infinity,
        5e-324,
        2 ** 52,
        2 ** 52 + 1,
        2 ** 63,
        -(2 ** 52),
        0.1 + 0.2,
        STALE,
      ),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(value, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 40 }),
        async (series) => {
          await engine.client.command('TRUNCATE TABLE samples')
          const { rows, ids, words } = columnsOf(series)
          const before = words.slice()
          const decimals = toMantissas({ rows, ids, words })
          const times = Uint32Array.from({ length: 2 * rows }, (_, i) => (i % 2 === 0 ? i / 2 : 0))
          await engine.client.insert(
            'samples',
            nativeBlock(rows, [
              constantField('tenant', 'a', rows),
              u64Field('metric_id', { words: new Uint32Array(2 * rows) }),
              u128Field('series_id', { words: ids }),
              dateTime64Field('t', 3, { words: times }),
              i64Field('mantissa', { words }),
              u8Values('decimals', decimals),
            ]),
          )
          const got: number[] = []
          for (const block of await engine.client.query('SELECT value FROM samples ORDER BY t')) {
            const values = Float64Array.from(block.numbers('value'))
            got.push(...new Uint32Array(values.buffer))
          }
          expect(got).toEqual([...before])
        },
      ),
      { numRuns: 60 },
    )
  })

  it.each<[string, Value[], number, bigint[]]>([
    ['whole numbers', [1, 20, 300], 0, [1n, 20n, 300n]],
    ['thousandths, all of a series', [1, 2.5, 0.125], 3, [1000n, 2500n, 125n]],
    ['negative ones', [-0.5, -(2 ** 40)], 3, [-500n, -1_099_511_627_776_000n]],
    ['billionths', [0.000000001, 1.5], 9, [1n, 1_500_000_000n]],
  ])('are %s', (_, values, decimals, mantissas) => {
    const { rows, ids, words } = columnsOf([values])
    expect([...toMantissas({ rows, ids, words })]).toEqual(values.map(() => decimals))
    expect([...new BigInt64Array(words.buffer)]).toEqual(mantissas)
  })

  it('are their bits where one of the series is no such number', () => {
    const { rows, ids, words } = columnsOf([[1, STALE], [3]])
    expect([...toMantissas({ rows, ids, words })]).toEqual([AS_BITS, AS_BITS, 0])
    expect([...new Float64Array(words.buffer).subarray(0, 1)]).toEqual([1])
  })
})

/** Rows of a few series, each with an id of its own. */
function columnsOf(series: readonly (readonly Value[])[]): { rows: number; ids: Uint32Array; words: Uint32Array } {
  const values = series.flat()
  const doubles = Float64Array.from(values, (value) => (value === STALE ? NaN : value))
  const words = new Uint32Array(doubles.buffer)
  for (const [row, value] of values.entries()) if (value === STALE) words.set([STALE_LOW, STALE_HIGH], 2 * row)
  const ids = Uint32Array.from(series.flatMap((own, i) => own.flatMap(() => [i + 1, 7, 0, 0])))
  return { rows: values.length, ids, words }
}
