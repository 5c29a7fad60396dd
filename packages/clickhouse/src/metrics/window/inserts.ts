import { setTimeout as pause } from 'node:timers/promises'
import { Bindings } from '../../conditions.ts'
import type { EngineClient } from '../../engine/client.ts'

/**
 * Resolves when no insert runs in the engine that began before `sinceMs`, by `performance.now()`.
 *
 * A write that failed here may still be at work there: what it stores must be seen by whoever reads what is stored after it.
 */
export async function untilInsertsEnded(client: EngineClient, sinceMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const seconds = (performance.now() - sinceMs) / 1_000
    const bindings = new Bindings()
    const sql = `SELECT count() AS running FROM system.processes
WHERE query_kind = 'Insert' AND elapsed >= ${bindings.bind(seconds, 'Float64')}`
    const [block] = await client.query(sql, { params: bindings.params })
    if ((block?.numbers('running')[0] ?? 0) === 0) return
    await pause(ASK_EVERY_MS, undefined, { signal, ref: false })
  }
}

// An insert takes some tens of milliseconds; one that is still there after a second is slow.
const ASK_EVERY_MS = 1_000
