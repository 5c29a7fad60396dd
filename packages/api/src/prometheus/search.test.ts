import { NOON_MS } from '@oriel/store/contract-suite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestServer } from '../testing/open.ts'
import { openTestServer } from '../testing/open.ts'
import { makeScorer, subsequenceScore, winklerScore } from './search-score.ts'

let server: TestServer
beforeAll(async () => {
  server = await openTestServer()
})
afterAll(() => server.close())

describe('search', () => {
  const lines = async (path: string): Promise<unknown[]> => {
    const { text } = await server.get(`/api/v1/search/${path}`)
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
  }

  it('answers batches of what matches, then how it ended', async () => {
    expect(await lines('metric_names?batch_size=1')).toEqual([
      { results: [{ name: 'requests_total' }] },
      { results: [{ name: 'up' }] },
      { status: 'success', has_more: false },
    ])
    expect(await lines('label_values?label=instance&limit=1')).toEqual([
      { results: [{ value: 'a:80' }] },
      { status: 'success', has_more: true },
    ])
    expect(await lines('label_names?search[]=none')).toEqual([{ results: [] }, { status: 'success', has_more: false }])
  })

  it('orders by name either way, or by score', async () => {
    expect(await lines('metric_names?sort_by=alpha&sort_dir=dsc')).toMatchObject([{ results: [{ name: 'up' }, {}] }, {}])
    const query = 'label_names?search[]=n&sort_by=score&include_score=true'
    expect(await lines(query)).toMatchObject([{ results: [{ name: 'instance' }, { name: '__name__' }] }, {}])
  })

  it('is off without its feature flag', async () => {
    const prometheus = {
      features: new Set<string>(),
      flags: {},
      isAdminOn: false,
      abilities: {},
      readSampleLimit: 1,
      readFrameBytes: 1,
    }
    const plain = await openTestServer({ services: { prometheus, now: () => NOON_MS } })
    expect(await plain.json('/api/v1/search/metric_names')).toEqual({
      status: 500,
      body: { status: 'error', errorType: 'unavailable', error: 'search API disabled' },
    })
    await plain.close()
  })
})

describe('scores of a search', () => {
  it('reward runs and take off for gaps', () => {
    const score = (term: string, text: string) => subsequenceScore(Array.from(term), Array.from(text))
    expect(score('', 'x')).toBe(1)
    expect(score('ab', 'ba')).toBe(0)
    expect(score('htp', 'http')).toBeCloseTo(((4 - 0.25 + 1) / 9) * 0.999)
    expect(score('htp', 'http')).toBeGreaterThan(score('htp', 'hxtxp'))
  })

  it('are those of Jaro and Winkler', () => {
    expect(winklerScore(Array.from('martha'), Array.from('marhta'))).toBeCloseTo(0.9611, 4)
    expect(winklerScore(Array.from('dixon'), Array.from('dicksonx'))).toBeCloseTo(0.8133, 4)
    expect(winklerScore(Array.from('a'), Array.from('b'))).toBe(0)
  })

  it('fold case when told to, and take the best of several terms', () => {
    const score = makeScorer(['HTTP', 'up'], { threshold: 0, algorithm: 'subsequence', isCaseSensitive: false })
    expect(score('http_requests')).toBe(1)
    expect(score('Up')).toBe(1)
    expect(score('x')).toBeUndefined()
  })
})
