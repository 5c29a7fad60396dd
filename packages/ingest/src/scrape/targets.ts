// From discovered targets to what is scraped.
//
// Source: Prometheus 3.14 scrape/target.go PopulateLabels.

import type { Labels } from '@oriel/model'
import { makeLabels } from '@oriel/model'
import { parseDuration } from '../config-reader.ts'
import type { TargetGroup, TargetLabels } from '../discovery/groups.ts'
import type { ScrapeConfig } from '../prometheus-scrape-config.ts'
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
  /** The Unix socket to reach it through, '' for none. */
  readonly socketPath: string
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly histograms: HistogramWishes
}

/** How a target's histograms are taken; relabeling may change what the job says. */
type HistogramWishes = Pick<ScrapeConfig, 'scrapesNativeHistograms' | 'alwaysScrapesClassic' | 'convertsToNhcb'>

/** A target that a relabel rule dropped, or that has no valid address. */
export interface DroppedTarget {
  readonly discoveredLabels: Labels
  /** Why it is no target, '' where a rule dropped it. */
  readonly error: string
}

/** What a group of targets comes to. */
export interface AssembledTargets {
  readonly active: readonly ScrapeTarget[]
  readonly dropped: readonly DroppedTarget[]
}

/** The targets of a job from one group, in its order; equal ones are not yet one. */
export function assembleGroup(job: ScrapeConfig, group: TargetGroup): AssembledTargets {
  const active: ScrapeTarget[] = []
  const dropped: DroppedTarget[] = []
  for (const own of group.targets) {
    const discovered = discoveredLabels(job, group, own)
    const discoveredList = makeLabels(discovered)
    const target = assembleTarget(job, new Map(discovered), discoveredList)
    if ('error' in target) dropped.push(target)
    else active.push(target)
  }
  return { active, dropped }
}

/** The targets of a job from its groups, each once. */
export function assembleTargets(job: ScrapeConfig, groups: readonly TargetGroup[]): AssembledTargets {
  const all = groups.map((group) => assembleGroup(job, group))
  const active = new Map(all.flatMap((group) => group.active).map((target) => [target.key, target]))
  return { active: [...active.values()], dropped: all.flatMap(({ dropped }) => dropped) }
}

function discoveredLabels(job: ScrapeConfig, group: TargetGroup, own: TargetLabels): Map<string, string> {
  const labels = new Map<string, string>([...Object.entries(group.labels), ...Object.entries(own)])
  const defaults: Record<string, string> = {
    job: job.jobName,
    __scrape_interval__: printDuration(job.intervalMs),
    __scrape_timeout__: printDuration(job.timeoutMs),
    __metrics_path__: job.metricsPath,
    __scheme__: job.scheme,
    [NHCB]: String(job.convertsToNhcb),
    [CLASSIC]: String(job.alwaysScrapesClassic),
    [NATIVE]: String(job.scrapesNativeHistograms),
  }
  for (const [name, [first]] of Object.entries(job.params)) if (first !== undefined) defaults[`__param_${name}`] = first
  for (const [name, value] of Object.entries(defaults)) if ((labels.get(name) ?? '') === '') labels.set(name, value)
  for (const [name, value] of labels) if (value === '') labels.delete(name)
  return labels
}

const NHCB = '__convert_classic_histograms_to_nhcb__'
const CLASSIC = '__always_scrape_classic_histograms__'
const NATIVE = '__scrape_native_histograms__'

function assembleTarget(job: ScrapeConfig, labels: Map<string, string>, discovered: Labels): ScrapeTarget | DroppedTarget {
  const fail = (error: string): DroppedTarget => ({ discoveredLabels: discovered, error })
  if (!relabel(labels, job.relabelRules)) return fail('')
  const socketPath = labels.get('__unix_socket__') ?? ''
  const address = labels.get('__address__') ?? (socketPath === '' ? '' : 'localhost')
  if (address === '') return fail('no address')
  if (address.includes('/')) return fail(`${JSON.stringify(address)} is no host and port`)
  const turns = turnsOf(labels)
  if (typeof turns === 'string') return fail(turns)
  const url = targetUrl(job, labels, address)
  if (url === undefined) return fail(`${JSON.stringify(address)} makes no address to scrape`)
  const histograms = histogramWishes(labels)
  if (typeof histograms === 'string') return fail(histograms)
  if ((labels.get('instance') ?? '') === '') labels.set('instance', address)
  const visible = makeLabels([...labels].filter(([name]) => !name.startsWith('__')))
  const key = JSON.stringify([url, turns, visible, socketPath, histograms])
  return { key, labels: visible, discoveredLabels: discovered, url, socketPath, ...turns, histograms }
}

/** How often and how long a target is scraped, or why that cannot be. */
function turnsOf(labels: ReadonlyMap<string, string>): Pick<ScrapeTarget, 'intervalMs' | 'timeoutMs'> | string {
  const intervalMs = parseDuration(labels.get('__scrape_interval__') ?? '') ?? 0
  const timeoutMs = parseDuration(labels.get('__scrape_timeout__') ?? '') ?? 0
  if (intervalMs <= 0 || timeoutMs <= 0) return 'scrape interval and timeout must be durations above 0'
  if (timeoutMs > intervalMs) return `scrape timeout ${timeoutMs} ms is longer than the interval ${intervalMs} ms`
  return { intervalMs, timeoutMs }
}

/** What relabeling left of a job's wishes, or why they cannot be understood. */
function histogramWishes(labels: ReadonlyMap<string, string>): HistogramWishes | string {
  const unclear = [NHCB, CLASSIC, NATIVE].find((name) => !BOOLEANS.has(labels.get(name) ?? ''))
  if (unclear !== undefined) return `label ${unclear} must be true or false, not ${JSON.stringify(labels.get(unclear))}`
  const is = (name: string): boolean => BOOLEANS.get(labels.get(name) ?? '') ?? false
  return { scrapesNativeHistograms: is(NATIVE), alwaysScrapesClassic: is(CLASSIC), convertsToNhcb: is(NHCB) }
}

/** As Go's strconv.ParseBool reads them; a label that is gone says nothing. */
const BOOLEANS = new Map([
  ['', false],
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text) => [text, false] as const),
])

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
    // In the order of names, as Go's url.Values encodes them.
    for (const [name, values] of [...params].sort(([a], [b]) => (a < b ? -1 : 1)))
      for (const value of values) url.searchParams.append(name, value)
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
