import { CUSTOM_BOUNDS_SCHEMA, labelsOf } from '@oriel/model'
import type { NativeHistogram } from '@oriel/model'
import { describe, expect, it } from 'vitest'
import { ProtoReader } from '../protobuf.ts'
import { escapeName } from './escape-name.ts'
import type { FederatedMetric } from './federated-family.ts'
import { federationFormatOf, printFederation } from './federation.ts'

const CUSTOM: NativeHistogram = {
  schema: CUSTOM_BOUNDS_SCHEMA,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 4,
  sum: 5.5,
  positiveSpans: [
    { offset: 0, length: 1 },
    { offset: 1, length: 1 },
  ],
  positiveBuckets: Float64Array.of(1, 3),
  negativeSpans: [],
  negativeBuckets: new Float64Array(0),
  customBounds: Float64Array.of(0.5, 1),
  resetHint: 'unknown',
}
const NATIVE: NativeHistogram = { ...CUSTOM, schema: 0, customBounds: new Float64Array(0), resetHint: 'gauge' }

function metric(name: string, labels: Record<string, string>, rest: Partial<FederatedMetric> = {}): FederatedMetric {
  return { name, labels: labelsOf(labels), tMs: 1_000, value: 1, ...rest }
}

describe('federation', () => {
  it('prints a family for each name, and adds labels where they are missing', () => {
    const metrics = [
      metric('a', { x: 'q"\\\n' }),
      metric('a', { instance: 'i' }, { value: 1e21 }),
      metric('b', {}, { value: NaN }),
    ]
    const { contentType, body } = printFederation(metrics, [['instance', '']], { kind: 'text', escaping: 'underscores' })
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8; escaping=underscores')
    expect(body).toBe(
      '# TYPE a untyped\na{x="q\\"\\\\\\n",instance=""} 1 1000\na{instance="i"} 1e+21 1000\n' +
        '# TYPE b untyped\nb{instance=""} NaN 1000\n',
    )
  })

  it('puts names beyond letters between the braces, or escapes them, as the asker can read', () => {
    const print = (accept: string) => printFederation([metric('a.b', { 'c.d': 'e' })], [], federationFormatOf(accept)).body
    expect(print('')).toBe('# TYPE a_b untyped\na_b{c_d="e"} 1 1000\n')
    expect(print('text/plain;version=0.0.4;escaping=allow-utf-8')).toBe('# TYPE "a.b" untyped\n{"a.b","c.d"="e"} 1 1000\n')
    expect(print('text/plain;escaping=dots')).toBe('# TYPE a_dot_b untyped\na_dot_b{c_dot_d="e"} 1 1000\n')
    expect(escapeName('a_b.é', 'values')).toBe('U__a__b_2e__e9_')
    expect(escapeName('a_b', 'dots')).toBe('a__b')
  })

  it('turns histograms with bounds of their own into classic ones, and leaves the others to protobuf', () => {
    const metrics = [metric('h', {}, { histogram: CUSTOM }), metric('n', {}, { histogram: NATIVE })]
    const { body } = printFederation(metrics, [], { kind: 'text', escaping: 'underscores' })
    expect(body).toBe(
      '# TYPE h histogram\nh_bucket{le="0.5"} 1 1000\nh_bucket{le="1"} 1 1000\nh_bucket{le="+Inf"} 4 1000\n' +
        'h_sum 5.5 1000\nh_count 4 1000\n',
    )
  })

  it('writes families in protobuf, each behind its length', () => {
    const metrics = [metric('h', {}, { histogram: NATIVE }), metric('h', {}, { value: 2 })]
    const accept =
      'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,text/plain;q=0.5'
    const { contentType, body } = printFederation(metrics, [], federationFormatOf(accept))
    expect(contentType).toContain('encoding=delimited')
    expect(typeof body === 'string' ? [] : typesOf(body)).toEqual([5, 3])
  })

  it('takes the form that is wanted most', () => {
    const proto = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited'
    expect(federationFormatOf(`${proto};q=0.3,text/plain;q=0.5`).kind).toBe('text')
    expect(federationFormatOf('application/openmetrics-text,*/*').kind).toBe('text')
    expect(federationFormatOf(`${proto},text/plain;q=0.5`).kind).toBe('protobuf')
  })
})

/** The types of length-delimited families. */
function typesOf(body: Uint8Array): number[] {
  const types: number[] = []
  for (let at = 0; at < body.length;) {
    const size = body[at]!
    const reader = new ProtoReader(body, at + 1, at + 1 + size)
    while (reader.next() !== 0) {
      if (reader.field === 3) types.push(reader.int())
      else reader.skip()
    }
    at += 1 + size
  }
  return types
}
