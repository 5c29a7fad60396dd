import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runStoreContract } from '@oriel/store/contract-suite'
import { openClickhouse } from './open.ts'

for (const windowBytes of [undefined, 0]) {
  runStoreContract(
    windowBytes === 0 ? 'clickhouse without recent samples in memory' : 'clickhouse',
    async () => {
      const dataDir = mkdtempSync(join(tmpdir(), 'oriel-metrics-'))
      const opened = await openClickhouse({ dataDir, ...(windowBytes !== undefined && { windowBytes }) })
      await opened.engine.started
      await opened.recent?.filler.filled
      return {
        store: opened.store,
        close: async () => {
          await opened.close()
          rmSync(dataDir, { recursive: true })
        },
      }
    },
    { signals: ['metrics'] },
  )
}
