import { mkdtempSync, rmSync, mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ColdDisk } from './cold-disk.ts'

// The disk in front of no engine: what a start is told. With an engine and a bucket: e2e/tiering.ts.

let enginePath: string
let bucket: Server
let endpoint: string

beforeEach(async () => {
  enginePath = join(mkdtempSync(join(tmpdir(), 'oriel-cold-')), 'engine')
  bucket = createServer((_request, response) => response.writeHead(403).end())
  await new Promise<void>((resolve) => bucket.listen(0, '127.0.0.1', resolve))
  const address = bucket.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  endpoint = `http://127.0.0.1:${address.port}/b/`
})
afterEach(() => {
  bucket.close()
  rmSync(join(enginePath, '..'), { recursive: true })
})

const part = (disk: '' | 'disks/cold', name: string): void => {
  mkdirSync(join(enginePath, disk, 'store', 'abc', 'table', name), { recursive: true })
}
const DAY = 20_748
const inDay = { startMs: DAY * 86_400_000, endMs: DAY * 86_400_000 + 1 }

test('a bucket becomes a disk; its keys go by the environment and are in no file', async () => {
  const keys = { accessKeyId: 'id<1>', secretAccessKey: 's3cret' }
  const { xml, env } = await new ColdDisk(enginePath, { endpoint: `${endpoint}?a&b`, ...keys }).choose()
  expect(xml).toContain(`<endpoint>${endpoint}?a&amp;b</endpoint>`)
  expect(xml).not.toMatch(/s3cret|id</)
  expect(Object.values(env)).toEqual(['id<1>', 's3cret'])
})

test('without a bucket there is nothing to tell the engine', async () => {
  expect(await new ColdDisk(enginePath, undefined).choose()).toEqual({ xml: '', env: {} })
})

test('a bucket that does not answer is left out, and its days are refused by name', async () => {
  part('disks/cold', `${DAY}_1_7_2`)
  part('', `${DAY + 5}_8_8_0`)
  const disk = new ColdDisk(enginePath, { endpoint })
  expect((await disk.choose()).xml).toContain('<type>s3</type>')
  expect(disk.away).toBeUndefined()
  disk.check(inDay)
  bucket.close()
  bucket.closeAllConnections()
  expect((await disk.choose()).xml).toContain('<type>local</type>')
  expect(disk.hides(DAY)).toBe(true)
  expect(() => disk.check(inDay)).toThrow(`cannot read samples of 2026-10-22: ${endpoint} does not answer`)
  disk.check({ startMs: inDay.startMs - 2, endMs: inDay.startMs - 1 })
  disk.check({ startMs: inDay.startMs + 86_400_000, endMs: inDay.startMs + 2 * 86_400_000 })
})

test('a silent bucket is taken back once it answers, one that refuses is not asked again', async () => {
  part('disks/cold', `${DAY}_1_7_2`)
  part('', `${DAY + 5}_8_8_0`)
  const refusing = new ColdDisk(enginePath, { endpoint })
  await refusing.choose()
  refusing.standIn('the bucket refuses')
  expect(await refusing.isBack()).toBe(false)
  const { port } = new URL(endpoint)
  bucket.close()
  bucket.closeAllConnections()
  const silent = new ColdDisk(enginePath, { endpoint })
  await silent.choose()
  expect(await silent.isBack()).toBe(false)
  await new Promise<void>((resolve) => bucket.listen(Number(port), '127.0.0.1', resolve))
  expect(await silent.isBack()).toBe(true)
})

test('a bucket is not left out when what is written then could be taken for older', () => {
  part('disks/cold', `${DAY}_1_7_2`)
  part('', `${DAY + 5}_5_5_0`)
  expect(() => new ColdDisk(enginePath, { endpoint }).standIn('it is away')).toThrow(
    'cannot start engine: it is away, and nothing newer is on the disk',
  )
})

test('samples in a bucket that is not configured any more end the start, with a word', async () => {
  part('disks/cold', `${DAY}_1_7_2`)
  part('disks/cold', `${DAY + 1}_8_8_0`)
  await expect(new ColdDisk(enginePath, undefined).choose()).rejects.toThrow(
    'samples of 2 days are in a bucket, and no bucket is configured. Set storage.cold as it was',
  )
})
