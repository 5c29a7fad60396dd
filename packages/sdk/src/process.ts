import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { MetricRegistry } from './metrics.ts'

/** Registers the usual `process_*` and `nodejs_*` metrics of this process. Returns what stops measuring. */
export function watchProcess(registry: MetricRegistry): () => void {
  const cpu = registry.counter('process_cpu_seconds_total', 'User and system CPU time of this process.')
  const rss = registry.gauge('process_resident_memory_bytes', 'Resident memory of this process.')
  const start = registry.gauge('process_start_time_seconds', 'When this process started, seconds since 1970.')
  const heapUsed = registry.gauge('nodejs_heap_size_used_bytes', 'JavaScript heap in use.')
  const external = registry.gauge('nodejs_external_memory_bytes', 'Memory held by buffers outside the JavaScript heap.')
  const delay = registry.gauge('nodejs_eventloop_lag_seconds', 'Delay of the event loop since the last collection, by quantile.')
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS })
  loop.enable()
  start.set(Math.round(Date.now() / 1_000 - process.uptime()))
  let cpuSeen = 0
  registry.onCollect(() => {
    const { user, system } = process.cpuUsage()
    const cpuSeconds = (user + system) / 1e6
    cpu.add(cpuSeconds - cpuSeen)
    cpuSeen = cpuSeconds
    const memory = process.memoryUsage()
    rss.set(memory.rss)
    heapUsed.set(memory.heapUsed)
    external.set(memory.external)
    for (const [quantile, percent] of QUANTILES) delay.set(lagSeconds(loop.percentile(percent)), { quantile })
    loop.reset()
  })
  return () => loop.disable()
}

/** What is measured is the whole time between two ticks: the wait that was asked for is no delay. */
function lagSeconds(tickNs: number): number {
  return Math.max(0, tickNs / 1e9 - LOOP_RESOLUTION_MS / 1_000)
}

// 20 ms: the delay is read in steps of this; finer costs wake-ups of an idle process.
const LOOP_RESOLUTION_MS = 20
const QUANTILES = [
  ['0.5', 50],
  ['0.99', 99],
  ['1', 100],
] as const
