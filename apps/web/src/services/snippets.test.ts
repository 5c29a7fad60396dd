import type { StatusAnswer } from '@oriel/contract'
import { expect, it } from 'vitest'
import { listenerUrl, makeSnippets } from './snippets.ts'

const status = (address: string): StatusAnswer => ({
  version: '0',
  startedMs: 0,
  engine: { state: 'ready', version: '', restarts: 0 },
  dataDir: '',
  listeners: [{ name: 'otlp-http', address }],
  newest: {},
  isSelfOn: false,
})

it('names the listener own address', () =>
  expect(listenerUrl(status('127.0.0.1:4318'), 'otlp-http', 'http://x:7070')).toBe('http://127.0.0.1:4318'))
it('uses the host of the page for a listener on all interfaces', () => {
  expect(listenerUrl(status('0.0.0.0:4318'), 'otlp-http', 'http://box:7070')).toBe('http://box:4318')
  expect(listenerUrl(status('[::]:4318'), 'otlp-http', 'http://box:7070')).toBe('http://box:4318')
})
it('falls back to the main port', () =>
  expect(listenerUrl(status('127.0.0.1:1'), 'otlp-grpc', 'http://x:7070')).toBe('http://x:7070'))
it('every snippet names this server', () => {
  for (const { id, text } of makeSnippets(status('127.0.0.1:4318'), 'http://127.0.0.1:7070'))
    expect(text, id).toMatch(/127\.0\.0\.1:(7070|4318)/)
})
