import { readdirSync, readFileSync } from 'node:fs'
import { openMemoryStore } from '@oriel/store'
import { describe, expect, it } from 'vitest'
import type { EvalOutcome } from './testing/run.ts'
import { runScript, storeTarget } from './testing/run.ts'

const directory = new URL('testdata/', import.meta.url)

describe('PromQL scripts', () => {
  for (const file of readdirSync(directory)) {
    it(`${file} answers as written`, async () => {
      const outcomes = await runScript(readFileSync(new URL(file, directory), 'utf8'), storeTarget(openMemoryStore))
      expect(outcomes.length).toBeGreaterThan(0)
      expect(outcomes.filter(({ outcome }) => outcome !== 'passed').map(describeOutcome)).toEqual([])
    })
  }

  it('a script with a wrong answer does not pass', async () => {
    const script = 'load 1m\n  x 1\n\neval instant at 0m x + 1\n  {} 3\n'
    const outcomes = await runScript(script, storeTarget(openMemoryStore))
    expect(outcomes).toMatchObject([{ outcome: 'wrong', reason: '{} is 2, expected 3' }])
  })

  it('a script that expects a series too many does not pass', async () => {
    const script = 'load 1m\n  x 1\n\neval instant at 0m x\n  x 1\n  y 1\n'
    const outcomes = await runScript(script, storeTarget(openMemoryStore))
    expect(outcomes).toMatchObject([{ outcome: 'wrong', reason: 'missing y' }])
  })
})

function describeOutcome({ line, expr, outcome, reason }: EvalOutcome): string {
  return `line ${line} ${outcome}: ${expr}: ${reason ?? ''}`
}
