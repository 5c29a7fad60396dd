import type { EngineClient } from '../engine/client.ts'
import { ClickhouseError } from '../errors.ts'
import { nativeBlock, numbersField, stringsField } from '../native/index.ts'
import type { TableFamily } from './migration.ts'
import { DATABASE, DURABLE } from './migration.ts'

const VERSIONS = `CREATE TABLE IF NOT EXISTS ${DATABASE}.migrations (
  family String,
  version UInt32,
  applied DateTime64(3) DEFAULT now64(3)
) ENGINE = MergeTree ORDER BY (family, version) SETTINGS ${DURABLE}`

/**
 * Brings the tables up to this program's version. On an empty directory all statements of a version run at the same time.
 *
 * Throws CLICKHOUSE_DATA_NEWER when a newer version has written there: it may have changed what we would read wrongly; and
 * CLICKHOUSE_DATA_OLDER for tables from before the first step we know, as none leads from there.
 */
export async function migrate(client: EngineClient, families: readonly TableFamily[]): Promise<void> {
  const inDatabase = { settings: { database: DATABASE } }
  const applied = await appliedVersions(client)
  const done: { family: string; version: number }[] = []
  await Promise.all(
    families.map(async ({ name, migrations }) => {
      const current = applied.get(name) ?? 0
      const newest = migrations.at(-1)?.version ?? 0
      const oldest = migrations[0]?.version ?? 0
      if (current > newest) throw newer(name, current, newest)
      if (current > 0 && current < oldest) throw older(name, current, oldest)
      for (const { version, statements } of migrations) {
        if (version <= current) continue
        await Promise.all(statements.map((statement) => client.command(statement, inDatabase)))
        done.push({ family: name, version })
      }
    }),
  )
  if (done.length === 0) return
  const names = stringsField(
    'family',
    done.map(({ family }) => family),
  )
  const versions = numbersField(
    'version',
    done.map(({ version }) => version),
  )
  await client.insert(`${DATABASE}.migrations (family, version)`, nativeBlock(done.length, [names, versions]))
}

async function appliedVersions(client: EngineClient): Promise<Map<string, number>> {
  const known = await client.query(
    'SELECT count() AS found FROM system.tables WHERE database = {database:String} AND name = {name:String}',
    {
      params: { database: DATABASE, name: 'migrations' },
    },
  )
  if (known[0]?.numbers('found')[0] !== 1) {
    await client.command(`CREATE DATABASE IF NOT EXISTS ${DATABASE}`)
    await client.command(VERSIONS)
    return new Map()
  }
  const applied = new Map<string, number>()
  for (const block of await client.query(`SELECT family, max(version) AS version FROM ${DATABASE}.migrations GROUP BY family`)) {
    const versions = block.numbers('version')
    for (const [row, family] of block.strings('family').entries()) applied.set(family, versions[row]!)
  }
  return applied
}

function newer(family: string, found: number, known: number): ClickhouseError {
  return new ClickhouseError(
    'CLICKHOUSE_DATA_NEWER',
    `cannot open data: its ${family} tables are of version ${found}, this program knows versions up to ${known}`,
  )
}

function older(name: string, found: number, oldest: number): ClickhouseError {
  return new ClickhouseError(
    'CLICKHOUSE_DATA_OLDER',
    `cannot open data: its ${name} tables are of version ${found}, from before the first release; this program begins at ${oldest}`,
  )
}
