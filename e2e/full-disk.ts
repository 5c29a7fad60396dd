// A data directory on a disk of 200 MB that fills up while logs come in. Needs the right to mount a small one, or is skipped with a word.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pause, startOriel } from './oriel.ts'
import { lokiValue } from './read-back.ts'
import { lokiPush, sendUntilAcknowledged } from './senders.ts'

let passed = 0
let failed = 0
const dir = mkdtempSync(join(tmpdir(), 'oriel-small-disk-'))
if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=200m', 'tmpfs', dir]).status !== 0) skip()
const server = await startOriel({ dataDir: join(dir, 'data') })
const filler = join(dir, 'filler')
try {
  const push = (): Promise<Response> => {
    const { path, headers, body } = lokiPush({ app: 'disk' }, { lines: 1, tNs: BigInt(Date.now()) * 1_000_000n, text: 'x' })
    return fetch(server.http + path, { method: 'POST', headers, body })
  }
  expect('a small disk with room takes logs', (await push()).status === 204, 'it does not')
  spawnSync('sh', ['-c', `head -c 300M /dev/zero > ${filler}`])
  const refusal = await push()
  const reason = await refusal.text()
  expect(
    'a full disk: refused, retryable, and named',
    refusal.status >= 500 && /disk|space|room/i.test(reason),
    `${refusal.status} ${reason}`,
  )
  rmSync(filler)
  await pause(1_000)
  await sendUntilAcknowledged(
    server.http,
    lokiPush({ app: 'disk' }, { lines: 1, tNs: BigInt(Date.now()) * 1_000_000n, text: 'again' }),
  )
  const stored = await lokiValue(server.http, 'sum(count_over_time({app="disk"}[5m]))')
  expect('with room again it goes on, and what was acknowledged is there', stored === 2, `${stored} lines`)
} finally {
  await server.close()
  spawnSync('umount', [dir])
}
rmSync(dir, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

function skip(): never {
  rmSync(dir, { recursive: true, force: true })
  console.log('skip a full disk: no right to mount a small one\n0 passed, 0 failed, 1 skipped')
  process.exit(0)
}

function expect(title: string, isTrue: boolean, otherwise: string): void {
  if (isTrue) passed++
  else {
    failed++
    console.log(`FAIL ${title}: ${otherwise}`)
  }
}
