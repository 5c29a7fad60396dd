import { describe, expect, it } from 'vitest'
import { linkTo, logQuery, selectedSpan, serviceOfLabels } from './link-to.ts'
import { parseSearch } from './search.ts'

const CONTEXT = { from: 'now-1h', to: 'now', refresh: '10s' }
const search = (href: string): unknown => parseSearch(href.slice(href.indexOf('?')))

describe('linkTo', () => {
  it('carries the time range as text, so that a live range stays live', () => {
    expect(linkTo({ kind: 'services' }, CONTEXT)).toBe('/services?from=now-1h&to=now&refresh=10s')
    expect(linkTo({ kind: 'services' }, {})).toBe('/services')
  })

  it('opens a trace on the span', () => {
    expect(linkTo({ kind: 'trace', traceId: 'ab', spanId: 'cd' }, {})).toBe('/traces/ab?sel=span:ab:cd')
    expect(linkTo({ kind: 'trace', traceId: 'ab' }, {})).toBe('/traces/ab')
  })

  it('escapes names in the path', () => expect(linkTo({ kind: 'service', service: 'a/b c?' }, {})).toBe('/services/a%2Fb%20c%3F'))

  it('finds the lines of a trace, with the span they came from selected', () => {
    expect(search(linkTo({ kind: 'logs', traceId: 'ab', spanId: 'cd' }, {}))).toEqual({
      q: '{service_name=~".+"} | trace_id="ab"',
      sel: 'span:ab:cd',
    })
  })

  it('finds traces by conditions', () => {
    expect(search(linkTo({ kind: 'traces', search: { service: 'pay', status: 'error', f: ['a|=|1'] } }, {}))).toEqual({
      service: 'pay',
      status: 'error',
      f: 'a|=|1',
    })
  })

  it('finds metrics of a service with or without a namespace in its job', () => {
    expect(search(linkTo({ kind: 'metrics', service: 'a.b' }, {}))).toEqual({ q: String.raw`{job=~"(.*/)?a\\.b"}` })
  })
})

it('logQuery quotes what would end the string', () =>
  expect(logQuery({ service: 'a"b' })).toBe(String.raw`{service_name="a\"b"}`))

it('selectedSpan reads what linkTo wrote and nothing else', () => {
  expect(selectedSpan('span:ab:cd')).toEqual({ traceId: 'ab', spanId: 'cd' })
  for (const sel of [undefined, '', 'log:1', 'span:ab']) expect(selectedSpan(sel)).toBeUndefined()
})

describe('serviceOfLabels', () => {
  it('prefers service_name, then service, then job without its namespace', () => {
    expect(serviceOfLabels({ service_name: 'a', job: 'b' }).service).toBe('a')
    expect(serviceOfLabels({ job: 'shop/cart' }).service).toBe('cart')
    expect(serviceOfLabels({ instance: 'x' }).service).toBeUndefined()
  })

  it('names the labels that the pivot cannot carry', () => {
    expect(serviceOfLabels({ __name__: 'up', job: 'cart', instance: 'c:1', pod: 'p' }).dropped).toEqual(['instance', 'pod'])
  })
})
