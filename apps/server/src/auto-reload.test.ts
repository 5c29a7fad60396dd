import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openAutoReload } from './auto-reload.ts'

let directory: string
let file: string

beforeEach(() => {
  vi.useFakeTimers()
  directory = mkdtempSync(join(tmpdir(), 'oriel-reload-'))
  file = join(directory, 'prometheus.yml')
  writeFileSync(file, 'a')
})
afterEach(() => {
  vi.useRealTimers()
  rmSync(directory, { recursive: true })
})

test('a reload follows a change, until one goes well', async () => {
  const rules = join(directory, 'rules.yml')
  const files = [file, rules]
  let [reloads, isGood] = [0, true]
  const auto = openAutoReload({
    files: () => files,
    everyMs: 30_000,
    reload: async () => {
      reloads++
      if (!isGood) throw new Error('bad rules')
      auto.noteLoaded()
    },
  })
  const pass = async (): Promise<number> => {
    await vi.advanceTimersByTimeAsync(30_000)
    return reloads
  }
  expect(await pass()).toBe(0)
  writeFileSync(file, 'b')
  expect([await pass(), await pass()]).toEqual([1, 1])
  isGood = false
  writeFileSync(rules, 'x')
  expect([await pass(), await pass()]).toEqual([2, 3])
  isGood = true
  expect([await pass(), await pass()]).toEqual([4, 4])
  rmSync(rules)
  expect([await pass(), await pass()]).toEqual([5, 5])
  auto.close()
  writeFileSync(file, 'c')
  expect(await pass()).toBe(5)
})
