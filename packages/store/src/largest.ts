import type { CardinalityCount, PairCount } from './source.ts'

/** The `limit` largest counts: the largest first, equal ones by name. Sorts `counts`. */
export function largestCounts(counts: CardinalityCount[], limit: number): CardinalityCount[] {
  return counts.sort((a, b) => b.count - a.count || compareText(a.name, b.name)).slice(0, limit)
}

/** The `limit` largest counts of pairs: the largest first, equal ones by name and value. Sorts `pairs`. */
export function largestPairs(pairs: PairCount[], limit: number): PairCount[] {
  return pairs.sort((a, b) => b.count - a.count || compareText(a.name, b.name) || compareText(a.value, b.value)).slice(0, limit)
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
