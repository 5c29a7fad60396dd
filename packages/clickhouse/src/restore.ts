import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { SNAPSHOTS } from './engine/embedded.ts'
import { ClickhouseError } from './errors.ts'
import type { OpenEngine } from './open.ts'
import { openEngine } from './open.ts'
import { DATABASE } from './schema/migration.ts'

/** Where a snapshot is, and the empty store that it is to become. */
export interface RestoreOptions {
  readonly dataDir: string
  /** Name of a directory in `snapshots` of the data directory. */
  readonly name: string
}

/**
 * Puts a snapshot in place of an empty store that no process works on.
 *
 * Throws CLICKHOUSE_NO_SNAPSHOT, and CLICKHOUSE_DATA_NOT_EMPTY when the store holds anything.
 */
export async function restoreSnapshot({ dataDir, name }: RestoreOptions): Promise<void> {
  const dir = join(resolve(dataDir), SNAPSHOTS, name)
  if (!existsSync(join(dir, '.backup'))) {
    throw new ClickhouseError('CLICKHOUSE_NO_SNAPSHOT', `cannot restore: there is no snapshot ${dir}`)
  }
  const opened = openEngine({ dataDir })
  try {
    await opened.engine.started
    await restoreInto(opened, dataDir, name)
  } finally {
    await opened.close()
  }
}

async function restoreInto({ client }: OpenEngine, dataDir: string, name: string): Promise<void> {
  const counted = `SELECT toFloat64(sum(assumeNotNull(total_rows))) AS found FROM system.tables WHERE database = '${DATABASE}' AND name != 'migrations'`
  const [block] = await client.query(counted)
  const rows = block?.doubles('found')[0] ?? 0
  if (rows > 0) {
    const why = `${dataDir} holds ${rows} rows. Restore into an empty directory`
    throw new ClickhouseError('CLICKHOUSE_DATA_NOT_EMPTY', `cannot restore: ${why}`)
  }
  // Not in our database, which is not there between the two.
  const settings = { database: 'system' }
  await client.command(`DROP DATABASE ${DATABASE} SYNC`, { settings })
  // Of a store with a bucket too: samples come back to the disk, from where they may go to one again.
  const sql = `RESTORE DATABASE ${DATABASE} FROM File({name:String}) SETTINGS storage_policy = 'default'`
  await client.command(sql, { params: { name }, settings })
}
