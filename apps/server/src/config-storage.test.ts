import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeConfig } from './config.ts'
import { parseConfig } from './config-file.ts'
import { printConfig } from './print-config.ts'

const configOf = (text: string, file = '/o.yaml') => makeConfig([parseConfig(text, file)])
const coldOf = (text: string, file?: string) => configOf(text, file).cold
const DAY = 86_400_000

test('samples stay on the disk unless a bucket is named', () => {
  expect(coldOf('')).toBeUndefined()
})

test('a bucket is read with its keys; after a week by default', () => {
  const text = `storage: { cold: { endpoint: 'https://s3.example/bucket/oriel', region: eu, access_key_id: a, secret_access_key: b } }`
  expect(coldOf(text)).toEqual({
    endpoint: 'https://s3.example/bucket/oriel/',
    region: 'eu',
    accessKeyId: 'a',
    secretAccessKey: 'b',
    afterMs: 7 * DAY,
  })
  expect(coldOf(`storage: { cold: { endpoint: 'http://127.0.0.1:9000/b/', after: 36h } }`)).toEqual({
    endpoint: 'http://127.0.0.1:9000/b/',
    afterMs: 1.5 * DAY,
  })
})

test('the secret may be in a file beside the configuration, and is never printed', () => {
  const dir = mkdtempSync(join(tmpdir(), 'oriel-config-'))
  writeFileSync(join(dir, 'secret'), 's3cret\n')
  const text = `storage: { cold: { endpoint: 'http://h/b/', access_key_id: id-1, secret_access_key_file: secret } }`
  const config = configOf(text, join(dir, 'o.yaml'))
  rmSync(dir, { recursive: true })
  expect(config.cold?.secretAccessKey).toBe('s3cret')
  const printed = printConfig(config)
  expect(printed).toContain('secret_access_key: hidden')
  expect(printed).not.toContain('s3cret')
})

test.each([
  [`endpoint: 's3://bucket'`, 'storage.cold.endpoint (/o.yaml:1)'],
  [`endpoint: 'https://s3.example'`, 'is not the address of a bucket'],
  [`endpoint: 'https://a:b@s3.example/b/'`, 'without a user, a password'],
  [`{ endpoint: 'http://h/b/', access_key_id: a }`, 'needs storage.cold.secret_access_key'],
  [`{ endpoint: 'http://h/b/', secret_access_key: a }`, 'needs storage.cold.access_key_id'],
  [`{ endpoint: 'http://h/b/', access_key_id: a, secret_access_key_file: /no/such }`, 'cannot read /no/such'],
  [`{ endpoint: 'http://h/b/', after: 1h }`, 'it must be a day or more'],
])('%s is refused by name', (cold, why) => {
  expect(() => coldOf(`storage: { cold: ${cold.startsWith('{') ? cold : `{ ${cold} }`} }`)).toThrow(why)
})

test('a server of your own has disks of its own', () => {
  const text = `{ engine: { url: 'http://h:8123' }, storage: { cold: { endpoint: 'http://h/b/' } } }`
  expect(() => configOf(text)).toThrow('has storage policies of its own')
})
