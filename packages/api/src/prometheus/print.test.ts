import type { NativeHistogram } from '@oriel/model'
import { printNumber } from '@oriel/syntax'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unescapeName } from './lookup.ts'
import { printSeconds } from './number-bytes.ts'
import { printHistogram, printMatrix, printResult } from './print.ts'

describe('printSeconds', () => {
  function check(tMs: number, want: string): void {
    expect(printSeconds(tMs)).toBe(want)
  }
  it('prints three digits behind the point only when they are not zero', () => {
    check(1_435_781_451_781, '1435781451.781')
    check(1_435_781_451_000, '1435781451')
    check(1_435_781_451_100, '1435781451.100')
    check(1_001, '1.001')
    check(0, '0')
    check(-1, '-0.001')
    check(-1_500, '-1.500')
  })
})

describe('native histograms', () => {
  const histogram: NativeHistogram = {
    schema: 0,
    zeroThreshold: 0.001,
    zeroCount: 2,
    count: 8,
    sum: 3.5,
    positiveSpans: [{ offset: 0, length: 3 }],
    positiveBuckets: Float64Array.of(1, 0, 3),
    negativeSpans: [{ offset: 1, length: 1 }],
    negativeBuckets: Float64Array.of(2),
    customBounds: new Float64Array(0),
    resetHint: 'unknown',
  }
  const text =
    '{"count":"8","sum":"3.5","buckets":[[1,"-2","-1","2"],[3,"-0.001","0.001","2"],[0,"0.5","1","1"],[0,"2","4","3"]]}'

  it('stand as filled buckets with the rule of their ends', () => {
    expect(printHistogram(histogram)).toBe(text)
    expect(printHistogram({ ...histogram, zeroCount: 0, positiveBuckets: new Float64Array(3), negativeSpans: [] })).toBe(
      '{"count":"8","sum":"3.5"}',
    )
  })

  it('stand beside the floats of their series', () => {
    const tMs = Float64Array.of(1_000, 2_500)
    const series = [{ labels: [], tMs, values: Float64Array.of(1, NaN), histograms: [undefined, histogram] }]
    expect(textOf(printMatrix(series, 0))).toBe(`[{"metric":{},"values":[[1,"1"]],"histograms":[[2.500,${text}]]}]`)
  })

  it('have a key of their own in a vector', () => {
    const data = { kind: 'vector', tMs: 1_000, samples: [{ labels: [], value: NaN, histogram }] } as const
    expect(textOf(printResult(data, 0))).toBe(`"resultType":"vector","result":[{"metric":{},"histogram":[1,${text}]}]`)
  })
})

describe('printMatrix', () => {
  function check(value: number, want: string): void {
    const series = [{ labels: [], tMs: Float64Array.of(1_000), values: Float64Array.of(value) }]
    expect(textOf(printMatrix(series, 0))).toBe(`[{"metric":{},"values":[[1,"${want}"]]}]`)
  }
  it('prints values as Go does', () => {
    check(1, '1')
    check(0, '0')
    check(-0, '-0')
    check(0.1, '0.1')
    check(1e21, '1e+21')
    check(1e20, '100000000000000000000')
    check(1e-6, '0.000001')
    check(1e-7, '1e-07')
    check(-2.5e-10, '-2.5e-10')
    check(Infinity, '+Inf')
    check(-Infinity, '-Inf')
    check(NaN, 'NaN')
    check(2_147_483_648, '2147483648')
    check(100_020_003, '100020003')
    check(-12.05, '-12.05')
    check(999_999_999.5, '999999999.5')
  })
  it('prints any value as printNumber does, by the short way or the long', () => {
    const decimal = fc.tuple(fc.integer(), fc.integer({ min: 0, max: 9 })).map(([digits, decimals]) => digits / 10 ** decimals)
    fc.assert(fc.property(fc.oneof(fc.double(), decimal, fc.maxSafeInteger()), (value) => check(value, printNumber(value))))
  })
  it('prints the times of each series, shared or not', () => {
    const tMs = Float64Array.of(1_000, 2_500)
    const one = { labels: [], tMs, values: Float64Array.of(1, 2) }
    const other = { labels: [], tMs: Float64Array.of(-500), values: Float64Array.of(3) }
    const [shared, apart] = ['{"metric":{},"values":[[1,"1"],[2.500,"2"]]}', '{"metric":{},"values":[[-0.500,"3"]]}']
    expect(textOf(printMatrix([one, one, other, one], 0))).toBe(`[${[shared, shared, apart, shared].join(',')}]`)
    expect(textOf(printMatrix([], 0))).toBe('[]')
  })
  it('cuts a long answer into pieces that join to it', () => {
    const tMs = Float64Array.from({ length: 1_000 }, (_, i) => 1_000 * i)
    const series = Array.from({ length: 50 }, () => ({ labels: [{ name: 'ä', value: '€"\\' }], tMs, values: tMs }))
    const pieces = [...printMatrix(series, 0)]
    const want = series.map(() => ({ metric: { ä: '€"\\' }, values: Array.from(tMs, (t) => [t / 1_000, String(t)]) }))
    expect(pieces.length).toBeGreaterThan(2)
    expect(JSON.parse(textOf(pieces))).toEqual(want)
  })
})

describe('unescapeName', () => {
  function check(name: string, want: string): void {
    expect(unescapeName(name)).toBe(want)
  }
  it('undoes the escapes of names beyond the old alphabet', () => {
    check('job', 'job')
    check('U__http_2e_path', 'http.path')
    check('U__a__b', 'a_b')
    check('U___1f600_', '😀')
    check('U__bad_zz_', 'U__bad_zz_')
  })
})

function textOf(pieces: Iterable<string | Uint8Array>): string {
  return Buffer.concat(Array.from(pieces, (piece) => Buffer.from(piece))).toString()
}
