import type { Labels, Matcher } from '@oriel/model'
import { labelsToRecord } from '@oriel/model'
import { expect } from 'vitest'
import type { IndexRequest, LineFilter, LogRequest } from '../source.ts'
import {
  cancelledContext,
  contextFor,
  HOUR_NS,
  logBlock,
  logRequest,
  matcher,
  NOON_MS,
  NOON_NS,
  readBatches,
  readLines,
} from './fixtures.ts'
import type { Fact, FactInput, TestRecord } from './fixtures.ts'
import { LOG_GRID_FACTS } from './logs-grid.ts'

const API = { service_name: 'api', env: 'prod' }
const WEB = { service_name: 'web' }
const HOUR: IndexRequest = {
  matcherSets: [],
  range: { startMs: NOON_MS, endMs: NOON_MS + 3_600_000 },
  limit: 0,
}

async function write({ store, tenant }: FactInput, records: readonly TestRecord[]): Promise<void> {
  await store.sink.writeLogs([logBlock(tenant, records)])
}

async function lines({ store, tenant }: FactInput, change: Partial<LogRequest> = {}): Promise<string[]> {
  return await readLines(store.logs.records(logRequest(change), contextFor(tenant)))
}

function linesAt(labels: Readonly<Record<string, string>>, texts: readonly string[], fromNs = NOON_NS): TestRecord[] {
  return texts.map((line, i) => ({ labels, tNs: fromNs + BigInt(i), line }))
}

const order: readonly Fact[] = [
  {
    title: 'a record is read back whole by the next read',
    async run(input) {
      await write(input, [
        {
          labels: API,
          tNs: NOON_NS + 1n,
          line: 'paid £5 — thanks\nsecond line',
          level: 'info',
          severity: 9,
          severityText: 'INFO',
          scopeName: 'lib',
          scopeVersion: '2',
          traceId: '0af7651916cd43dd8448eb211c80319c',
          spanId: 'b7ad6b7169203331',
          attributes: { user: 'ann', note: '' },
        },
      ])
      const [batch] = await readBatches(input.store.logs.records(logRequest(), contextFor(input.tenant)))
      const [record] = batch?.records ?? []
      expect(record).toMatchObject({ tNs: NOON_NS + 1n, line: 'paid £5 — thanks\nsecond line' })
      expect(labelsToRecord(batch?.streams[record?.stream ?? -1] ?? [])).toEqual(API)
      expect(labelsToRecord(record?.metadata ?? [])).toEqual({
        user: 'ann',
        trace_id: '0af7651916cd43dd8448eb211c80319c',
        span_id: 'b7ad6b7169203331',
        detected_level: 'info',
        severity_number: '9',
        severity_text: 'INFO',
        scope_name: 'lib',
        scope_version: '2',
      })
    },
  },
  {
    title: 'records of all streams come in time order, forward and backward',
    async run(input) {
      await write(input, [...linesAt(API, ['a0', 'a1', 'a2']), { labels: WEB, tNs: NOON_NS + 1n, line: 'w1' }])
      await write(input, [
        { labels: WEB, tNs: NOON_NS + 5n, line: 'w5' },
        { labels: WEB, tNs: NOON_NS + 3n, line: 'w3' },
      ])
      const forward = await lines(input)
      expect(forward.toSorted()).toEqual(['a0', 'a1', 'a2', 'w1', 'w3', 'w5'])
      expect([forward.at(0), ...forward.slice(3)]).toEqual(['a0', 'a2', 'w3', 'w5'])
      expect(await lines(input, { direction: 'backward' })).toEqual(forward.toReversed())
    },
  },
  {
    title: 'records of one time keep their order of arrival, backward reversed, and a limit cuts in that order',
    async run(input) {
      const record = (line: string) => ({ labels: API, tNs: NOON_NS, line })
      await write(input, ['z', 'y', 'x'].map(record))
      await write(input, ['b', 'a'].map(record))
      expect(await lines(input)).toEqual(['z', 'y', 'x', 'b', 'a'])
      expect(await lines(input, { direction: 'backward' })).toEqual(['a', 'b', 'x', 'y', 'z'])
      expect(await lines(input, { limit: 2 })).toEqual(['z', 'y'])
      expect(await lines(input, { limit: 2, direction: 'backward' })).toEqual(['a', 'b'])
    },
  },
  {
    title: 'the range has its start and not its end',
    async run(input) {
      const { startNs, endNs } = HOUR_NS
      const at = (tNs: bigint, line: string) => ({ labels: API, tNs, line })
      await write(input, [at(startNs - 1n, 'before'), at(startNs, 'start'), at(endNs - 1n, 'last'), at(endNs, 'end')])
      expect(await lines(input)).toEqual(['start', 'last'])
      expect(await lines(input, { limit: 1, direction: 'backward' })).toEqual(['last'])
    },
  },
  {
    title: 'a limit is met from far apart times, either way',
    async run(input) {
      const dayNs = 86_400_000_000_000n
      const records = [0n, 3n, 40n].map((days) => ({ labels: API, tNs: NOON_NS + days * dayNs, line: `day ${days}` }))
      await write(input, records)
      const range = { startNs: NOON_NS - dayNs, endNs: NOON_NS + 60n * dayNs }
      expect(await lines(input, { range, limit: 2 })).toEqual(['day 0', 'day 3'])
      expect(await lines(input, { range, limit: 2, direction: 'backward' })).toEqual(['day 40', 'day 3'])
      expect(await lines(input, { range, limit: 9, direction: 'backward' })).toEqual(['day 40', 'day 3', 'day 0'])
    },
  },
  {
    title: 'thousands of records without a limit all come, in order',
    async run(input) {
      const texts = Array.from({ length: 7_000 }, (_, i) => `line ${i}`)
      await write(input, linesAt(API, texts))
      expect(await lines(input)).toEqual(texts)
      expect(await lines(input, { limit: 3_000, direction: 'backward' })).toEqual(texts.toReversed().slice(0, 3_000))
    },
  },
]

