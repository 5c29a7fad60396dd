import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockDataDir } from './lock.ts'
import { processStart } from './process-start.ts'

describe('the lock of a data directory', () => {
  let dir: string
  let path: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'oriel-lock-'))
    path = join(dir, 'lock')
  })
  afterEach(() => rmSync(dir, { recursive: true }))

  it('names its holder, and goes away when released', () => {
    const lock = lockDataDir(dir)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid })
    lock.release()
    expect(existsSync(path)).toBe(false)
    lockDataDir(dir).release()
  })

  it('says what is wrong with a directory that cannot be made', () => {
    writeFileSync(path, '')
    expect(() => lockDataDir(join(path, 'data'))).toThrow(/cannot use data directory .*ENOTDIR/)
  })

  it('refuses a second holder in one process', () => {
    const lock = lockDataDir(dir)
    expect(() => lockDataDir(dir)).toThrow(`process ${process.pid} is using it`)
    lock.release()
  })

  it('refuses while another process lives that holds it, and is taken over when that has died', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    const pid = other.pid ?? 0
    writeFileSync(path, JSON.stringify({ pid, started: processStart(pid) }))
    expect(() => lockDataDir(dir)).toThrow(`cannot open data directory ${dir}: process ${pid} is using it`)
    other.kill('SIGKILL')
    await new Promise((resolve) => other.on('exit', resolve))
    lockDataDir(dir).release()
  })

  it('is taken over from a process of the same number that began at another time', () => {
    writeFileSync(path, JSON.stringify({ pid: process.ppid, started: '1' }))
    lockDataDir(dir).release()
  })

  it('is taken over when what it says cannot be read, as after a crash while it was written', () => {
    writeFileSync(path, '{"pid":')
    lockDataDir(dir).release()
  })
})
