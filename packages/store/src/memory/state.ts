import type { Clock } from '@oriel/model'
import { nextVersion } from '../state-version.ts'
import type { StateEntry, StateStore } from '../state.ts'

/** State that lives as long as this process. */
export function openMemoryState({ now }: { readonly now: Clock }): StateStore {
  const versions: StateEntry[] = []
  return {
    async list(kind, tenant) {
      const newest = new Map<string, StateEntry>()
      for (const entry of versions)
        if (entry.kind === kind && (tenant === undefined || entry.tenant === tenant))
          newest.set(JSON.stringify([entry.tenant, entry.id]), entry)
      return [...newest.values()].filter(({ isDeleted }) => !isDeleted).sort(byTenantAndId)
    },
    async history(tenant, kind, id) {
      return versions.filter((entry) => entry.tenant === tenant && entry.kind === kind && entry.id === id).reverse()
    },
    async put(change) {
      const { tenant, kind, id } = change
      const newest = versions.findLast((entry) => entry.tenant === tenant && entry.kind === kind && entry.id === id)
      const entry = nextVersion(newest?.version ?? 0, change, now())
      versions.push(entry)
      return entry
    },
  }
}

function byTenantAndId(a: StateEntry, b: StateEntry): number {
  if (a.tenant !== b.tenant) return a.tenant < b.tenant ? -1 : 1
  return a.id < b.id ? -1 : 1
}
