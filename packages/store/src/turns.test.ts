import { describe, expect, it } from 'vitest'
import { breathe } from './turns.ts'

/** Holds the thread. */
function compute(ms: number): void {
  const untilMs = performance.now() + ms
  while (performance.now() < untilMs);
}

async function computeLong(pieces: number): Promise<void> {
  for (let i = 0; i < pieces; i++) {
    await breathe()
    compute(3)
  }
}

describe('breathe', () => {
  it('goes on at once while the slice lasts', async () => {
    await new Promise((resolve) => setImmediate(resolve))
    expect([breathe(), breathe()]).toEqual([undefined, undefined])
  })

  it('lets the event loop turn between the slices of many computations', async () => {
    const longest = { ms: 0, lastMs: performance.now(), turns: 0 }
    const watch = setInterval(() => {
      const nowMs = performance.now()
      longest.ms = Math.max(longest.ms, nowMs - longest.lastMs)
      longest.lastMs = nowMs
      longest.turns++
    }, 1)
    await Promise.all(Array.from({ length: 20 }, () => computeLong(5)))
    clearInterval(watch)
    // 300 ms of work in slices of two pieces at most: without turns the watch would not run once.
    expect(longest.turns).toBeGreaterThan(20)
  })

  it('gives every computation its turn', async () => {
    const order: number[] = []
    const work = async (who: number) => {
      for (let i = 0; i < 3; i++) {
        await breathe()
        compute(6)
        order.push(who)
      }
    }
    await Promise.all([work(0), work(1), work(2)])
    expect(new Set(order.slice(0, 3))).toEqual(new Set([0, 1, 2]))
    expect(new Set(order.slice(-3))).toEqual(new Set([0, 1, 2]))
  })
})
