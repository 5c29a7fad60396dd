import { describe, expect, it } from 'vitest'
import { freeArray } from './free.ts'

describe('freeArray', () => {
  it('empties a large array and every view of it', () => {
    const values = new Float64Array(100_000).fill(1)
    const view = values.subarray(10, 20)
    freeArray(view)
    expect([values.length, view.length]).toEqual([0, 0])
  })

  it('leaves a buffer of the size of shared ones alone', () => {
    const bytes = Buffer.from('shared with others')
    freeArray(bytes)
    expect(bytes.toString()).toBe('shared with others')
  })
})
