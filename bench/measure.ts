import { spawnSync } from 'node:child_process'
import { enginePid, pause, usage } from '../e2e/oriel.ts'
import type { Contender } from './contenders.ts'

/** What a load cost a contender. */
export interface Cost {
  readonly name: string
  readonly items: number
  /** CPU of all its processes, merges and compactions that follow within the settling time counted in. */
  readonly cpuSeconds: number
  readonly wallSeconds: number
  readonly residentBytes: number
  readonly diskBytes: number
  /** Items read back by query after the load. */
  readonly found: number
}

// 35 s: Oriel moves what its journal holds after 30; merges and compactions of loads of this size end sooner.
const SETTLE_MS = 35_000

/** Runs `load`, waits for background work to settle, and accounts for it. */
export async function measureLoad(
  contender: Contender,
  items: number,
  load: () => Promise<void>,
  count: () => Promise<number>,
): Promise<Cost> {
  const before = usage(contender.pid)
  const engine = contender.name.startsWith('Oriel') ? enginePid(contender.pid) : undefined
  const engineBefore = engine === undefined ? 0 : usage(engine).cpuSeconds
  const startMs = performance.now()
  await load()
  const wallSeconds = (performance.now() - startMs) / 1_000
  await pause(SETTLE_MS)
  const after = usage(contender.pid)
  if (engine !== undefined) {
    const engineSeconds = usage(engine).cpuSeconds - engineBefore
    const total = after.cpuSeconds - before.cpuSeconds
    console.log(
      `${contender.name}: ${micros(total - engineSeconds, items)} us an item here, ${micros(engineSeconds, items)} us in the engine`,
    )
  }
  const found = await count()
  return {
    name: contender.name,
    items,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    wallSeconds,
    residentBytes: after.residentBytes,
    diskBytes: diskUsage(contender.dataDir),
    found,
  }
}

/** Prints costs as a table, with the ratio of each throughput per CPU-second to the first row's. */
export function printCosts(title: string, unit: string, costs: readonly Cost[]): void {
  const first = costs[0]
  console.log(`\n## ${title}\n`)
  console.log(`| who | ${unit}/CPU-s | Oriel / it | ${unit}/s wall | bytes/${unit.slice(0, -1)} on disk | RSS MB | read back |`)
  console.log('|---|---|---|---|---|---|---|')
  for (const cost of costs) {
    const rate = cost.items / cost.cpuSeconds
    const ratio = first === undefined ? 1 : first.items / first.cpuSeconds / rate
    const found = cost.found === cost.items ? 'all' : `${cost.found} of ${cost.items}`
    console.log(
      `| ${cost.name} | ${thousands(rate)} | ${ratio.toFixed(2)}x | ${thousands(cost.items / cost.wallSeconds)} | ${(cost.diskBytes / cost.items).toFixed(2)} | ${(cost.residentBytes / 2 ** 20).toFixed(0)} | ${found} |`,
    )
  }
}

/** Times `run` on every contender in turn, `rounds` times, so that a noisy moment hits all alike. Milliseconds, after one warm-up. */
export async function interleaved(
  contenders: readonly Contender[],
  rounds: number,
  run: (contender: Contender) => Promise<void>,
): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
  for (const contender of contenders) await run(contender)
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      const startMs = performance.now()
      await run(contender)
      times.get(contender.name)!.push(performance.now() - startMs)
    }
  }
  return times
}

/** Prints medians and the ratio of each to the first contender's. */
export function printTimes(title: string, times: ReadonlyMap<string, readonly number[]>): void {
  const first = median([...times.values()][0] ?? [])
  for (const [name, values] of times) {
    const mid = median(values)
    console.log(
      `| ${title} | ${name} | ${mid.toFixed(1)} | ${Math.min(...values).toFixed(1)}..${Math.max(...values).toFixed(1)} | ${(mid / first).toFixed(2)}x |`,
    )
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function micros(seconds: number, items: number): string {
  return ((1e6 * seconds) / items).toFixed(2)
}

function thousands(rate: number): string {
  return `${(rate / 1_000).toFixed(0)}k`
}

/** Bytes of the files in a directory. */
export function diskUsage(dir: string): number {
  const { stdout } = spawnSync('du', ['-sb', dir], { encoding: 'utf8' })
  return Number(stdout.split('\t')[0])
}
