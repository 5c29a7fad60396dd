import { expect, it } from 'vitest'
import { groupOf, recordOf, RuleBench } from '../testing/bench.ts'
import { AlertingRule } from './alerting.ts'
import type { GroupOptions } from './group.ts'
import { RuleGroup, RuleSlots } from './group.ts'

const MINUTE = 60_000

function open(text: string, options: Partial<GroupOptions> = {}): { bench: RuleBench; group: RuleGroup } {
  const bench = new RuleBench()
  const place = { file: 'f.yml', spec: groupOf(text), intervalMs: MINUTE }
  return { bench, group: new RuleGroup(place, { query: bench.query, append: bench.append, ...options }) }
}

function rules(...lines: readonly string[]): string {
  return `groups:\n- name: g\n  rules:\n${lines.map((line) => `  - ${line}\n`).join('')}`
}

function statesOf(group: RuleGroup): string[] {
  return group.rules.flatMap((rule) =>
    rule instanceof AlertingRule
      ? rule.activeAlerts().map(({ state, labels }) => `${state} ${JSON.stringify(recordOf(labels))}`)
      : [],
  )
}

it('a recording rule stores its results under its name, with its labels over theirs', async () => {
  const { bench, group } = open(rules('{record: "job:up", expr: "sum by (job, env) (up)", labels: {env: "", team: a}}'))
  bench.put({ __name__: 'up', job: 'x', env: 'e', i: '1' }, 0, 1)
  bench.put({ __name__: 'up', job: 'x', env: 'e', i: '2' }, 0, 1)
  await group.evaluate(MINUTE)
  expect(bench.at(MINUTE)).toEqual(['job:up{job="x",team="a"} 2'])
  expect(group.rules[0]?.status).toMatchObject({ health: 'ok', lastError: '' })
})

it('a rule sees what the rules before it stored in the same evaluation', async () => {
  const { bench, group } = open(
    rules('{record: a, expr: "vector(2)"}', '{record: b, expr: "a * 3"}', '{record: c, expr: \'{__name__="b"} + 1\'}'),
  )
  await group.evaluate(0)
  expect(bench.at(0)).toEqual(['a{} 2', 'b{} 6', 'c{} 7'])
})

it('a series that a rule shows no more ends with a marker, once', async () => {
  const { bench, group } = open(rules('{record: r, expr: "up == 1"}'))
  bench.put({ __name__: 'up', i: '1' }, 0, 1)
  bench.put({ __name__: 'up', i: '2' }, 0, 1)
  await group.evaluate(0)
  bench.put({ __name__: 'up', i: '2' }, MINUTE, 0)
  await group.evaluate(MINUTE)
  expect(bench.at(MINUTE)).toEqual(['r{i="1"} 1', 'r{i="2"} stale'])
  await group.evaluate(2 * MINUTE)
  expect(bench.at(2 * MINUTE)).toEqual(['r{i="1"} 1'])
})

it('a failing rule keeps its series, says why, and leaves the others alone', async () => {
  const { bench, group } = open(rules('{record: r, expr: "up + on () down"}', '{record: s, expr: "1"}'))
  bench.put({ __name__: 'up', i: '1' }, 0, 1)
  bench.put({ __name__: 'down', i: '1' }, 0, 1)
  await group.evaluate(0)
  bench.put({ __name__: 'down', i: '2' }, 1, 1)
  await group.evaluate(MINUTE)
  expect(bench.at(MINUTE)).toEqual(['s{} 1'])
  expect(group.rules.map(({ status }) => status.health)).toEqual(['err', 'ok'])
  expect(group.rules[0]?.status.lastError).toMatch(/many-to-many|duplicate series/)
})

