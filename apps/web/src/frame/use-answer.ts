import type { TimeRange } from '@oriel/model'
import type { QueryClient, UseQueryResult } from '@tanstack/react-query'
import { keepPreviousData, useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTime } from './use-time.ts'

/** A question to the server and how far it has got. */
export interface Answer<T> {
  readonly data: T | undefined
  readonly error: Error | undefined
  /** A request is under way. */
  readonly isLoading: boolean
  /** `data` belongs to an earlier question: draw it dimmed. */
  readonly isPrevious: boolean
  /** Somebody stopped the request before its first answer. */
  readonly isCancelled: boolean
  readonly retry: () => void
  /** Stops the request, on the server too. */
  readonly cancel: () => void
}

/** What a range question has to work with. */
export interface RangeQuestion {
  readonly range: TimeRange
  readonly signal: AbortSignal
}

/** A question about the page's time range: equal keys have equal answers. */
export interface Question<T> {
  readonly key: readonly unknown[]
  readonly load: (question: RangeQuestion) => Promise<T>
}

interface RangeOptions<T> {
  readonly isEnabled?: boolean
  /** How soon to ask again after this answer, whatever the page's refresh; absent: not by itself. */
  readonly pollMs?: (data: T | undefined) => number | undefined
}

/** Asks about the page's time range: again when the range or `key` changes, and at each refresh. */
export function useRangeAnswer<T>(
  key: readonly unknown[],
  load: (question: RangeQuestion) => Promise<T>,
  { isEnabled = true, pollMs }: RangeOptions<T> = {},
): Answer<T> {
  const { text, resolve } = useTime()
  const queryKey = ['range', ...key, text.from, text.to]
  const query = useQuery({
    queryKey,
    queryFn: ({ signal }) => load({ range: resolve(), signal }),
    placeholderData: keepPreviousData,
    enabled: isEnabled,
    refetchInterval: ({ state }) => pollMs?.(state.data) ?? false,
  })
  return useAnswer(query, queryKey, isEnabled)
}

/** Asks several questions about the page's time range at once: one answer each, in their order. */
export function useRangeAnswers<T>(questions: readonly Question<T>[]): readonly Answer<T>[] {
  const { text, resolve } = useTime()
  const client = useQueryClient()
  const keys = questions.map(({ key }) => ['range', ...key, text.from, text.to])
  const queries = useQueries({
    queries: questions.map(({ load }, i) => ({
      queryKey: keys[i] ?? [],
      queryFn: ({ signal }: { readonly signal: AbortSignal }) => load({ range: resolve(), signal }),
      placeholderData: keepPreviousData,
    })),
  })
  return queries.map((query, i) => answerOf(query, { client, queryKey: keys[i] ?? [], isEnabled: true }))
}

/** Asks about something that does not depend on the time range, such as one trace. */
export function useFixedAnswer<T>(
  key: readonly unknown[],
  load: (signal: AbortSignal) => Promise<T>,
  { isEnabled = true, everyMs = 0 }: { readonly isEnabled?: boolean; readonly everyMs?: number } = {},
): Answer<T> {
  const queryKey = ['fixed', ...key]
  const query = useQuery({
    queryKey,
    queryFn: ({ signal }) => load(signal),
    enabled: isEnabled,
    refetchInterval: everyMs === 0 ? false : everyMs,
  })
  return useAnswer(query, queryKey, isEnabled)
}

function useAnswer<T>(query: UseQueryResult<T>, queryKey: readonly unknown[], isEnabled: boolean): Answer<T> {
  const client = useQueryClient()
  return answerOf(query, { client, queryKey, isEnabled })
}

interface AnswerOptions {
  readonly client: QueryClient
  readonly queryKey: readonly unknown[]
  readonly isEnabled: boolean
}

function answerOf<T>(query: UseQueryResult<T>, { client, queryKey, isEnabled }: AnswerOptions): Answer<T> {
  const isLoading = query.fetchStatus === 'fetching'
  return {
    data: query.data,
    error: query.error ?? undefined,
    isLoading,
    isPrevious: query.isPlaceholderData,
    isCancelled: isEnabled && query.fetchStatus === 'idle' && (query.status === 'pending' || query.isPlaceholderData),
    retry: () => void query.refetch(),
    cancel: () => void client.cancelQueries({ queryKey }),
  }
}
