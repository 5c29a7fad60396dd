// Deletes metrics that are past their time, day (UTC) by day: a sample goes once its whole day is past it, with its histogram, its
// exemplars, its rollups and, where nothing else needs them, its rows in the index.

import { MS_PER_DAY } from '@oriel/model'
import type { Telemetry } from '@oriel/model'
import type { ExpiredSamples, RetentionPolicy, RetentionReport, RetentionRule, TenantRetention } from '@oriel/store'
import { allOf, Bindings, matcherCondition } from '../conditions.ts'
import type { EngineClient } from '../engine/client.ts'
import { labelExpression } from '../metrics/selection.ts'
import { DATABASE } from '../schema/index.ts'

/** Retention over the tables of metrics. */
export interface Retention {
  /** What would go now. */
  plan(policy: RetentionPolicy, nowMs: number): Promise<RetentionReport>
  /** Deletes what is past its time; resolves with what went, when no later read sees it. */
  apply(policy: RetentionPolicy, nowMs: number): Promise<RetentionReport>
}

export interface RetentionOptions {
  readonly telemetry: Telemetry
  /** Told before and after samples up to and including a time are deleted. */
  readonly noteDeleting: (upToMs: number) => Promise<void>
}

/** Opens retention. */
export function openRetention(client: EngineClient, options: RetentionOptions): Retention {
  return {
    plan: (policy, nowMs) => plan(client, policy, nowMs),
    async apply(policy, nowMs) {
      const report = await plan(client, policy, nowMs)
      await apply(client, report, { policy, ...options })
      return report
    },
  }
}

// Tables with a partition a day, and those of samples by series.
const DAILY = ['samples', 'histograms', 'sample_starts', 'exemplars', 'rollup_hours'] as const
const BY_DAY = ['series', 'label_values', 'rollup_days'] as const

async function plan(client: EngineClient, policy: RetentionPolicy, nowMs: number): Promise<RetentionReport> {
  const lastWhole = lastDayOf(longest(policy), nowMs)
  const stored = await storedDays(client)
  const days = stored.filter(({ day }) => day <= lastWhole)
  const oldest = stored.find(({ day }) => day > lastWhole)?.day
  const expired: ExpiredSamples[] = []
  if (oldest === undefined) return { days, expired }
  for (const tenant of await storedTenants(client)) {
    for (const [i, rule] of rulesOf(policy, tenant).entries()) {
      const lastDay = lastDayOf(rule.keepMs, nowMs)
      if (lastDay < oldest) continue
      const bindings = new Bindings()
      const where = expiredCondition({ policy, tenant, rule: i, firstDay: lastWhole + 1, lastDay }, bindings)
      const [block] = await client.query(`SELECT toFloat64(count()) AS found FROM samples WHERE ${where}`, {
        params: bindings.params,
      })
      const samples = block?.doubles('found')[0] ?? 0
      if (samples > 0) expired.push({ tenant, matchers: rule.matchers, keepMs: rule.keepMs, lastDay, samples })
    }
  }
  return { days, expired }
}

interface Applying extends RetentionOptions {
  readonly policy: RetentionPolicy
}

async function apply(
  client: EngineClient,
  { days, expired }: RetentionReport,
  { policy, telemetry, noteDeleting }: Applying,
): Promise<void> {
  const lastDay = Math.max(-1, ...days.map(({ day }) => day), ...expired.map((each) => each.lastDay))
  if (lastDay < 0) return
  const upToMs = (lastDay + 1) * MS_PER_DAY - 1
  await noteDeleting(upToMs)
  const counter = telemetry.counter('oriel_retention_samples_total', 'Samples deleted because they were past their time')
  for (const { day, samples } of days) {
    for (const table of DAILY) await client.command(`ALTER TABLE ${table} DROP PARTITION ${day}`)
    counter.add(samples, { how: 'day' })
  }
  const lastWhole = days.at(-1)?.day ?? -1
  if (lastWhole >= 0) for (const table of BY_DAY) await remove(client, table, `day <= ${lastWhole}`)
  for (const each of expired) {
    const rule = rulesOf(policy, each.tenant).findIndex(
      ({ matchers }) => JSON.stringify(matchers) === JSON.stringify(each.matchers),
    )
    await removeExpired(client, { policy, tenant: each.tenant, rule, firstDay: lastWhole + 1, lastDay: each.lastDay })
    counter.add(each.samples, { how: 'rule', tenant: each.tenant })
  }
  await noteDeleting(upToMs)
  telemetry.log('info', 'metrics past their time are deleted', { days: days.length, rules: expired.length })
}

