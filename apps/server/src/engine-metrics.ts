import { readFileSync } from 'node:fs'
import type { EngineHandle } from '@oriel/clickhouse'
import type { MetricRegistry } from '@oriel/node'

// Fixed by the Linux ABI on every machine we run on.
const PAGE_BYTES = 4_096
const TICKS_PER_SECOND = 100
// Positions behind the command in /proc/<pid>/stat. Source: proc_pid_stat(5), fields 14, 15 and 24.
const USER_TICKS = 11
const SYSTEM_TICKS = 12
const RESIDENT_PAGES = 21

/** Registers what the engine's process uses. On systems without /proc only its state is told. */
export function watchEngine(registry: MetricRegistry, engine: EngineHandle): void {
  const up = registry.gauge('oriel_engine_up', 'Whether the engine answers.')
  const resident = registry.gauge('oriel_engine_resident_memory_bytes', 'Resident memory of the embedded engine.')
  const cpu = registry.counter('oriel_engine_cpu_seconds_total', 'User and system CPU time of the embedded engine.')
  let [seenPid, seenSeconds] = [0, 0]
  registry.onCollect(() => {
    up.set(engine.state() === 'ready' ? 1 : 0)
    const { pid } = engine
    const usage = pid === 0 ? undefined : readUsage(pid)
    if (usage === undefined) return
    resident.set(usage.residentBytes)
    // A new process starts to count at zero: the counter goes on from where the old one was seen last.
    if (pid !== seenPid) seenSeconds = 0
    seenPid = pid
    cpu.add(Math.max(0, usage.cpuSeconds - seenSeconds))
    seenSeconds = usage.cpuSeconds
  })
}

function readUsage(pid: number): { cpuSeconds: number; residentBytes: number } | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS])
  return { cpuSeconds: ticks / TICKS_PER_SECOND, residentBytes: Number(fields[RESIDENT_PAGES]) * PAGE_BYTES }
}
