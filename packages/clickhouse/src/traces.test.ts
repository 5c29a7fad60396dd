import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openMemoryStore } from '@oriel/store'
import { runStoreContract } from '@oriel/store/contract-suite'
import { readRecentRequests } from './logs.ts'
import { openEngine } from './open.ts'
import { makeSpanWriter } from './traces-write.ts'
import { openTraceSource } from './traces.ts'

runStoreContract(
  'clickhouse',
  async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'oriel-traces-'))
    const opened = openEngine({ dataDir })
    const { client } = opened
    await opened.engine.started
    const memory = openMemoryStore()
    const writer = makeSpanWriter(client, { now: Date.now })
    return {
      store: {
        ...memory,
        traces: openTraceSource(client),
        sink: {
          ...memory.sink,
          writeSpans: (blocks) => writer.write(blocks),
          recentRequests: () => readRecentRequests(client, 'spans', { now: Date.now }),
        },
      },
      close: async () => {
        await opened.close()
        rmSync(dataDir, { recursive: true })
      },
    }
  },
  { signals: ['traces'] },
)
