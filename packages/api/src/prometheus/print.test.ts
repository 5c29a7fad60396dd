import { describe, expect, it } from 'vitest'
import { unescapeName } from './lookup.ts'
import { printMatrix, printSeconds } from './print.ts'

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

describe('printMatrix', () => {
  function check(value: number, want: string): void {
    const series = [{ labels: [], tMs: Float64Array.of(1_000), values: Float64Array.of(value) }]
    expect([...printMatrix(series, 0)].join('')).toBe(`[{"metric":{},"values":[[1,"${want}"]]}]`)
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
