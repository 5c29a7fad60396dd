import type { AppSearch } from '../frame/search.ts'

/** One of the queries of the bench. */
export interface BenchQuery {
  /** A, B, C ... */
  readonly letter: string
  readonly text: string
  /** Kept, but neither asked nor drawn. */
  readonly isHidden: boolean
}

/** The queries that the URL holds; one empty one when it holds none. */
export function readQueries({ q = '', more = [], hide = '' }: Pick<AppSearch, 'q' | 'more' | 'hide'>): BenchQuery[] {
  return [q, ...more].map((text, i) => ({ letter: letterOf(i), text, isHidden: hide.includes(letterOf(i)) }))
}

/** Queries as the URL holds them; empty ones go away and those behind them move up. */
export function printQueries(queries: readonly Omit<BenchQuery, 'letter'>[]): {
  readonly q: string | undefined
  readonly more: readonly string[] | undefined
  readonly hide: string | undefined
} {
  const kept = queries.map((query) => ({ ...query, text: query.text.trim() })).filter(({ text }) => text !== '')
  const [first, ...more] = kept.map(({ text }) => text)
  const hide = kept.map(({ isHidden }, i) => (isHidden ? letterOf(i) : '')).join('')
  return { q: first, more: more.length === 0 ? undefined : more, hide: hide === '' ? undefined : hide }
}

/** The letter of the `index`-th query. */
export function letterOf(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index)
}

/** As many as have a letter that a person still reads on a chart. */
export const MAX_QUERIES = 8

/** A step that somebody wrote (`15s`, `1m`, `2h`) in milliseconds, `undefined` for none or nonsense. */
export function readStep(text: string | undefined): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text?.trim() ?? '')
  if (match === null) return undefined
  const ms = Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? 0)
  return ms >= 1 ? Math.round(ms) : undefined
}

/** A step as a person writes it. */
export function printStep(stepMs: number): string {
  for (const [unit, unitMs] of Object.entries(UNIT_MS).toReversed()) if (stepMs % unitMs === 0) return `${stepMs / unitMs}${unit}`
  return `${stepMs}ms`
}

// Rising, so that the largest unit that fits is found from the end.
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
