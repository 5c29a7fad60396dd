import type { NativeHistogram } from '@oriel/model'
import { parseSequence } from '@oriel/promql/testing'
import { expect, it } from 'vitest'
import { printHistogram, printTestExpression } from './histogram-text.ts'

function read(text: string): NativeHistogram {
  const [value] = parseSequence(text)
  if (value?.kind !== 'histogram') throw new Error(text)
  return value.histogram
}

it('a histogram is written as it was read, zeros at the ends left out', () => {
  const same =
    '{{schema:1 count:32.1 sum:-0.3 z_bucket:7.1 z_bucket_w:0.05 offset:-3 buckets:[5.1 10 7] n_offset:-5 n_buckets:[4.1 5]}}'
  expect(printTestExpression(read(same))).toBe(same)
  expect(printTestExpression(read('{{buckets:[0 0 1 0 2 0] count:3 counter_reset_hint:gauge}}'))).toBe(
    '{{count:3 counter_reset_hint:gauge offset:2 buckets:[1 0 2]}}',
  )
  expect(printTestExpression(read('{{schema:-53 count:3 custom_values:[1 2.5] buckets:[1 2]}}'))).toBe(
    '{{schema:-53 count:3 custom_values:[1 2.5] buckets:[1 2]}}',
  )
})

it('templates show count, sum and the buckets that hold something, from low to high', () => {
  expect(printHistogram(read('{{count:6 sum:10 z_bucket:1 z_bucket_w:0.5 buckets:[0 2] n_buckets:[1 2]}}'))).toBe(
    '{count:6, sum:10, [-2,-1):2, [-1,-0.5):1, [-0.5,0.5]:1, (1,2]:2}',
  )
})