async function expectFiltered(input: FactInput, lineFilters: readonly LineFilter[], want: readonly string[]): Promise<void> {
  expect(await lines(input, { lineFilters })).toEqual(want)
}

async function expectMetadata(input: FactInput, metadataMatchers: readonly Matcher[], want: readonly string[]): Promise<void> {
  expect(await lines(input, { metadataMatchers })).toEqual(want)
}

const filters: readonly Fact[] = [
  {
    title: 'line filters contain, do not contain, match and do not match',
    async run(input) {
      await write(input, linesAt(API, ['GET /a 200', 'POST /a 500', 'get /b 404']))
      await expectFiltered(input, [{ op: '|=', patterns: ['/a'] }], ['GET /a 200', 'POST /a 500'])
      await expectFiltered(input, [{ op: '!=', patterns: ['/a'] }], ['get /b 404'])
      await expectFiltered(input, [{ op: '|~', patterns: ['[45]0\\d$'] }], ['POST /a 500', 'get /b 404'])
      await expectFiltered(input, [{ op: '!~', patterns: ['(?i)^get'] }], ['POST /a 500'])
      await expectFiltered(input, [{ op: '|=', patterns: ['200', '404'] }], ['GET /a 200', 'get /b 404'])
      await expectFiltered(input, [{ op: '!=', patterns: ['200', '404'] }], ['POST /a 500'])
      const both: LineFilter[] = [
        { op: '|~', patterns: ['^GET', '^POST'] },
        { op: '!~', patterns: ['5..', '3..'] },
      ]
      await expectFiltered(input, both, ['GET /a 200'])
    },
  },
  {
    title: 'text filters take every character as it is',
    async run(input) {
      const odd = String.raw`50% of \n it's "so" {x} ünï`
      await write(input, linesAt(API, [odd, 'plain']))
      for (const part of ['%', String.raw`\n`, "'s", '"so"', '{x}', 'ünï', odd]) {
        await expectFiltered(input, [{ op: '|=', patterns: [part] }], [odd])
      }
      await expectFiltered(input, [{ op: '|=', patterns: [''] }], [odd, 'plain'])
      await expectFiltered(input, [{ op: '|=', patterns: ['_lain'] }], [])
    },
  },
  {
    title: 'in a regex filter the dot stops at a newline, and anchors mean the whole text',
    async run(input) {
      await write(input, linesAt(API, ['one\ntwo', 'one two', 'two']))
      await expectFiltered(input, [{ op: '|~', patterns: ['one.two'] }], ['one two'])
      await expectFiltered(input, [{ op: '|~', patterns: ['(?s)one.two'] }], ['one\ntwo', 'one two'])
      await expectFiltered(input, [{ op: '|~', patterns: ['^two'] }], ['two'])
      await expectFiltered(input, [{ op: '|~', patterns: ['(?m)^two'] }], ['one\ntwo', 'two'])
      await expectFiltered(input, [{ op: '|~', patterns: ['a|^two|b'] }], ['two'])
    },
  },
  {
    title: 'a regex that RE2 refuses rejects with its reason',
    async run(input) {
      const read = (patterns: string[]) => lines(input, { lineFilters: [{ op: '|~', patterns }] })
      await expect(read(['(?=a)'])).rejects.toMatchObject({ code: 'MODEL_BAD_REGEX' })
      await expect(read(['('])).rejects.toMatchObject({ code: 'MODEL_BAD_REGEX' })
    },
  },
  {
    title: 'stream matchers select streams, an absent label being empty',
    async run(input) {
      await write(input, [...linesAt(API, ['a']), ...linesAt(WEB, ['w'], NOON_NS + 9n)])
      expect(await lines(input, { matchers: [matcher('service_name', '=', 'api')] })).toEqual(['a'])
      expect(await lines(input, { matchers: [matcher('service_name', '!=', 'api')] })).toEqual(['w'])
      expect(await lines(input, { matchers: [matcher('service_name', '=~', 'ap')] })).toEqual([])
      expect(await lines(input, { matchers: [matcher('service_name', '=~', 'ap.|x')] })).toEqual(['a'])
      expect(await lines(input, { matchers: [matcher('env', '=', '')] })).toEqual(['w'])
      expect(await lines(input, { matchers: [matcher('env', '!~', 'dev')] })).toEqual(['a', 'w'])
    },
  },
  {
    title: 'metadata matchers see attributes, ids, level, severity and scope, an absent key being empty',
    async run(input) {
      const [a, b, c] = ['a', 'b', 'c'].map((line, i) => ({ labels: API, tNs: NOON_NS + BigInt(i), line }))
      await write(input, [
        {
          ...a!,
          level: 'error',
          severity: 17,
          severityText: 'Err',
          scopeName: 'lib',
          scopeVersion: '1',
          attributes: { user: 'ann', 'odd key': "it's" },
        },
        { ...b!, level: 'info', traceId: 'abc', spanId: 'def', attributes: { user: 'bob' } },
        c!,
      ])
      await expectMetadata(input, [matcher('user', '=', 'ann')], ['a'])
      await expectMetadata(input, [matcher('user', '!=', 'ann')], ['b', 'c'])
      await expectMetadata(input, [matcher('user', '=', '')], ['c'])
      await expectMetadata(input, [matcher('user', '=~', 'a.*')], ['a'])
      await expectMetadata(input, [matcher('user', '!~', 'a|b')], ['a', 'b', 'c'])
      await expectMetadata(input, [matcher('odd key', '=', "it's")], ['a'])
      await expectMetadata(input, [matcher('trace_id', '=', 'abc')], ['b'])
      await expectMetadata(input, [matcher('span_id', '=~', 'd.f')], ['b'])
      await expectMetadata(input, [matcher('severity_number', '=', '17')], ['a'])
      await expectMetadata(input, [matcher('severity_number', '=', '')], ['b', 'c'])
      await expectMetadata(input, [matcher('severity_text', '=~', 'E.+'), matcher('scope_version', '=', '1')], ['a'])
      await expectMetadata(input, [matcher('scope_name', '!=', 'lib')], ['b', 'c'])
      await expectMetadata(input, [matcher('detected_level', '=', 'error')], ['a'])
      await expectMetadata(input, [matcher('detected_level', '!=', 'error'), matcher('user', '!=', '')], ['b'])
    },
  },
]

