import type { ActiveTarget, DroppedTarget, Targets } from '../data/targets.ts'

type LabelRecord = Readonly<Record<string, string>>

/** How a target is. */
export type TargetState = 'down' | 'unknown' | 'up' | 'dropped'

/** One row: a target that is scraped, or one that a rule dropped. */
export interface TargetRow {
  readonly key: string
  readonly pool: string
  readonly state: TargetState
  /** The address that is scraped, or for a dropped target the one that was discovered. */
  readonly address: string
  readonly labels: LabelRecord
  readonly discovered: LabelRecord
  readonly active: ActiveTarget | undefined
}

/** The rows of one pool, and what all of it comes to. */
export interface Pool {
  readonly name: string
  readonly rows: readonly TargetRow[]
  readonly up: number
  readonly active: number
  /** Dropped targets, those included that are not kept to be shown. */
  readonly dropped: number
}

export interface TargetFilter {
  readonly state: TargetState | ''
  readonly pool: string
  /** Words that must all be in the address, the labels or the error. */
  readonly find: string
}

/** Pools by name with the rows that the filter lets through; what is down comes first. Counts are of the whole pool. */
export function poolsOf(targets: Targets, filter: TargetFilter): Pool[] {
  const rows = [...targets.activeTargets.map(activeRow), ...targets.droppedTargets.map(droppedRow)]
  const byPool = Map.groupBy(rows, ({ pool }) => pool)
  for (const name of Object.keys(targets.droppedTargetCounts)) if (!byPool.has(name)) byPool.set(name, [])
  return [...byPool]
    .filter(([name]) => filter.pool === '' || name === filter.pool)
    .map(([name, all]) => ({
      name,
      rows: all.filter((row) => isWanted(row, filter)).sort((a, b) => ORDER[a.state] - ORDER[b.state]),
      up: all.filter(({ state }) => state === 'up').length,
      active: all.filter(({ state }) => state !== 'dropped').length,
      dropped: targets.droppedTargetCounts[name] ?? 0,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** How a label came about between discovery and scrape. */
export interface LabelChange {
  readonly name: string
  readonly before: string | undefined
  readonly after: string | undefined
}

/** What one rule changed, by name. */
export function changesOf(before: LabelRecord, after: LabelRecord): LabelChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return names.filter((name) => before[name] !== after[name]).map((name) => ({ name, before: before[name], after: after[name] }))
}

/** A rule as one line of what it says: only what differs from what a rule says by itself. */
export function ruleText(rule: Readonly<Record<string, unknown>>): string {
  return Object.entries(rule)
    .filter(([key, value]) => DEFAULTS[key] !== value)
    .sort(([a], [b]) => RULE_ORDER.indexOf(a) - RULE_ORDER.indexOf(b))
    .map(([key, value]) => `${key}: ${Array.isArray(value) ? `[${value.join(', ')}]` : String(value)}`)
    .join('  ')
}

const DEFAULTS: Readonly<Record<string, unknown>> = { separator: ';', regex: '(.*)', replacement: '$1' }
const RULE_ORDER = ['action', 'source_labels', 'separator', 'regex', 'modulus', 'target_label', 'replacement']
const ORDER: Readonly<Record<TargetState, number>> = { down: 0, unknown: 1, up: 2, dropped: 3 }

function activeRow(active: ActiveTarget): TargetRow {
  const { scrapePool: pool, scrapeUrl: address, labels, discoveredLabels: discovered, health: state } = active
  return { key: `${pool} ${address} ${labels['instance'] ?? ''}`, pool, state, address, labels, discovered, active }
}

function droppedRow({ scrapePool: pool, discoveredLabels: discovered }: DroppedTarget, i: number): TargetRow {
  const address = discovered['__address__'] ?? ''
  return { key: `${pool} dropped ${i} ${address}`, pool, state: 'dropped', address, labels: {}, discovered, active: undefined }
}

function isWanted(row: TargetRow, { state, find }: TargetFilter): boolean {
  // Dropped targets are many and mean to be: they are shown when they are asked for.
  if (state === '' ? row.state === 'dropped' : row.state !== state) return false
  if (find.trim() === '') return true
  const labels = state === 'dropped' ? row.discovered : row.labels
  const text = [row.address, row.active?.lastError ?? '', ...Object.entries(labels).map(([name, value]) => `${name}="${value}"`)]
    .join(' ')
    .toLowerCase()
  return find
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}