it("equal labels after renaming, and more results than the limit, are failures in Prometheus's words", async () => {
  const same = open(
    rules('{record: r, expr: \'label_replace(up, "i", "", "i", ".*")\'}', '{record: s, expr: up, labels: {i: x}}'),
  )
  for (const i of ['1', '2']) same.bench.put({ __name__: 'up', i }, 0, 1)
  await same.group.evaluate(0)
  expect(same.group.rules[1]?.status.lastError).toBe('vector contains metrics with the same labelset after applying rule labels')
  const many = open('groups: [{name: g, limit: 1, rules: [{record: r, expr: up}, {alert: A, expr: up}]}]')
  for (const i of ['1', '2']) many.bench.put({ __name__: 'up', i }, 0, 1)
  await many.group.evaluate(0)
  expect(many.group.rules.map(({ status }) => status.lastError)).toEqual([
    'exceeded limit of 1 with 2 series',
    'exceeded limit of 1 with 2 alerts',
  ])
  expect(many.bench.stored).toEqual([])
})

it('of two rules that write one series the first stands, and the second says so where they differ', async () => {
  const { bench, group } = open(rules('{record: r, expr: "1"}', '{record: r, expr: "1"}', '{record: r, expr: "2"}'))
  await group.evaluate(0)
  expect(bench.at(0)).toEqual(['r{} 1', 'r{} 1'])
  expect(group.rules.map(({ status }) => status.health)).toEqual(['ok', 'ok', 'err'])
  expect(group.rules[2]?.status.lastError).toMatch(/^duplicate sample for timestamp 0/)
})

it('results carry the time of the evaluation less the offset', async () => {
  const { bench, group } = open(
    'groups: [{name: g, query_offset: 30s, rules: [{record: r, expr: time()}, {alert: A, expr: up}]}]',
  )
  bench.put({ __name__: 'up' }, 0, 1)
  await group.evaluate(MINUTE)
  expect(bench.at(30_000)).toEqual([
    'ALERTS_FOR_STATE{alertname="A"} 60',
    'ALERTS{alertname="A",alertstate="firing"} 1',
    'r{} 30',
  ])
})

it('an alert waits for its time, fires, and ends', async () => {
  const { bench, group } = open(
    rules('{alert: Down, expr: up == 0, for: 2m, labels: {sev: page}, annotations: {text: "{{ $labels.i }} {{ $value }}"}}'),
  )
  bench.put({ __name__: 'up', i: 'a' }, 0, 0)
  await group.evaluate(0)
  expect(statesOf(group)).toEqual(['pending {"alertname":"Down","i":"a","sev":"page"}'])
  expect(bench.at(0)).toEqual([
    'ALERTS_FOR_STATE{alertname="Down",i="a",sev="page"} 0',
    'ALERTS{alertname="Down",alertstate="pending",i="a",sev="page"} 1',
  ])
  await group.evaluate(MINUTE)
  await group.evaluate(2 * MINUTE)
  expect(statesOf(group)).toEqual(['firing {"alertname":"Down","i":"a","sev":"page"}'])
  expect(bench.at(2 * MINUTE)).toContain('ALERTS{alertname="Down",alertstate="pending",i="a",sev="page"} stale')
  const [rule] = group.rules
  expect(rule instanceof AlertingRule && rule.activeAlerts()[0]?.annotations).toEqual([{ name: 'text', value: 'a 0' }])
  bench.put({ __name__: 'up', i: 'a' }, 3 * MINUTE, 1)
  await group.evaluate(3 * MINUTE)
  expect(statesOf(group)).toEqual([])
  expect(bench.at(3 * MINUTE).every((line) => line.endsWith('stale'))).toBe(true)
})

it('keep_firing_for holds an alert whose condition is over', async () => {
  const { bench, group } = open(rules('{alert: A, expr: up == 0, keep_firing_for: 2m}'))
  bench.put({ __name__: 'up' }, 0, 0)
  await group.evaluate(0)
  bench.put({ __name__: 'up' }, 1, 1)
  const states: string[] = []
  for (const minute of [1, 2, 3]) {
    await group.evaluate(minute * MINUTE)
    states.push(statesOf(group).join())
  }
  expect(states).toEqual(['firing {"alertname":"A"}', 'firing {"alertname":"A"}', ''])
})

