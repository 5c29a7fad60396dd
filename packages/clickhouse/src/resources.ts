import type { QueryContext } from '@oriel/store'
import { Bindings, tenantCondition } from './conditions.ts'
import type { EngineClient } from './engine/client.ts'

type Attributes = Readonly<Record<string, string>>

/** Attributes of resources, those seen of late held in memory (an id is a hash of its attributes: never stale). */
export interface ResourceIndex {
  /** Attributes by id; unknown ids are left out. */
  attributesOf(ids: ReadonlySet<bigint>, context: QueryContext): Promise<ReadonlyMap<bigint, Attributes>>
}

// 10,000 resources of twenty attributes are about 20 MB.
const CACHED_RESOURCES = 10_000

/** Opens the index. */
export function openResourceIndex(client: EngineClient): ResourceIndex {
  const cache = new Map<bigint, Attributes>()
  return {
    async attributesOf(ids, context) {
      const found = new Map<bigint, Attributes>()
      const unknown: bigint[] = []
      for (const id of ids) {
        const attributes = cache.get(id)
        if (attributes !== undefined) found.set(id, attributes)
        else if (id !== 0n) unknown.push(id)
      }
      if (unknown.length === 0) return found
      for (const [id, attributes] of await readResources(client, unknown, context)) {
        found.set(id, attributes)
        if (cache.size >= CACHED_RESOURCES) cache.clear()
        cache.set(id, attributes)
      }
      return found
    },
  }
}

async function readResources(
  client: EngineClient,
  ids: readonly bigint[],
  context: QueryContext,
): Promise<[bigint, Attributes][]> {
  const bindings = new Bindings()
  const wanted = bindings.bind(ids, 'Array(UInt64)')
  const sql = `SELECT id, any(attributes) AS resource_attributes FROM resources
WHERE ${tenantCondition(context.tenants, bindings)} AND id IN ${wanted}
GROUP BY id`
  const blocks = await client.query(sql, { params: bindings.params, context })
  return blocks.flatMap((block) => {
    const maps = block.maps('resource_attributes')
    return Array.from(block.bigints('id'), (id, row): [bigint, Attributes] => [id, maps[row]!])
  })
}
