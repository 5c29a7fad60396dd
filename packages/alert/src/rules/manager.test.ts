import { expect, it } from 'vitest'
import { groupOf, ManualTimers, RuleBench } from '../testing/bench.ts'
import { AlertingRule } from './alerting.ts'
import { RuleManager } from './manager.ts'
import type { RuleConfig } from './manager.ts'

const MINUTE = 60_000
const START = 1_700_000_000_000

function configOf(...texts: readonly string[]): RuleConfig {
  return {
    groups: texts.map((text) => ({ file: 'f.yml', spec: groupOf(text) })),
    intervalMs: MINUTE,
    queryOffsetMs: 0,
    externalLabels: [],
    externalUrl: 'http://here',
  }
}

function open(bench = new RuleBench(), startMs = START) {
  const timers = new ManualTimers(startMs)
  const { query, append, readSamples } = bench
  return { bench, timers, manager: new RuleManager({ query, append, readSamples, timers }) }
}

const alertRule = (forText: string): string => `groups: [{name: g, rules: [{alert: A, expr: vector(1), for: ${forText}}]}]`
const record = (name: string, group = 'g'): string => `groups: [{name: ${group}, rules: [{record: ${name}, expr: "1"}]}]`

it('a group runs once an interval, in its slots', async () => {
  const { bench, timers, manager } = open()
  await manager.update(configOf(record('r')))
  await timers.advanceTo(START + 5 * MINUTE)
  const [group] = manager.groups()
  const slots = bench.stored.map(({ tMs }) => tMs)
  expect(slots).toHaveLength(5)
  expect(slots.every((tMs, i) => tMs === slots[0]! + i * MINUTE && group?.slotBefore(tMs) === tMs)).toBe(true)
  await manager.close()
})

it('a reload keeps what rules know, and leaves unchanged groups running', async () => {
  const { timers, manager } = open()
  await manager.update(configOf(alertRule('10m'), record('r', 'h')))
  await timers.advanceTo(START + 3 * MINUTE)
  const before = manager.groups()
  await manager.update(configOf(alertRule('5m'), record('r', 'h')))
  const after = manager.groups()
  expect(after[1]).toBe(before[1])
  expect(after[0]).not.toBe(before[0])
  const rule = after[0]?.rules[0]
  await timers.advanceTo(START + 6 * MINUTE)
  const activeAtMs = rule instanceof AlertingRule ? rule.activeAlerts()[0]?.activeAtMs : undefined
  expect(rule instanceof AlertingRule && rule.state).toBe('firing')
  expect(activeAtMs).toBeLessThanOrEqual(START + MINUTE)
  await manager.close()
})

it('series of a rule that a reload takes away end in the next evaluation', async () => {
  const { bench, timers, manager } = open()
  await manager.update(configOf('groups: [{name: g, rules: [{record: r, expr: "1"}, {record: s, expr: "1"}]}]'))
  await timers.advanceTo(START + MINUTE)
  await manager.update(configOf(record('r')))
  await timers.advanceTo(START + 2 * MINUTE)
  expect(bench.at(bench.stored.at(-1)!.tMs)).toEqual(['r{} 1', 's{} stale'])
  await manager.close()
})

it('series of a group that is gone end two intervals later, unless another group shows them by then', async () => {
  const { bench, timers, manager } = open()
  await manager.update(configOf(record('r', 'old'), record('s', 'gone')))
  await timers.advanceTo(START + 2 * MINUTE)
  await manager.update(configOf(record('r', 'renamed')))
  const stoppedMs = timers.now()
  await timers.advanceTo(stoppedMs + 3 * MINUTE)
  expect(bench.stored.filter(({ isStale }) => isStale === true).map(({ labels, tMs }) => [labels[0]?.value, tMs])).toEqual([
    ['s', stoppedMs],
  ])
  await manager.close()
})

it('slots that pass while a group still works are missed, and the next one is on time', async () => {
  const { bench, timers, manager } = open()
  let runs = 0
  bench.onQuery = async () => {
    if (++runs === 2) await timers.until(timers.now() + 3.5 * MINUTE, new AbortController().signal)
  }
  await manager.update(configOf(record('r')))
  await timers.advanceTo(START + 8 * MINUTE)
  const slots = bench.stored.map(({ tMs }) => tMs)
  const first = slots[0]!
  // The second run takes three and a half intervals: of the slots 2, 3 and 4 only the last one is still run.
  expect(slots.map((tMs) => (tMs - first) / MINUTE)).toEqual([0, 1, 4, 5, 6, 7].slice(0, slots.length))
  expect(slots.length).toBeGreaterThanOrEqual(5)
  await manager.close()
})

it('after a restart alerts wait on from where they were', async () => {
  const { bench, timers, manager } = open()
  await manager.update(configOf(alertRule('30m')))
  await timers.advanceTo(START + 20 * MINUTE)
  await manager.close()
  const again = open(bench, START + 25 * MINUTE)
  await again.manager.update(configOf(alertRule('30m')))
  const rule = () => again.manager.groups()[0]?.rules[0]
  await again.timers.advanceTo(START + 27 * MINUTE)
  const state = rule()
  expect(state instanceof AlertingRule && state.isRestored).toBe(true)
  // 5 to 6 minutes of the time before do not count: without the restore it would fire at 56 minutes.
  await again.timers.advanceTo(START + 34 * MINUTE)
  const before = rule()
  expect(before instanceof AlertingRule && before.state).toBe('pending')
  await again.timers.advanceTo(START + 39 * MINUTE)
  const after = rule()
  expect(after instanceof AlertingRule && after.state).toBe('firing')
  await again.manager.close()
})
