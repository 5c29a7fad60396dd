import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findTraceId } from './trace-id.ts'

function find(line: string): string | undefined {
  const bytes = new TextEncoder().encode(`"trace_id":"before"${line}`)
  const found = { start: 0, end: 0 }
  return findTraceId(bytes, 19, bytes.length, found)
    ? new TextDecoder().decode(bytes.subarray(found.start, found.end))
    : undefined
}

test('the trace id of a JSON line is found by its key', () => {
  expect(find('{"level":"info","trace_id":"abc123","msg":"x"}')).toBe('abc123')
  expect(find('{"traceId" : "0AF7-9"}')).toBe('0AF7-9')
  expect(find('{"t":1,"traceid":"x"}')).toBe('x')
})

test('what is no id of a JSON line is none', () => {
  for (const line of [
    'trace_id="abc"',
    '{"trace_id":7}',
    '{"trace_id":""}',
    '{"trace_id":"a b"}',
    '{"my_trace_id":"a"}',
    '{"trace_id":"a',
    '{',
  ])
    expect(find(line), line).toBeUndefined()
  expect(find(`{"trace_id":"${'a'.repeat(65)}"}`)).toBeUndefined()
})

test('any line is searched within its bounds', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('{', '"', 't', 'trace_id', 'traceId', ':', ' ', 'a') }), (line) => {
      const id = find(`{${line}`)
      if (id !== undefined) expect(line).toContain(`"${id}"`)
    }),
  )
})
