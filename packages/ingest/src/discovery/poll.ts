// Sources that are asked again and again. The last good answer holds until a better one comes.

import type { TargetGroup } from './groups.ts'

/** A running source of targets. */
export interface Discovery {
  stop(): void
}

/** Where a source tells what it found. */
export interface DiscoverySink {
  /** All groups of the source; what they were before is over. */
  update(groups: readonly TargetGroup[]): void
  /** Something went wrong; what was found before still holds. `source` says where, '' for the source itself. */
  warn(error: unknown, source?: string): void
}

/** Reads now and then every `everyMs`; the sink is told when the answer differs. `read` should give up when its signal is aborted. */
export function poll(
  everyMs: number,
  read: (signal: AbortSignal) => Promise<readonly TargetGroup[]>,
  sink: DiscoverySink,
  close: () => Promise<unknown> = () => Promise.resolve(),
): Discovery {
  const abort = new AbortController()
  const { signal } = abort
  let timer: NodeJS.Timeout | undefined
  let last = ''
  const turn = async (): Promise<void> => {
    try {
      const groups = await read(signal)
      const text = JSON.stringify(groups)
      if (!signal.aborted && text !== last) sink.update(groups)
      last = text
    } catch (error) {
      if (!signal.aborted) sink.warn(error)
    }
    if (signal.aborted) return
    timer = setTimeout(() => void turn(), everyMs)
    timer.unref()
  }
  void turn()
  return {
    stop: () => {
      abort.abort()
      clearTimeout(timer)
      void close()
    },
  }
}