function records(labels: readonly Labels[]): Record<string, string>[] {
  return labels.map(labelsToRecord)
}

const indexes: readonly Fact[] = [
  {
    title: 'streams, label names and label values are those of the streams that match',
    async run(input) {
      await write(input, [...linesAt(API, ['a']), ...linesAt(WEB, ['w'])])
      const { logs } = input.store
      const context = contextFor(input.tenant)
      const web = { ...HOUR, matcherSets: [[matcher('service_name', '=~', 'w.*')]] }
      expect(records(await logs.streams(HOUR, context))).toEqual([API, WEB])
      expect(records(await logs.streams(web, context))).toEqual([WEB])
      expect(await logs.labelNames(HOUR, context)).toEqual(['env', 'service_name'])
      expect(await logs.labelNames(web, context)).toEqual(['service_name'])
      expect(await logs.labelValues('service_name', HOUR, context)).toEqual(['api', 'web'])
      expect(await logs.labelValues('service_name', web, context)).toEqual(['web'])
      expect(await logs.labelValues('nothing', HOUR, context)).toEqual([])
    },
  },
  {
    title: 'look-ups leave out streams of other days',
    async run(input) {
      await write(input, linesAt(API, ['a']))
      const range = { startMs: NOON_MS + 2 * 86_400_000, endMs: NOON_MS + 3 * 86_400_000 }
      expect(await input.store.logs.streams({ ...HOUR, range }, contextFor(input.tenant))).toEqual([])
    },
  },
  {
    title: 'volume counts records and bytes of lines by stream, most bytes first',
    async run(input) {
      await write(input, [...linesAt(API, ['12', 'é']), ...linesAt(WEB, ['12345']), ...linesAt(WEB, ['x'], NOON_NS - 9n)])
      const volumes = await input.store.logs.volume(HOUR, contextFor(input.tenant))
      expect(volumes.map(({ labels, ...counts }) => ({ ...labelsToRecord(labels), ...counts }))).toEqual([
        { ...WEB, bytes: 5, records: 1 },
        { ...API, bytes: 4, records: 2 },
      ])
    },
  },
]

