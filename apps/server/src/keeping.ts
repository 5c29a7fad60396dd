import type { Retention } from '@oriel/clickhouse'
import type { Clock, Telemetry } from '@oriel/model'
import type { RetentionPolicy } from '@oriel/store'

/** Deletes what is past its time, every hour. */
export interface Keeping {
  setPolicy(policy: RetentionPolicy): void
  close(): Promise<void>
}

// An hour: what goes goes day by day. The first time soon after a start, but not while it is busy.
const RUN_EVERY_MS = 3_600_000
const FIRST_RUN_MS = 60_000

/** Starts the clock of retention; a policy that keeps everything does nothing. */
export function openKeeping(
  retention: Retention,
  { policy, telemetry, now }: { readonly policy: RetentionPolicy; readonly telemetry: Telemetry; readonly now: Clock },
): Keeping {
  let current = policy
  let running: Promise<void> | undefined
  const run = async (): Promise<void> => {
    try {
      await retention.apply(current, now())
    } catch (error) {
      telemetry.log('error', 'cannot delete metrics that are past their time', { error })
    }
  }
  const tick = (): void => {
    if (running !== undefined || !isLimited(current)) return
    running = run().finally(() => (running = undefined))
  }
  const first = setTimeout(tick, FIRST_RUN_MS).unref()
  const timer = setInterval(tick, RUN_EVERY_MS).unref()
  return {
    setPolicy(next) {
      current = next
    },
    async close() {
      clearTimeout(first)
      clearInterval(timer)
      await running
    },
  }
}

/** Whether anything ever goes. */
function isLimited({ fallback, tenants }: RetentionPolicy): boolean {
  return [fallback, ...tenants.values()].some(({ keepMs, rules }) => keepMs > 0 || rules.some((rule) => rule.keepMs > 0))
}