interface Expired {
  readonly policy: RetentionPolicy
  readonly tenant: string
  /** Its place among the tenant's rules. */
  readonly rule: number
  readonly firstDay: number
  readonly lastDay: number
}

async function removeExpired(client: EngineClient, expired: Expired): Promise<void> {
  for (const table of ['samples', 'histograms', 'sample_starts', 'exemplars', 'rollup_hours'] as const) {
    const bindings = new Bindings()
    await remove(client, table, expiredCondition(expired, bindings), bindings)
  }
  const { tenant, firstDay, lastDay } = expired
  const bindings = new Bindings()
  const inDays = `tenant = ${bindings.text(tenant)} AND day >= ${firstDay} AND day <= ${lastDay}`
  const index = new Bindings()
  await remove(client, 'series', seriesCondition(expired, index), index)
  // A value stays for as long as any series of its day has it.
  const held = `SELECT day, name, value FROM series
ARRAY JOIN arrayPushBack(mapKeys(labels), '__name__') AS name, arrayPushBack(mapValues(labels), toString(metric)) AS value WHERE ${inDays}`
  await remove(client, 'label_values', `${inDays} AND (day, name, value) NOT IN (${held})`, bindings)
}

async function remove(
  client: EngineClient,
  table: string,
  condition: string,
  bindings: Bindings = new Bindings(),
): Promise<void> {
  await client.command(`DELETE FROM ${table} WHERE ${condition}`, { params: bindings.params, settings: WAITING })
}

// The statement returns when the rows are gone, not when the work is queued.
const WAITING: Readonly<Record<string, number>> = { lightweight_deletes_sync: 1, mutations_sync: 1 }

/** Rows of sample tables that a rule makes expire. */
function expiredCondition(expired: Expired, bindings: Bindings): string {
  const { tenant, firstDay, lastDay } = expired
  return allOf([
    `tenant = ${bindings.text(tenant)}`,
    `hour >= ${24 * firstDay}`,
    `hour < ${24 * (lastDay + 1)}`,
    `series_id IN (SELECT id FROM series WHERE ${seriesCondition(expired, bindings)})`,
  ])
}

/** Index rows of the series that a rule is about: they hold its matchers, and those of no rule before it. */
function seriesCondition({ policy, tenant, rule, firstDay, lastDay }: Expired, bindings: Bindings): string {
  const rules = rulesOf(policy, tenant)
  const holds = (of: RetentionRule): string =>
    allOf(of.matchers.map((matcher) => matcherCondition(labelExpression(matcher.name, bindings), matcher, bindings)))
  const before = rules.slice(0, rule).map((earlier) => `NOT (${holds(earlier)})`)
  return allOf([
    `tenant = ${bindings.text(tenant)}`,
    `day >= ${firstDay}`,
    `day <= ${lastDay}`,
    ...(rules[rule]!.matchers.length === 0 ? [] : [holds(rules[rule]!)]),
    ...before,
  ])
}

/** A tenant's rules in order, its own time last. */
function rulesOf({ fallback, tenants }: RetentionPolicy, tenant: string): RetentionRule[] {
  const { rules, keepMs }: TenantRetention = tenants.get(tenant) ?? fallback
  return [...rules, { matchers: [], keepMs }]
}

/** The longest time that anything is kept, 0 for ever. */
function longest({ fallback, tenants }: RetentionPolicy): number {
  const times = [fallback, ...tenants.values()].flatMap(({ keepMs, rules }) => [keepMs, ...rules.map((rule) => rule.keepMs)])
  return times.includes(0) ? 0 : Math.max(...times)
}

/** The last day that is past a time as a whole, -1 for none. */
function lastDayOf(keepMs: number, nowMs: number): number {
  return keepMs === 0 ? -1 : Math.max(-1, Math.floor((nowMs - keepMs) / MS_PER_DAY) - 1)
}

async function storedDays(client: EngineClient): Promise<{ readonly day: number; readonly samples: number }[]> {
  const sql = `SELECT partition, toFloat64(sum(rows)) AS found FROM system.parts
WHERE database = '${DATABASE}' AND table = 'samples' AND active GROUP BY partition ORDER BY toUInt32(partition)`
  const blocks = await client.query(sql)
  return blocks.flatMap((block) => {
    const found = block.doubles('found')
    return block.strings('partition').map((day, i) => ({ day: Number(day), samples: found[i]! }))
  })
}

async function storedTenants(client: EngineClient): Promise<string[]> {
  const blocks = await client.query('SELECT DISTINCT toString(tenant) AS name FROM series ORDER BY name')
  return blocks.flatMap((block) => block.strings('name'))
}