const others: readonly Fact[] = [
  {
    title: 'requests stored of late are known by their ids',
    async run(input) {
      const requestId = 0xfedc_ba98_7654_3210n
      expect((await input.store.sink.recentRequests('logs')).has(requestId)).toBe(false)
      await write(input, [{ labels: API, tNs: NOON_NS, line: 'a', requestId }])
      expect((await input.store.sink.recentRequests('logs')).has(requestId)).toBe(true)
    },
  },
  {
    title: 'a tenant reads its own logs only, and several tenants read together when named',
    async run(input) {
      const other = `${input.tenant}-other`
      await write(input, linesAt(API, ['mine']))
      await input.store.sink.writeLogs([logBlock(other, linesAt(API, ['theirs'], NOON_NS + 9n))])
      expect(await lines(input)).toEqual(['mine'])
      const both = input.store.logs.records(logRequest(), contextFor(input.tenant, other))
      expect(await readLines(both)).toEqual(['mine', 'theirs'])
    },
  },
  {
    title: 'a cancelled read rejects with STORE_CANCELLED',
    async run({ store, tenant }) {
      const read = readLines(store.logs.records(logRequest(), cancelledContext(tenant)))
      await expect(read).rejects.toMatchObject({ code: 'STORE_CANCELLED' })
    },
  },
  {
    title: 'a read cancelled half-way rejects with STORE_CANCELLED',
    async run(input) {
      await write(
        input,
        linesAt(
          API,
          Array.from({ length: 20_000 }, (_, i) => `line ${i}`),
        ),
      )
      const cancel = new AbortController()
      const context = { ...contextFor(input.tenant), signal: cancel.signal }
      const read = async () => {
        for await (const { records: got } of input.store.logs.records(logRequest(), context)) if (got.length > 0) cancel.abort()
      }
      await expect(read()).rejects.toMatchObject({ code: 'STORE_CANCELLED' })
    },
  },
  {
    title: 'a read may be left after its first batch, and the store goes on',
    async run(input) {
      await write(
        input,
        linesAt(
          API,
          Array.from({ length: 20_000 }, (_, i) => `line ${i}`),
        ),
      )
      for await (const { records: got } of input.store.logs.records(logRequest(), contextFor(input.tenant))) {
        expect(got[0]?.line).toBe('line 0')
        break
      }
      expect(await lines(input, { limit: 1 })).toEqual(['line 0'])
    },
  },
  {
    title: 'a tenant without logs gets empty answers',
    async run(input) {
      const { logs } = input.store
      const context = contextFor(input.tenant)
      expect(await lines(input)).toEqual([])
      expect(await logs.streams(HOUR, context)).toEqual([])
      expect(await logs.labelNames(HOUR, context)).toEqual([])
      expect(await logs.volume(HOUR, context)).toEqual([])
    },
  },
]

/** What every store promises of logs. */
export const LOG_FACTS: readonly Fact[] = [...order, ...filters, ...indexes, ...others, ...LOG_GRID_FACTS]
