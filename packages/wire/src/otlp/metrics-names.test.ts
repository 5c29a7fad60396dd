import { expect, test } from 'vitest'
import { printDecimal } from './metrics.ts'
import type { OtlpMetricKind } from './metrics-names.ts'
import { prometheusLabelName, prometheusMetricName, prometheusUnit } from './metrics-names.ts'

// Expectations are those of prometheus/otlptranslator 1.0 and of the compatibility specification.

function check(name: string, unit: string, kind: OtlpMetricKind, want: string): void {
  expect(prometheusMetricName(name, unit, kind)).toBe(want)
}

test('metric names get units and suffixes', () => {
  check('http.server.request.duration', 's', 'histogram', 'http_server_request_duration_seconds')
  check('system.io', 'By', 'counter', 'system_io_bytes_total')
  check('system.memory.utilization', '1', 'gauge', 'system_memory_utilization_ratio')
  check('requests', '1', 'counter', 'requests_total')
  check('requests.total', '{request}', 'counter', 'requests_total')
  check('total.requests', '', 'counter', 'requests_total')
  check('disk.read', 'By/s', 'gauge', 'disk_read_bytes_per_second')
  check('speed', 'm/h', 'gauge', 'speed_meters_per_hour')
  check('speed.per_hour', '/h', 'gauge', 'speed_per_hour_per_hour')
  check('duration_seconds', 's', 'gauge', 'duration_seconds')
  check('2xx', '', 'gauge', '_2xx')
  check('a::b..c__d', '', 'gauge', 'a::b_c_d')
  check('cpu', '%', 'gauge', 'cpu_percent')
  check('foo', 'custom unit', 'gauge', 'foo_custom_unit')
  check('räder', '', 'gauge', 'r_der')
  check('...', '', 'gauge', '')
})

test('label names are made valid', () => {
  for (const [attribute, want] of [
    ['http.method', 'http_method'],
    ['1st', 'key_1st'],
    ['_private', 'key_private'],
    ['__kept', '__kept'],
    ['a..b', 'a__b'],
    ['ä', ''],
    ['...', ''],
  ] as const)
    expect(prometheusLabelName(attribute)).toBe(want)
})

test('units are words', () => {
  expect(prometheusUnit('By/s')).toBe('bytes_per_second')
  expect(prometheusUnit('1')).toBe('')
  expect(prometheusUnit('{thing}')).toBe('')
})

test('bounds have no exponent', () => {
  for (const [value, want] of [
    [0.005, '0.005'],
    [1, '1'],
    [1e-7, '0.0000001'],
    [1.5e21, '1500000000000000000000'],
    [-2.5e-9, '-0.0000000025'],
    [Infinity, '+Inf'],
  ] as const)
    expect(printDecimal(value)).toBe(want)
})
