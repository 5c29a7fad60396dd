import type { EngineClient } from './engine/client.ts'
import { DATABASE } from './schema/migration.ts'

/** Copies all that is stored to `snapshots/<name>` of the data directory, of the engine inside alone. What is written meanwhile may be left out. */
export async function takeSnapshot(client: EngineClient, name: string): Promise<void> {
  await client.command(`BACKUP DATABASE ${DATABASE} TO File({name:String})`, { params: { name } })
}
