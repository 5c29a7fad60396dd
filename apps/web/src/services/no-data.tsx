import type { ReactNode } from 'react'
import { SmallButton } from '../frame/buttons.tsx'
import { formatAgo } from '../frame/format.ts'
import { Empty } from '../frame/states.tsx'
import { useTime } from '../frame/use-time.ts'

// Room around the newest record, so that it is not at the very edge of the charts.
const AROUND_MS = 15 * 60_000

/** The store has data, only not in this range: says where the newest is and goes there. */
export function NoDataInRange({ newestMs, what }: { readonly newestMs: number | undefined; readonly what: string }): ReactNode {
  const { show } = useTime()
  return (
    <Empty title={`No ${what} in this range`}>
      {newestMs === undefined ? (
        <span>No {what} were ever received.</span>
      ) : (
        <SmallButton onClick={() => show({ startMs: newestMs - AROUND_MS, endMs: newestMs + AROUND_MS })}>
          The newest came {formatAgo(newestMs, Date.now())}. Go there
        </SmallButton>
      )}
    </Empty>
  )
}
