import { expect, test } from 'vitest'
import { SharedMetadata, TargetFamilies } from './families.ts'

test('what a target says of a metric in several lines is put together', () => {
  const families = new TargetFamilies()
  families.note('a', { help: 'Help.' })
  families.note('b', { type: 'gauge' })
  expect(families.note('a', { type: 'counter' })).toEqual({ metric: 'a', type: 'counter', help: 'Help.', unit: '' })
  expect(families.list().map(({ metric, type }) => `${metric} ${type}`)).toEqual(['a counter', 'b gauge'])
})

test('a metric that has gone is kept for ten scrapes', () => {
  const families = new TargetFamilies()
  families.note('gone', { type: 'gauge' })
  for (let i = 0; i < 20; i++) families.endScrape()
  families.begin()
  for (let i = 0; i < 10; i++) families.endScrape()
  expect(families.list()).toHaveLength(1)
  families.endScrape()
  expect(families.list()).toEqual([])
})

test('what many targets say alike is held once', () => {
  const shared = new SharedMetadata()
  const [a, b] = [new TargetFamilies(shared), new TargetFamilies(shared)].map((each) => each.note('a', { help: 'Help.' }))
  expect(a).toBe(b)
})
