import type { TimeRange } from '@oriel/model'
import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect } from 'react'
import type { LinkContext } from './link-to.ts'
import type { RangeText } from './time-range.ts'
import { DEFAULT_RANGE, isRelative, rangeTextOf, resolveRange } from './time-range.ts'
import { useAppSearch, usePatchSearch } from './use-search.ts'

/** The time range that the URL names. */
export interface Time {
  readonly text: RangeText
  /** The range at this moment. Read it when asking, not when drawing: answers carry their own grid. */
  readonly resolve: () => TimeRange
  /** What links carry along. */
  readonly context: LinkContext
  /** Shows another range, as a step that the back button undoes. */
  readonly show: (range: RangeText | TimeRange) => void
}

/** The page's time range. */
export function useTime(): Time {
  const search = useAppSearch()
  const patch = usePatchSearch()
  const { from = DEFAULT_RANGE.from, to = DEFAULT_RANGE.to } = search
  const resolve = useCallback(() => resolveRange({ from, to }, Date.now()), [from, to])
  return {
    text: { from, to },
    resolve,
    context: { ...(search.from && { from }), ...(search.to && { to }), ...(search.refresh && { refresh: search.refresh }) },
    show: (range) => patch('from' in range ? range : rangeTextOf(range)),
  }
}

/** The refresh intervals on offer; `auto` goes by the length of the range. */
export const REFRESH_OPTIONS = ['auto', 'off', '5s', '10s', '30s', '1m', '5m'] as const

/** The refresh interval in milliseconds, 0 for off. A fixed range never refreshes. */
function refreshIntervalMs(refresh: string | undefined, text: RangeText): number {
  if (!isRelative(text) || refresh === 'off') return 0
  const match = /^(\d+)([sm])$/.exec(refresh ?? 'auto')
  if (match !== null) return Math.max(1, Number(match[1])) * (match[2] === 'm' ? 60_000 : 1_000)
  const { startMs, endMs } = resolveRange(text, 0)
  // One step of a chart of 120 points, between 10 s (as often as anything is scraped) and 5 min.
  return Math.min(Math.max((endMs - startMs) / 120, 10_000), 300_000)
}

/** Asks again for everything on screen. */
export function useRefresh(): () => void {
  const client = useQueryClient()
  return useCallback(() => void client.invalidateQueries({ queryKey: ['range'] }), [client])
}

/** Refreshes while the page is in view and nobody is in a menu or selecting text. */
export function useAutoRefresh(): void {
  const { refresh: wanted } = useAppSearch()
  const { text } = useTime()
  const refresh = useRefresh()
  const everyMs = refreshIntervalMs(wanted, text)
  useEffect(() => {
    if (everyMs === 0) return
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible' && !isBusy()) refresh()
    }, everyMs)
    return () => clearInterval(timer)
  }, [everyMs, refresh])
}

function isBusy(): boolean {
  if (document.querySelector('[role="dialog"], [role="menu"], [role="listbox"]') !== null) return true
  return (window.getSelection()?.toString() ?? '') !== ''
}
