import type { Clock } from '@oriel/model'
import { U64Column } from '@oriel/model'
import type { StateChange, StateEntry, StateStore } from '@oriel/store'
import { nextVersion } from '@oriel/store'
import { allOf, Bindings } from './conditions.ts'
import type { EngineClient } from './engine/client.ts'
import { dateTime64Field, nativeBlock, numbersField, stringsField } from './native/index.ts'

/** Our own state in the engine. Changes go one after the other, so this process must be the only one that makes them. */
export function openState(client: EngineClient, { now }: { readonly now: Clock }): StateStore {
  let last: Promise<unknown> = Promise.resolve()
  return {
    async list(kind, tenant) {
      const bindings = new Bindings()
      const conditions = [`kind = ${bindings.text(kind)}`]
      if (tenant !== undefined) conditions.push(`tenant = ${bindings.text(tenant)}`)
      const newest = `SELECT * FROM state WHERE ${allOf(conditions)} ORDER BY tenant, id, version DESC LIMIT 1 BY tenant, id`
      return readEntries(client, `SELECT ${COLUMNS} FROM (${newest}) WHERE deleted = 0 ORDER BY tenant, id`, bindings)
    },
    history(tenant, kind, id) {
      const bindings = new Bindings()
      const conditions = namedBy({ tenant, kind, id }, bindings)
      return readEntries(client, `SELECT ${COLUMNS} FROM state WHERE ${conditions} ORDER BY version DESC`, bindings)
    },
    put(change) {
      const made = last.then(() => write(client, change, now))
      last = made.catch(() => {})
      return made
    },
  }
}

const COLUMNS = 'tenant, kind, id, version, author, toUnixTimestamp64Milli(at) AS at_ms, deleted, body'

async function write(client: EngineClient, change: StateChange, now: Clock): Promise<StateEntry> {
  const bindings = new Bindings()
  const sql = `SELECT max(version) AS newest FROM state WHERE ${namedBy(change, bindings)}`
  const [block] = await client.query(sql, { params: bindings.params })
  const entry = nextVersion(block?.numbers('newest')[0] ?? 0, change, now())
  const at = new U64Column()
  at.pushNumber(entry.atMs)
  const fields = [
    stringsField('tenant', [entry.tenant]),
    stringsField('kind', [entry.kind]),
    stringsField('id', [entry.id]),
    numbersField('version', [entry.version]),
    stringsField('author', [entry.author]),
    dateTime64Field('at', 3, at),
    numbersField('deleted', [entry.isDeleted ? 1 : 0]),
    stringsField('body', [entry.body]),
  ]
  await client.insert('state', nativeBlock(1, fields))
  return entry
}

function namedBy({ tenant, kind, id }: Pick<StateEntry, 'tenant' | 'kind' | 'id'>, bindings: Bindings): string {
  return `kind = ${bindings.text(kind)} AND tenant = ${bindings.text(tenant)} AND id = ${bindings.text(id)}`
}

async function readEntries(client: EngineClient, sql: string, bindings: Bindings): Promise<StateEntry[]> {
  const entries: StateEntry[] = []
  for await (const block of client.stream(sql, { params: bindings.params })) {
    const [tenants, kinds, authors, bodies] = ['tenant', 'kind', 'author', 'body'].map((name) => block.strings(name))
    const [versions, times, deleted] = ['version', 'at_ms', 'deleted'].map((name) => block.numbers(name))
    for (const [row, id] of block.strings('id').entries()) {
      entries.push({
        tenant: tenants![row]!,
        kind: kinds![row]!,
        id,
        version: versions![row]!,
        author: authors![row]!,
        atMs: times![row]!,
        isDeleted: deleted![row] === 1,
        body: bodies![row]!,
      })
    }
  }
  return entries
}
