import type { Clock } from '@oriel/model'
import { RETRY_WINDOW_MS } from '../sink.ts'
import type { Sink } from '../sink.ts'
import type { Store } from '../source.ts'
import type { MemoryLogs } from './logs.ts'
import { openMemoryLogs } from './logs.ts'
import type { MemoryMetrics } from './metrics.ts'
import { openMemoryMetrics } from './metrics.ts'
import { openMemoryState } from './state.ts'
import type { MemoryTraces } from './traces.ts'
import { openMemoryTraces } from './traces.ts'

/** A store that keeps everything in this process. Nothing to close. */
export interface MemoryStore extends Store {
  readonly metrics: MemoryMetrics
  readonly logs: MemoryLogs
  readonly traces: MemoryTraces
}

/**
 * Opens an empty in-memory store: the plainest correct `Store`, for tests of other rooms and as the second witness of the contract.
 *
 * `metrics.write(blocks)` and its sisters store at once, for tests that cannot wait. Metrics grids are not offered.
 */
export function openMemoryStore({ now = Date.now }: { readonly now?: Clock } = {}): MemoryStore {
  const metrics = openMemoryMetrics()
  const logs = openMemoryLogs()
  const traces = openMemoryTraces()
  const requests = { logs: new Map<bigint, number>(), traces: new Map<bigint, number>() }
  const remember = (signal: 'logs' | 'traces', words: Uint32Array) => {
    for (let i = 0; i < words.length; i += 2) {
      requests[signal].set((BigInt(words[i + 1]!) << 32n) | BigInt(words[i]!), now())
    }
  }
  const sink: Sink = {
    writeMetrics: async (blocks) => metrics.write(blocks),
    writeLogs: async (blocks) => {
      logs.write(blocks)
      for (const { records } of blocks) remember('logs', records.requestId.words)
    },
    writeSpans: async (blocks) => {
      traces.write(blocks)
      for (const { spans } of blocks) remember('traces', spans.requestId.words)
    },
    recentRequests: async (signal) => {
      const since = now() - RETRY_WINDOW_MS
      return new Set([...requests[signal]].filter(([, atMs]) => atMs >= since).map(([id]) => id))
    },
    deleteMetrics: async (request) => metrics.delete(request),
    purgeDeleted: async () => {},
  }
  return { metrics, logs, traces, sink, state: openMemoryState({ now }), cardinality: metrics.sizes }
}
