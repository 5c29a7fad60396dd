// Moves old days of samples to the bucket, one after the other.

import type { Clock, Telemetry } from '@oriel/model'
import { MS_PER_DAY } from '@oriel/model'
import type { EngineClient } from '../engine/client.ts'
import { DATABASE } from '../schema/index.ts'
import type { ColdDisk } from './cold-disk.ts'
import { COLD, TIERED } from './cold-disk.ts'

/** Moving of old days. */
export interface Tiering {
  /** Moves all days that are due; resolves with how many partitions went. Runs by itself every ten minutes once started. */
  run(): Promise<number>
  start(): void
  close(): Promise<void>
}

export interface TieringOptions {
  readonly cold: ColdDisk
  /** A day moves once all of it is older. */
  readonly afterMs: number
  readonly now: Clock
  readonly telemetry: Telemetry
  /** Starts the engine again: its bucket is back. */
  readonly restart: () => Promise<void>
}

// What is large and has a partition a day; rollups and the index stay: long ranges are answered from them.
const TABLES = ['samples', 'histograms', 'sample_starts', 'exemplars']
const RUN_EVERY_MS = 10 * 60_000
const LOOK_EVERY_MS = 30_000

/** Opens tiering; nothing runs before `start` or `run`. */
export function openTiering(client: EngineClient, options: TieringOptions): Tiering {
  const { cold, telemetry, restart } = options
  const away = telemetry.gauge(
    'oriel_storage_cold_away',
    'Whether the bucket of old samples is left out because it could not be used',
  )
  const timers: NodeJS.Timeout[] = []
  let running: Promise<number> | undefined
  const run = (): Promise<number> => {
    running ??= moveDue(client, options).finally(() => (running = undefined))
    return running
  }
  const runQuietly = async (): Promise<void> => {
    try {
      await run()
    } catch (error) {
      telemetry.log('warn', 'cannot move old samples to the bucket, they stay on the disk', { error })
    }
  }
  const look = async (): Promise<void> => {
    away.set(cold.away === undefined ? 0 : 1)
    if (cold.away === undefined || !(await cold.isBack())) return
    telemetry.log('info', 'the bucket of old samples answers again: the engine is restarted with it', {})
    await restart()
  }
  return {
    run,
    start() {
      if (cold.away !== undefined)
        telemetry.log('error', 'old samples can not be read: the bucket is left out', { why: cold.away })
      void runQuietly()
      timers.push(
        setInterval(() => void runQuietly(), RUN_EVERY_MS),
        setInterval(() => void look(), LOOK_EVERY_MS),
      )
      for (const timer of timers) timer.unref()
    },
    async close() {
      for (const timer of timers) clearInterval(timer)
      await running?.catch(() => {})
    },
  }
}

async function moveDue(client: EngineClient, { cold, afterMs, now, telemetry }: TieringOptions): Promise<number> {
  if (cold.away !== undefined) return 0
  await takePolicy(client)
  const moved = telemetry.counter('oriel_storage_cold_moved_bytes_total', 'Bytes of old samples moved to the bucket')
  const lastDay = Math.floor((now() - afterMs) / MS_PER_DAY) - 1
  let count = 0
  for (const { table, day, bytes } of await warmDays(client)) {
    if (day > lastDay) continue
    await client.command(`ALTER TABLE ${table} MOVE PARTITION ID '${day}' TO VOLUME '${COLD}'`)
    moved.add(bytes, { table })
    count++
  }
  return count
}

/** Tables change over to the policy that has the bucket. */
async function takePolicy(client: EngineClient): Promise<void> {
  const sql = `SELECT name FROM system.tables WHERE database = '${DATABASE}' AND name IN {tables:Array(String)} AND storage_policy = 'default'`
  for (const block of await client.query(sql, { params: { tables: TABLES } }))
    for (const table of block.strings('name'))
      await client.command(`ALTER TABLE ${table} MODIFY SETTING storage_policy = '${TIERED}'`)
}

interface WarmDay {
  readonly table: string
  readonly day: number
  readonly bytes: number
}

/**
 * Days that are on the disk, the oldest first. What was written last stays in any case: a start without the bucket numbers what is
 * written then by it (`ColdDisk.standIn`).
 */
async function warmDays(client: EngineClient): Promise<WarmDay[]> {
  const sql = `SELECT table AS name, toUInt32(partition_id) AS day, toFloat64(sum(bytes_on_disk)) AS bytes,
  max(max_block_number) < max(max(max_block_number)) OVER (PARTITION BY table) AS isOlder
FROM system.parts WHERE database = '${DATABASE}' AND table IN {tables:Array(String)} AND active AND disk_name != '${COLD}'
GROUP BY table, partition_id ORDER BY day, name`
  const days: WarmDay[] = []
  for (const block of await client.query(sql, { params: { tables: TABLES } })) {
    const [names, numbers, bytes, older] = [
      block.strings('name'),
      block.numbers('day'),
      block.doubles('bytes'),
      block.numbers('isOlder'),
    ]
    for (const [i, table] of names.entries()) if (older[i] === 1) days.push({ table, day: numbers[i]!, bytes: bytes[i]! })
  }
  return days
}
