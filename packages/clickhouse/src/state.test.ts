import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runStoreContract } from '@oriel/store/contract-suite'
import { openClickhouse } from './open.ts'

runStoreContract(
  'clickhouse',
  async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'oriel-state-'))
    const opened = await openClickhouse({ dataDir })
    await opened.engine.started
    return {
      store: opened.store,
      close: async () => {
        await opened.close()
        rmSync(dataDir, { recursive: true })
      },
    }
  },
  { signals: ['state'] },
)