it('alerts are due when they fire, again after a minute, and when they end', async () => {
  const due: string[] = []
  const { bench, group } = open(rules('{alert: A, expr: up == 0}'), {
    onAlerts: (expr, alerts) => due.push(...alerts.map(({ state, validUntilMs }) => `${expr} ${state} ${validUntilMs}`)),
  })
  bench.put({ __name__: 'up' }, 600_000, 0)
  for (const tMs of [600_000, 630_000, 660_001]) await group.evaluate(tMs)
  bench.put({ __name__: 'up' }, 670_000, 1)
  await group.evaluate(675_000)
  await group.evaluate(690_000)
  expect(due).toEqual(['up == 0 firing 840000', 'up == 0 firing 900001', 'up == 0 inactive 915000'])
})

it('templates that fail show the error and do not stop the alert', async () => {
  const { bench, group } = open(rules('{alert: A, expr: "vector(1)", annotations: {a: \'{{ query "nope" | first }}\', b: "ok"}}'))
  await group.evaluate(0)
  const [rule] = group.rules
  const texts = rule instanceof AlertingRule ? rule.activeAlerts()[0]?.annotations.map(({ value }) => value) : []
  expect(texts?.[1]).toBe('ok')
  expect(texts?.[0]).toMatch(
    /^<error expanding template: error executing template __alert_A: template: __alert_A:1:\d+: executing/,
  )
  expect(bench.at(0)).toHaveLength(2)
})

it('slots lie one interval apart, at the same place for one file and name', () => {
  const { group } = open(rules('{record: r, expr: "1"}'))
  const slot = group.slotBefore(1_000_000_000)
  expect(slot).toBeLessThanOrEqual(1_000_000_000)
  expect(1_000_000_000 - slot).toBeLessThan(MINUTE)
  expect(group.slotBefore(slot + MINUTE)).toBe(slot + MINUTE)
  expect(group.slotBefore(slot + MINUTE - 1)).toBe(slot)
})

/** Rules `a` to `d` with a query that waits until `finish` is told its expression. */
function openSlow(slots: number, ...lines: readonly string[]) {
  const bench = new RuleBench()
  const running = new Map<string, () => void>()
  const started: string[] = []
  const query: GroupOptions['query'] = async (expr, ...rest) => {
    started.push(String(expr))
    await new Promise<void>((resolve) => running.set(String(expr), resolve))
    return bench.query(expr, ...rest)
  }
  const place = { file: 'f.yml', spec: groupOf(rules(...lines)), intervalMs: MINUTE }
  const group = new RuleGroup(place, { query, append: bench.append, slots: new RuleSlots(slots) })
  const finish = async (expr: string): Promise<void> => {
    running.get(expr)?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { bench, group, started, finish }
}

it('rules run beside one another where there is room, but never beside one they read or that reads them', async () => {
  const { bench, group, started, finish } = openSlow(
    2,
    '{record: a, expr: "vector(1)"}',
    '{record: b, expr: "a + 1"}',
    '{record: c, expr: "b + 1 or vector(9)"}',
    '{record: d, expr: "vector(4)"}',
    '{record: a, expr: "vector(5)", labels: {of: late}}',
  )
  const done = group.evaluate(0)
  // What waits for nothing begins: the second `a` waits, as `b` must not read it.
  await finish('nothing')
  expect(started).toEqual(['vector(1)', 'vector(4)'])
  await finish('vector(4)')
  expect(started).toHaveLength(2)
  for (const expr of ['vector(1)', 'a + 1', 'b + 1 or vector(9)', 'vector(5)']) await finish(expr)
  await done
  expect(started).toEqual(['vector(1)', 'vector(4)', 'a + 1', 'b + 1 or vector(9)', 'vector(5)'])
  expect(bench.at(0).sort()).toEqual(['a{of="late"} 5', 'a{} 1', 'b{} 2', 'c{} 3', 'd{} 4'])
})
