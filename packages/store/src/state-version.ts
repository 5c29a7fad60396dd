import { StoreError } from './context.ts'
import type { StateChange, StateEntry } from './state.ts'

/** The version that `change` makes of an entry whose newest version is `newest` (0 for none). Throws STORE_CONFLICT. */
export function nextVersion(newest: number, { ifVersion, body, ...named }: StateChange, atMs: number): StateEntry {
  if (ifVersion !== undefined && ifVersion !== newest)
    throw new StoreError(
      'STORE_CONFLICT',
      `cannot change ${named.kind} ${JSON.stringify(named.id)}: its version is ${newest}, the change is based on ${ifVersion}`,
    )
  return { ...named, version: newest + 1, atMs, isDeleted: body === undefined, body: body ?? '' }
}
