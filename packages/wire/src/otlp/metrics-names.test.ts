import { expect, test } from 'vitest'
import { printDecimal } from './metrics-writer.ts'
import type { OtlpMetricKind } from './metrics-names.ts'
import type { OtlpMetricSettings } from './metrics-settings.ts'
import { DEFAULT_OTLP_SETTINGS } from './metrics-settings.ts'
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

test('names without suffixes keep their underscores, and are made valid', () => {
  const strategy = 'UnderscoreEscapingWithoutSuffixes'
  for (const [name, want] of [
    ['http.server.duration', 'http_server_duration'],
    ['a__b..c', 'a__b_c'],
    ['2xx', '_2xx'],
    ['ä', ''],
    ['_', '_'],
  ] as const)
    expect(prometheusMetricName(name, 's', 'counter', strategy)).toBe(want)
})

test('names that may be UTF-8 are left alone but for their suffixes', () => {
  const check = (name: string, unit: string, kind: OtlpMetricKind, want: string) =>
    expect(prometheusMetricName(name, unit, kind, 'NoUTF8EscapingWithSuffixes')).toBe(want)
  check('http.server.duration', 's', 'histogram', 'http.server.duration_seconds')
  check('räder.total', '{wheel}', 'counter', 'räder_total')
  check('disk.read', 'By/s', 'gauge', 'disk.read_bytes_per_second')
  check('disk.per_second', 'By/s', 'counter', 'disk_bytes_per_second_total')
  check('use', '1', 'gauge', 'use_ratio')
  check('speed_meters', 'm', 'gauge', 'speed_meters')
  check('total', '', 'counter', 'total_total')
  expect(prometheusMetricName('räder.total', 's', 'counter', 'NoTranslation')).toBe('räder.total')
})

test('label names follow the settings', () => {
  const check = (settings: Partial<OtlpMetricSettings>, attribute: string, want: string) =>
    expect(prometheusLabelName(attribute, { ...DEFAULT_OTLP_SETTINGS, ...settings })).toBe(want)
  check({ sanitizesUnderscores: false }, '_private', '_private')
  check({ keepsUnderscores: false }, 'a..b__c', 'a_b_c')
  check({ keepsUnderscores: false }, '__a..b__', '__a_b__')
  check({ strategy: 'NoTranslation' }, 'http.method', 'http.method')
  check({ strategy: 'NoUTF8EscapingWithSuffixes' }, '___', '')
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
