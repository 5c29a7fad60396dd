import { expect, test } from 'vitest'
import { levelOfBody, levelOfSeverity, levelWord } from './log-level.ts'

test('severity numbers are levels four by four', () => {
  expect([0, 1, 4, 5, 9, 12, 13, 17, 20, 21, 24, 25].map(levelOfSeverity)).toEqual([
    '',
    'trace',
    'trace',
    'debug',
    'info',
    'info',
    'warn',
    'error',
    'error',
    'fatal',
    'fatal',
    '',
  ])
})

test('words of senders become ours, and unknown ones stay', () => {
  expect(['WARNING', 'Err', 'information', '50', 'Loud', ''].map(levelWord)).toEqual([
    'warn',
    'error',
    'info',
    'error',
    'loud',
    '',
  ])
})

test('a line tells its level by a JSON key, a logfmt key or a word', () => {
  const check = (line: string, want: string) => {
    const bytes = new TextEncoder().encode(`##${line}`)
    expect(levelOfBody(bytes, 2, bytes.length), line).toBe(want)
  }
  check('{"level":"warn","msg":"error"}', 'warn')
  check('{"time":1,"level":50,"msg":"x"}', 'error')
  check('{"msg":"error"}', '')
  check('ts=1 level=error msg="info"', 'error')
  check('lvl="DEBUG" x', 'debug')
  check('2024-01-01 WARN something failed with error', 'warn')
  check('GET /errors 200', '')
  check(`${'x'.repeat(600)} error`, '')
  check('', '')
})
