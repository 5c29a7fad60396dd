import { labelsToRecord } from '@oriel/model'
import { expect } from 'vitest'
import type { LogGridRequest } from '../source.ts'
import { contextFor, logBlock, matcher, NOON_MS, NOON_NS } from './fixtures.ts'
import type { Fact, FactInput, TestRecord } from './fixtures.ts'

const GRID: LogGridRequest = {
  matchers: [],
  lineFilters: [],
  metadataMatchers: [],
  startMs: NOON_MS,
  endMs: NOON_MS + 40_000,
  stepMs: 10_000,
  rangeMs: 20_000,
  offsetMs: 0,
  count: 'records',
}

const A = { service_name: 'a', env: 'prod' }
const B = { service_name: 'b' }

// Seconds after noon. With steps of 10 s and windows of 20 s, 10 s is in the windows of steps 1 and 2 and in no other.
function at(seconds: number, labels: Readonly<Record<string, string>>, line: string, level = ''): TestRecord {
  return { labels, tNs: NOON_NS + BigInt(seconds) * 1_000_000_000n, line, level }
}

const RECORDS: readonly TestRecord[] = [
  at(-20, A, 'out of the first window', 'info'),
  at(-19, A, 'in it', 'info'),
  at(10, A, 'ten', 'error'),
  at(10, B, 'ten of b', 'info'),
  at(11, A, 'eleven', 'info'),
  at(40, B, 'end', 'error'),
  { labels: B, tNs: NOON_NS + 40_000_000_001n, line: 'after the end' },
]

// '.' stands for a step without a value.
async function check(input: FactInput, change: Partial<LogGridRequest>, want: Record<string, string>): Promise<void> {
  const grid = await input.store.logs.grid({ ...GRID, ...change }, contextFor(input.tenant))
  if (grid === undefined) throw new Error('the store offers no log grid for this request')
  const got: Record<string, string> = {}
  for (const [i, labels] of grid.labels.entries()) {
    const row = [...grid.values.subarray(i * grid.steps, (i + 1) * grid.steps)]
    const text = row.map((value, step) => (grid.present[i * grid.steps + step] === 1 ? String(value) : '.'))
    got[JSON.stringify(labelsToRecord(labels))] = text.join(' ')
  }
  expect(got).toEqual(want)
}

const ALL_A = JSON.stringify({ env: 'prod', service_name: 'a' })
const ALL_B = JSON.stringify(B)

/** What every store that offers log grids promises of them. */
export const LOG_GRID_FACTS: readonly Fact[] = [
  {
    title: 'a log grid counts records of windows open at their start, one series a stream',
    async run(input) {
      await input.store.sink.writeLogs([logBlock(input.tenant, RECORDS)])
      await check(input, {}, { [ALL_A]: '1 1 2 1 .', [ALL_B]: '. 1 1 . 1' })
      await check(input, { matchers: [matcher('env', '=', '')] }, { [ALL_B]: '. 1 1 . 1' })
    },
  },
  {
    title: 'a log grid sums bytes of lines',
    async run(input) {
      await input.store.sink.writeLogs([logBlock(input.tenant, RECORDS)])
      await check(input, { count: 'bytes' }, { [ALL_A]: '5 3 9 6 .', [ALL_B]: '. 8 8 . 3' })
    },
  },
  {
    title: 'a log grid groups by stream labels and by detected level',
    async run(input) {
      await input.store.sink.writeLogs([logBlock(input.tenant, RECORDS)])
      await check(input, { by: [] }, { '{}': '1 2 3 1 1' })
      await check(input, { by: ['env'] }, { '{"env":"prod"}': '1 1 2 1 .', '{}': '. 1 1 . 1' })
      await check(
        input,
        { by: ['detected_level'] },
        { '{"detected_level":"error"}': '. 1 1 . 1', '{"detected_level":"info"}': '1 1 2 1 .' },
      )
    },
  },
  {
    title: 'a log grid applies line filters and metadata matchers',
    async run(input) {
      await input.store.sink.writeLogs([logBlock(input.tenant, RECORDS)])
      await check(input, { lineFilters: [{ op: '|=', patterns: ['ten'] }], by: [] }, { '{}': '. 2 2 . .' })
      await check(input, { metadataMatchers: [matcher('detected_level', '=', 'error')], by: [] }, { '{}': '. 1 1 . 1' })
    },
  },
  {
    title: 'a log grid with an offset looks that much earlier, at the same steps',
    async run(input) {
      await input.store.sink.writeLogs([logBlock(input.tenant, RECORDS)])
      await check(input, { by: [], offsetMs: 10_000 }, { '{}': '2 1 2 3 1' })
    },
  },
  {
    title: 'a log grid with windows longer or shorter than its steps counts every record as often as windows hold it',
    async run(input) {
      await input.store.sink.writeLogs([logBlock(input.tenant, RECORDS)])
      await check(input, { by: [], rangeMs: 5_000 }, { '{}': '. 2 . . 1' })
      await check(input, { by: [], rangeMs: 35_000, stepMs: 20_000 }, { '{}': '2 3 4' })
      await check(input, { by: [], rangeMs: 1, stepMs: 15_000, endMs: NOON_MS + 44_000 }, {})
    },
  },
  {
    title: 'a log grid of nothing has no series',
    async run(input) {
      await check(input, {}, {})
    },
  },
]
