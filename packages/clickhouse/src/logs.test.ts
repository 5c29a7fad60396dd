import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openMemoryStore } from '@oriel/store'
import { runStoreContract } from '@oriel/store/contract-suite'
import { makeLogWriter } from './logs-write.ts'
import { openLogSource, readRecentRequests } from './logs.ts'
import { openEngine } from './open.ts'

runStoreContract(
  'clickhouse',
  async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'oriel-logs-'))
    const opened = openEngine({ dataDir })
    const { client } = opened
    await opened.engine.started
    const memory = openMemoryStore()
    const writer = makeLogWriter(client, { now: Date.now })
    return {
      store: {
        ...memory,
        logs: openLogSource(client),
        sink: {
          ...memory.sink,
          writeLogs: (blocks) => writer.write(blocks),
          recentRequests: () => readRecentRequests(client, 'logs', { now: Date.now }),
        },
      },
      close: async () => {
        await opened.close()
        rmSync(dataDir, { recursive: true })
      },
    }
  },
  { signals: ['logs'] },
)
