// From discovered targets to what is scraped.
//
// Source: Prometheus 3.14 scrape/target.go PopulateLabels.

import type { Labels } from '@oriel/model'
import { makeLabels } from '@oriel/model'
import { parseDuration } from '../config-reader.ts'
import type { ScrapeConfig, TargetGroup } from '../prometheus-config.ts'
import { relabel } from '../relabel.ts'

/** One target to scrape. */
export interface ScrapeTarget {
  /** Equal for equal labels and address: a target that a reload leaves as it was goes on undisturbed. */
  readonly key: string
  /** Labels its series carry. */
  readonly labels: Labels
  /** Labels as discovered, before relabeling. */
  readonly discoveredLabels: Labels
  readonly url: string
  readonly intervalMs: number
  readonly timeoutMs: number
}

/** A target that a relabel rule dropped, or that has no valid address. */
export interface DroppedTarget {
  readonly discoveredLabels: Labels
  /** Why it is no target, '' where a rule dropped it. */
  readonly error: string
}

/** The targets of a job from its groups, each once. */
export function assembleTargets(
  job: ScrapeConfig,
  groups: readonly TargetGroup[],
): { readonly active: ScrapeTarget[]; readonly dropped: DroppedTarget[] } {
  const active = new Map<string, ScrapeTarget>()
  const dropped: DroppedTarget[] = []
  for (const group of groups)
    for (const address of group.targets) {
      const discovered = discoveredLabels(job, group, address)
      const discoveredList = makeLabels(discovered)
      const target = assembleTarget(job, new Map(discovered), discoveredList)
      if ('error' in target) dropped.push(target)
      else active.set(target.key, target)
    }
  return { active: [...active.values()], dropped }
}

function discoveredLabels(job: ScrapeConfig, group: TargetGroup, address: string): Map<string, string> {
  const labels = new Map<string, string>(Object.entries(group.labels))
  labels.set('__address__', address)
  const defaults: Record<string, string> = {
    job: job.jobName,
    __scrape_interval__: printDuration(job.intervalMs),
    __scrape_timeout__: printDuration(job.timeoutMs),
    __metrics_path__: job.metricsPath,
    __scheme__: job.scheme,
  }
  for (const [name, [first]] of Object.entries(job.params)) if (first !== undefined) defaults[`__param_${name}`] = first
  for (const [name, value] of Object.entries(defaults)) if ((labels.get(name) ?? '') === '') labels.set(name, value)
  return labels
}

function assembleTarget(job: ScrapeConfig, labels: Map<string, string>, discovered: Labels): ScrapeTarget | DroppedTarget {
  const fail = (error: string): DroppedTarget => ({ discoveredLabels: discovered, error })
  if (!relabel(labels, job.relabelRules)) return fail('')
  const address = labels.get('__address__') ?? ''
  if (address === '') return fail('no address')
  if (address.includes('/')) return fail(`${JSON.stringify(address)} is no host and port`)
  const intervalMs = parseDuration(labels.get('__scrape_interval__') ?? '') ?? 0
  const timeoutMs = parseDuration(labels.get('__scrape_timeout__') ?? '') ?? 0
  if (intervalMs <= 0 || timeoutMs <= 0) return fail('scrape interval and timeout must be durations above 0')
  if (timeoutMs > intervalMs) return fail(`scrape timeout ${timeoutMs} ms is longer than the interval ${intervalMs} ms`)
  const url = targetUrl(job, labels, address)
  if (url === undefined) return fail(`${JSON.stringify(address)} makes no address to scrape`)
  if ((labels.get('instance') ?? '') === '') labels.set('instance', address)
  const visible = makeLabels([...labels].filter(([name]) => !name.startsWith('__')))
  const key = JSON.stringify([url, intervalMs, timeoutMs, visible])
  return { key, labels: visible, discoveredLabels: discovered, url, intervalMs, timeoutMs }
}

function targetUrl(job: ScrapeConfig, labels: ReadonlyMap<string, string>, address: string): string | undefined {
  const params = new Map<string, string[]>(Object.entries(job.params).map(([name, values]) => [name, [...values]]))
  for (const [label, value] of labels) {
    if (!label.startsWith('__param_')) continue
    const name = label.slice('__param_'.length)
    params.set(name, [value, ...(params.get(name) ?? []).slice(1)])
  }
  try {
    const url = new URL(`${labels.get('__scheme__') ?? ''}://${address}`)
    if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined
    url.pathname = labels.get('__metrics_path__') ?? ''
    for (const [name, values] of params) for (const value of values) url.searchParams.append(name, value)
    return url.href
  } catch {
    return undefined
  }
}

/** A duration as Prometheus prints it: whole units, largest first. */
export function printDuration(durationMs: number): string {
  if (durationMs === 0) return '0s'
  let text = ''
  let rest = durationMs
  for (const [unit, unitMs] of UNITS) {
    const count = Math.floor(rest / unitMs)
    // Weeks and years only where nothing remains, as Prometheus does.
    if (count === 0 || (unitMs >= WEEK_MS && rest % unitMs !== 0)) continue
    text += `${count}${unit}`
    rest -= count * unitMs
  }
  return text
}

const WEEK_MS = 604_800_000
const UNITS: readonly (readonly [string, number])[] = [
  ['y', 31_536_000_000],
  ['w', WEEK_MS],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
]
