/** The first `limit` entries; all of them when `limit` is 0. */
export function limited<T>(entries: readonly T[], limit: number): T[] {
  return limit === 0 ? [...entries] : entries.slice(0, limit)
}
