import { readFileSync } from 'node:fs'

/** When a process began, in ticks since boot, so that a reused process id is not taken for it; '' where the system does not tell. */
export function processStart(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Field 22, counted behind the program's name, which may hold spaces. Source: proc_pid_stat(5).
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}
