import { expect, test } from 'vitest'
import { fetchError } from './failure.ts'

test('what went wrong is told by the first error that has words for it', () => {
  const check = (error: unknown, want: string): void => expect(fetchError(error).message).toBe(`cannot scrape: ${want}`)
  check(new Error('refused'), 'refused')
  check(
    new Error('', { cause: new AggregateError([new Error('refused at ::1'), new Error('refused at 127.0.0.1')]) }),
    'refused at ::1',
  )
  check(new TypeError(''), 'TypeError')
  check('gone', 'gone')
})
