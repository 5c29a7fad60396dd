/** One version of something that people or programs keep here: a rule, a silence, a dashboard. */
export interface StateEntry {
  readonly tenant: string
  /** What it is, such as `series-rule`. */
  readonly kind: string
  /** Which one of its kind. */
  readonly id: string
  /** 1 for the first; each change is one more. */
  readonly version: number
  /** Who made this version. */
  readonly author: string
  readonly atMs: number
  readonly isDeleted: boolean
  /** JSON; '' where deleted. */
  readonly body: string
}

/** A change of an entry. */
export interface StateChange {
  readonly tenant: string
  readonly kind: string
  readonly id: string
  readonly author: string
  /** JSON; absent deletes the entry. */
  readonly body?: string
  /** The version that the change is based on, 0 for none: another newest version refuses it. Absent: whatever there is. */
  readonly ifVersion?: number
}

/**
 * Our own state: entries with all their versions, never overwritten, so that history, undo and audit are there for free.
 *
 * Small: thousands of entries a kind, not millions. One process writes.
 */
export interface StateStore {
  /** The newest version of every entry of a kind, by id; deleted ones are left out. All tenants' when `tenant` is absent. */
  list(kind: string, tenant?: string): Promise<StateEntry[]>
  /** All versions of one entry, the newest first. */
  history(tenant: string, kind: string, id: string): Promise<StateEntry[]>
  /**
   * Adds a version; resolves with it when it is on disk. Changes happen one after the other.
   *
   * Rejects with `StoreError` STORE_CONFLICT when `ifVersion` is not the newest version, and as writes do.
   */
  put(change: StateChange): Promise<StateEntry>
}
