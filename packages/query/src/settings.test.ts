import { expect, test } from 'vitest'
import { flagNotes } from './settings.ts'

test('flags that change nothing here are told with the reason', () => {
  expect(flagNotes(['promql-experimental-functions', 'exemplar-storage'])).toEqual([])
  expect(flagNotes(['st-synthesis', 'delayed-compaction', 'toString'])).toEqual([
    'st-synthesis: not built yet, it changes nothing',
    'delayed-compaction: it is about the insides of Prometheus and changes nothing here',
    'toString: Prometheus 3.14 has no such feature flag, it changes nothing',
  ])
})
