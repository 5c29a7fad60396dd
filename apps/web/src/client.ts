import { QueryClient } from '@tanstack/react-query'
import { resolveRange, DEFAULT_RANGE } from './frame/time-range.ts'
import type { RangeText } from './frame/time-range.ts'
import type { Question } from './frame/use-answer.ts'

/** Holds the answers: kept for the back button, asked again at every visit. A person sees failures at once and retries by hand. */
export const client: QueryClient = new QueryClient({
  defaultOptions: { queries: { retry: false, staleTime: 2_000, gcTime: 300_000, refetchOnWindowFocus: false } },
})

/** Asks before the screen that will show the answer is there: its code and its data come at the same time. */
export function askEarly<T>(
  { key, load }: Question<T>,
  { from = DEFAULT_RANGE.from, to = DEFAULT_RANGE.to }: Partial<RangeText>,
): void {
  void client.prefetchQuery({
    queryKey: ['range', ...key, from, to],
    queryFn: ({ signal }) => load({ range: resolveRange({ from, to }, Date.now()), signal }),
  })
}
