import { DEFAULT_QUERY_LIMITS, makeQueryStats } from '@oriel/store'
import { describe, expect, it } from 'vitest'
import { connectionError, exceptionCode, exceptionError } from './failure.ts'

function contextWith(signal: AbortSignal = new AbortController().signal) {
  return { tenants: ['t'], signal, limits: DEFAULT_QUERY_LIMITS, stats: makeQueryStats() }
}

function exception(code: number, text: string): string {
  return `Code: ${code}. DB::Exception: ${text} (NAME) (version 26.7.2.1)`
}

describe('exceptions of the engine', () => {
  it('become store errors by their number', () => {
    const check = (code: number, text: string, want: string) =>
      expect(exceptionError(exception(code, text), contextWith()).code, `${code}`).toBe(want)
    check(60, 'Unknown table', 'STORE_FAILED')
    check(159, 'Timeout exceeded', 'STORE_TIMEOUT')
    check(202, 'Too many simultaneous queries', 'STORE_UNAVAILABLE')
    check(241, 'Memory limit exceeded', 'STORE_LIMIT')
    check(243, 'Cannot reserve 1.00 MiB, not enough space', 'STORE_FULL')
    check(307, 'Limit for bytes to read exceeded', 'STORE_LIMIT')
    check(394, 'Query was cancelled', 'STORE_CANCELLED')
  })

  it('of a full disk are STORE_FULL, whatever the number', () => {
    const text = 'Cannot write to file /data/x, errno: 28, strerror: No space left on device'
    expect(exceptionError(exception(75, text), undefined)).toMatchObject({
      code: 'STORE_FULL',
      message: 'cannot write: the disk has no room',
    })
  })

  it('of memory during a write ask to come again: a write has no limit of its own', () => {
    expect(exceptionError(exception(241, 'Memory limit (total) exceeded'), undefined).code).toBe('STORE_UNAVAILABLE')
  })

  it('are found behind the marks of a broken stream', () => {
    const text = `__exception__\r\nabcdefgh\r\n${exception(395, 'Value passed to throwIf')}\r\n120 abcdefgh\r\n__exception__\r\n`
    expect(exceptionCode(text)).toBe('395')
    expect(exceptionError(text, undefined).message).toContain('engine error 395: Value passed to throwIf')
  })

  it('name the limit that was reached', () => {
    expect(exceptionError(exception(307, 'Limit'), contextWith()).message).toBe(
      `cannot finish query: it reads too many bytes, limit maxBytes is ${DEFAULT_QUERY_LIMITS.maxBytes}`,
    )
  })
})

describe('broken connections', () => {
  it('are STORE_UNAVAILABLE with the reason', () => {
    expect(connectionError(new Error('connect ECONNREFUSED'), undefined)).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: 'cannot reach the engine: connect ECONNREFUSED',
    })
  })

  it('after a cancel or a timeout are that', () => {
    expect(connectionError(new Error('aborted'), contextWith(AbortSignal.abort())).code).toBe('STORE_CANCELLED')
    const timeout = AbortSignal.abort(new DOMException('too long', 'TimeoutError'))
    expect(connectionError(new Error('aborted'), contextWith(timeout)).code).toBe('STORE_TIMEOUT')
  })
})
