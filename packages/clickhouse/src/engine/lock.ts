import { accessSync, closeSync, constants, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ClickhouseError } from '../errors.ts'
import { processStart } from './process-start.ts'

/** A held data directory. */
export interface DataLock {
  release(): void
}

// Directories held by this process: a lock file that names our own process id and is not in here is left from before.
const held = new Set<string>()

/**
 * Takes the data directory for this process, creating it. Throws CLICKHOUSE_DATA_UNUSABLE when it cannot be made or written, and
 * CLICKHOUSE_DATA_IN_USE, with the holder's process id, when another living process has it. A lock left by a dead process is taken over.
 */
export function lockDataDir(dataDir: string): DataLock {
  const dir = resolve(dataDir)
  const path = join(dir, 'lock')
  makeDir(dir)
  if (held.has(dir)) throw inUse(dir, process.pid)
  if (!createLock(path)) {
    const holder = livingHolder(path)
    if (holder !== undefined) throw inUse(dir, holder)
    rmSync(path, { force: true })
    if (!createLock(path)) throw inUse(dir, livingHolder(path) ?? 0)
  }
  held.add(dir)
  return {
    release() {
      if (!held.delete(dir)) return
      rmSync(path, { force: true })
    },
  }
}

function makeDir(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true })
    accessSync(dir, constants.W_OK)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ClickhouseError(
      'CLICKHOUSE_DATA_UNUSABLE',
      `cannot use data directory ${dir}: ${reason}. Choose another with --data-dir`,
      { cause: error },
    )
  }
}

function inUse(dir: string, pid: number): ClickhouseError {
  return new ClickhouseError('CLICKHOUSE_DATA_IN_USE', `cannot open data directory ${dir}: process ${pid} is using it`)
}

function createLock(path: string): boolean {
  let file: number
  try {
    file = openSync(path, 'wx', 0o600)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
  writeSync(file, JSON.stringify({ pid: process.pid, started: processStart(process.pid) }))
  closeSync(file)
  return true
}

function livingHolder(path: string): number | undefined {
  try {
    const { pid, started }: { pid: number; started: string } = JSON.parse(readFileSync(path, 'utf8'))
    if (pid === process.pid || !Number.isSafeInteger(pid) || pid <= 0) return undefined
    process.kill(pid, 0)
    return processStart(pid) === started ? pid : undefined
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else. Anything else: no such process, or no readable lock.
    return error instanceof Error && 'code' in error && error.code === 'EPERM' ? 0 : undefined
  }
}
