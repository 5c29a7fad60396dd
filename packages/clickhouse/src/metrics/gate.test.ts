import { expect, test } from 'vitest'
import { Gate } from './gate.ts'

test('who is alone waits for all that share, and those that come later wait for it', async () => {
  const gate = new Gate()
  const log: string[] = []
  const step = (name: string) => async () => {
    log.push(`${name} begins`)
    await new Promise(setImmediate)
    log.push(`${name} ends`)
    if (name === 'b') throw new Error('b fails')
  }
  const work = [
    gate.share(step('a')),
    gate.share(step('b')),
    gate.alone(step('removal')),
    gate.alone(step('another')),
    gate.share(step('c')),
  ]
  const outcomes = await Promise.allSettled(work)
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'])
  expect(log.slice(0, 6)).toEqual(['a begins', 'b begins', 'a ends', 'b ends', 'removal begins', 'removal ends'])
  expect(log.slice(6).map((line) => line.split(' ')[1])).toEqual(['begins', 'ends', 'begins', 'ends'])
})
