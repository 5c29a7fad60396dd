import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contextFor, metricBlock, NOON_MS } from '@oriel/store/contract-suite'
import { afterEach, expect, test } from 'vitest'
import { openClickhouse } from './open.ts'
import { restoreSnapshot } from './restore.ts'

const dirs: string[] = []
const makeDir = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'oriel-snapshot-'))
  dirs.push(dir)
  return dir
}
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true })
})

// 60 s: three starts of the engine on a busy machine.
test('a snapshot becomes a store in an empty directory, and in no other', { timeout: 60_000 }, async () => {
  const [from, to] = [makeDir(), makeDir()]
  const request = { matchers: [], range: { startMs: 0, endMs: 2 * NOON_MS } }
  const first = await openClickhouse({ dataDir: from })
  await first.engine.started
  const write = (metric: string) =>
    first.store.sink.writeMetrics([metricBlock('t', [{ labels: { __name__: metric }, samples: [[NOON_MS, 1]] }])])
  await write('before')
  await first.snapshot?.('one')
  await write('after')
  await first.close()
  await expect(restoreSnapshot({ dataDir: from, name: 'one' })).rejects.toMatchObject({ code: 'CLICKHOUSE_DATA_NOT_EMPTY' })
  await expect(restoreSnapshot({ dataDir: to, name: 'one' })).rejects.toMatchObject({ code: 'CLICKHOUSE_NO_SNAPSHOT' })
  cpSync(join(from, 'snapshots', 'one'), join(to, 'snapshots', 'one'), { recursive: true })
  await restoreSnapshot({ dataDir: to, name: 'one' })
  const second = await openClickhouse({ dataDir: to })
  await second.engine.started
  const { labels, values } = await second.store.metrics.samples(request, contextFor('t'))
  expect([labels, [...values]]).toEqual([[[{ name: '__name__', value: 'before' }]], [1]])
  await second.close()
})
