import { expect, it } from 'vitest'
import { parseAttribute, printAttribute, printTraceQL, readAttribute } from './traceql-text.ts'

it('reads conditions as people type them', () => {
  expect(parseAttribute('http.route = /pay')).toEqual({ key: 'http.route', op: '=', value: '/pay' })
  expect(parseAttribute('retries>2')).toEqual({ key: 'retries', op: '>', value: '2' })
  expect(parseAttribute('a=~"b.*"')).toEqual({ key: 'a', op: '=~', value: 'b.*' })
  expect(parseAttribute('user.id')).toEqual({ key: 'user.id', op: 'exists', value: '' })
  expect(parseAttribute('two words')).toBeUndefined()
  expect(parseAttribute('')).toBeUndefined()
})

it('a condition survives the URL, a bar in its value too', () => {
  const filter = { key: 'q', op: '=', value: 'a|b' }
  expect(readAttribute(printAttribute(filter))).toEqual(filter)
})

it('prints the form as TraceQL', () => {
  expect(printTraceQL({})).toBe('{ }')
  expect(printTraceQL({ service: 'pay', status: 'error', min: '250ms', f: ['user.id|exists|', 'n|>|2'] })).toBe(
    '{ resource.service.name = "pay" && status = error && duration >= 250ms && .user.id != nil && .n > 2 }',
  )
})
