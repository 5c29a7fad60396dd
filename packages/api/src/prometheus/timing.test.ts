import { expect, it } from 'vitest'
import { serverTiming } from './timing.ts'

it('serverTiming tells times in milliseconds and counts as descriptions', () => {
  const stats = { rows: 2_048, bytes: 10, engineMs: 3.04198, series: 2, samples: 15_000 }
  const answer = { id: 'a', data: { kind: 'scalar', tMs: 0, value: 1 }, warnings: [], stats, elapsedMs: 12, queuedMs: 0 } as const
  expect(serverTiming(answer)).toBe(
    'total;dur=12, queue;dur=0, engine;dur=3.042, rows;desc="2048", bytes;desc="10", series;desc="2", samples;desc="15000"',
  )
})
