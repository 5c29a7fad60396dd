// One job: its sources, what they come to, and a loop for each target.

import type { Clock, Telemetry } from '@oriel/model'
import { hash64 } from '@oriel/store'
import type { DiscoveryConfig } from '../discovery/config.ts'
import { startDiscovery } from '../discovery/discovery.ts'
import type { TargetGroup } from '../discovery/groups.ts'
import type { Discovery } from '../discovery/poll.ts'
import { HttpClient } from '../fetch/client.ts'
import type { MetricsWriter } from '../metrics.ts'
import type { ScrapeConfig } from '../prometheus-scrape-config.ts'
import type { FailureLogs } from './failure-log.ts'
import type { SharedMetadata } from './families.ts'
import type { LoopOptions } from './loop.ts'
import { ScrapeLoop } from './loop.ts'
import type { ScrapeMeters } from './meters.ts'
import { acceptHeader } from './negotiate.ts'
import { offsetOf } from './offset.ts'
import type { TargetSample, TargetStatus } from './status.ts'
import type { AssembledTargets, DroppedTarget, ScrapeTarget } from './targets.ts'
import { assembleGroup } from './targets.ts'

export interface JobOptions {
  readonly writer: MetricsWriter
  readonly tenant: string
  readonly telemetry: Telemetry
  readonly now: Clock
  readonly meters: ScrapeMeters
  readonly failures: FailureLogs
  readonly metadata: SharedMetadata
  /** What moves this server's turns against those of others. */
  readonly offsetSeed: bigint
}

// 100 ms: sources that speak one after another are one change.
const SETTLE_MS = 100
// 30 s: longer than a first answer takes.
const INHERIT_MS = 30_000
// 32 KiB: the beginning of a body, a few hundred lines.
const SAMPLE_CHARS = 32_768
const SAMPLE_MAX_BYTES = 64 * 2 ** 20

interface Source {
  readonly kind: DiscoveryConfig['kind']
  readonly discovery: Discovery
  /** `undefined` until it has spoken. */
  groups: readonly TargetGroup[] | undefined
}

/** A running job. */
export class Job {
  #config: ScrapeConfig
  readonly #options: JobOptions
  #client: HttpClient
  readonly #socketClients = new Map<string, HttpClient>()
  /** By what they are configured with. */
  readonly #sources = new Map<string, Source>()
  /** Groups of sources that a reload replaced: they hold until the new ones have spoken. */
  #inherited: readonly TargetGroup[] = []
  readonly #loops = new Map<string, ScrapeLoop>()
  /** Loops whose targets have gone, until their series have ended. */
  readonly #leaving = new Map<string, ScrapeLoop>()
  #assembled = new WeakMap<TargetGroup, AssembledTargets>()
  #dropped: readonly DroppedTarget[] = []
  #forcedError = ''
  #timer: NodeJS.Timeout | undefined
  #isStarting = false
  #isStopped = false
  #onEmpty: (() => void) | undefined

  constructor(config: ScrapeConfig, options: JobOptions) {
    this.#config = config
    this.#options = options
    this.#client = new HttpClient(config.http)
    this.#startSources()
    this.#sync()
  }

  /** How many targets were dropped. */
  get droppedCount(): number {
    return this.#dropped.length
  }

  targets(): TargetStatus[] {
    const { jobName, intervalMs, timeoutMs, keepDroppedTargets } = this.#config
    const active = [...this.#loops.values()].map((loop): TargetStatus => {
      const { target, health } = loop
      const { labels, discoveredLabels, url } = target
      const own = { intervalMs: target.intervalMs, timeoutMs: target.timeoutMs, metadata: () => loop.metadata() }
      return { job: jobName, state: 'active', labels, discoveredLabels, url, ...own, ...health }
    })
    const kept = this.#dropped.slice(0, keepDroppedTargets || this.#dropped.length)
    const dropped = kept.map(({ discoveredLabels, error }): TargetStatus => {
      const unknown = { url: '', labels: [], metadata: () => [], health: 'unknown', lastScrapeMs: 0, lastDurationMs: 0 } as const
      return { job: jobName, state: 'dropped', discoveredLabels, intervalMs, timeoutMs, lastError: error, ...unknown }
    })
    return [...active, ...dropped]
  }

  /** See `Scraper.sample`. */
  async sample(url: string, signal: AbortSignal): Promise<TargetSample | undefined> {
    const target = [...this.#loops.values()].find((loop) => loop.target.url === url)?.target
    if (target === undefined) return undefined
    const { protocols, escaping, bodySizeLimit } = this.#config
    // What a person can read comes first.
    const readable = protocols.filter((protocol) => protocol !== 'PrometheusProto')
    const headers = { accept: acceptHeader(readable, escaping), 'accept-encoding': 'gzip', 'user-agent': 'Oriel' }
    const { timeoutMs } = target
    const began = performance.now()
    try {
      const options = { headers, timeoutMs, maxBytes: bodySizeLimit || SAMPLE_MAX_BYTES, signal }
      const { status, contentType, body } = await this.#clientOf(target).get(url, options)
      const text = new TextDecoder().decode(body.subarray(0, 4 * SAMPLE_CHARS)).slice(0, SAMPLE_CHARS)
      const isCut = text.length === SAMPLE_CHARS || body.length > 4 * SAMPLE_CHARS
      return { status, contentType, text, bodyBytes: body.length, isCut, durationMs: performance.now() - began, error: '' }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const none = { status: 0, contentType: '', text: '', bodyBytes: 0, isCut: false }
      return { ...none, durationMs: performance.now() - began, error: reason }
    }
  }

  /** Takes over a new configuration of the same name. */
  reload(config: ScrapeConfig): void {
    const before = this.#config
    if (print(before) === print(config)) return
    this.#config = config
    // Rules and defaults may have changed.
    this.#assembled = new WeakMap()
    if (print(before.http) !== print(config.http)) this.#replaceClients()
    this.#startSources()
    this.#sync({ isChanged: true })
  }

  /** Ends every series at its target's next turn, then calls `onEmpty`. */
  leave(onEmpty: () => void): void {
    this.#onEmpty = onEmpty
    for (const { discovery } of this.#sources.values()) discovery.stop()
    this.#sources.clear()
    this.#inherited = []
    this.#sync()
    this.#checkEmpty()
  }

  /** Ends all at once; series go on at the next start. */
  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    for (const { discovery } of this.#sources.values()) discovery.stop()
    await Promise.all([...this.#loops.values(), ...this.#leaving.values()].map((loop) => loop.stop()))
    await Promise.all([this.#client, ...this.#socketClients.values()].map((client) => client.close()))
  }

  /** Sources that stay as they were go on undisturbed. */
  #startSources(): void {
    const wanted = new Map(this.#config.discoveries.map((discovery) => [print(discovery), discovery]))
    for (const [key, source] of this.#sources) {
      if (wanted.has(key)) continue
      source.discovery.stop()
      this.#sources.delete(key)
      if (source.kind !== 'static') this.#inherit(source.groups ?? [])
    }
    this.#isStarting = true
    for (const [key, config] of wanted) {
      if (this.#sources.has(key)) continue
      let early: readonly TargetGroup[] | undefined
      const discovery = startDiscovery(config, {
        update: (groups) => {
          const source = this.#sources.get(key)
          if (source === undefined) early = groups
          else source.groups = groups
          this.#scheduleSync()
        },
        warn: (error, source = '') => this.#warn(config.kind, error, source),
      })
      this.#sources.set(key, { kind: config.kind, discovery, groups: early })
    }
    this.#isStarting = false
  }

  /** Targets of a source that a reload changed go on until it has spoken, for a while. */
  #inherit(groups: readonly TargetGroup[]): void {
    this.#inherited = [...this.#inherited, ...groups]
    setTimeout(() => {
      this.#inherited = []
      this.#scheduleSync()
    }, INHERIT_MS).unref()
  }

  #warn(kind: string, error: unknown, source: string): void {
    const { telemetry, meters } = this.#options
    const reason = error instanceof Error ? error.message : String(error)
    meters.syncFailures.add(1, { scrape_job: this.#config.jobName })
    telemetry.log('warn', 'targets could not be discovered', { job: this.#config.jobName, kind, source, reason })
  }

  #scheduleSync(): void {
    if (this.#isStarting || this.#isStopped) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#sync()
    }, SETTLE_MS).unref()
  }

  /** The groups in force, and what they come to. */
  #assemble(): AssembledTargets {
    const sources = [...this.#sources.values()]
    if (sources.every(({ groups }) => groups !== undefined)) this.#inherited = []
    const groups = [...this.#inherited, ...sources.flatMap((source) => source.groups ?? [])]
    const all = groups.map((group) => {
      const known = this.#assembled.get(group) ?? assembleGroup(this.#config, group)
      this.#assembled.set(group, known)
      return known
    })
    return { active: all.flatMap(({ active }) => active), dropped: all.flatMap(({ dropped }) => dropped) }
  }

  /** Starts loops of targets that are new, lets those of targets that have gone leave. */
  #sync({ isChanged = false }: { readonly isChanged?: boolean } = {}): void {
    const { active, dropped } = this.#assemble()
    this.#dropped = dropped
    const wanted = new Map(active.map((target) => [target.key, target]))
    const isForced = this.#checkLimit(wanted.size)
    this.#leaveAllBut(wanted)
    for (const [key, target] of wanted) this.#keepOrStart(key, target, isChanged || isForced)
    const { meters } = this.#options
    meters.syncs.add(1, { scrape_job: this.#config.jobName })
    meters.targets.set(this.#loops.size, { scrape_job: this.#config.jobName })
    meters.targetLimits.set(this.#config.targetLimit, { scrape_job: this.#config.jobName })
  }

  /** Tells whether loops must be told of the target limit, or of its end. */
  #checkLimit(targets: number): boolean {
    const { targetLimit } = this.#config
    const isOver = targetLimit > 0 && targets > targetLimit
    const error = isOver ? `cannot scrape: ${targets} targets, target_limit ${targetLimit}` : ''
    if (isOver) this.#options.meters.targetLimit.add(1)
    const isNew = error !== this.#forcedError
    this.#forcedError = error
    return isNew
  }

  #leaveAllBut(wanted: ReadonlyMap<string, ScrapeTarget>): void {
    // The same series under another interval or address go on: they must not end.
    const staying = new Set([...wanted.values()].map(({ labels }) => print(labels)))
    for (const [key, loop] of this.#loops) {
      if (wanted.has(key)) continue
      this.#loops.delete(key)
      if (staying.has(print(loop.target.labels))) {
        void loop.stop()
        continue
      }
      this.#leaving.set(key, loop)
      loop.leave(() => {
        this.#leaving.delete(key)
        this.#checkEmpty()
      })
    }
  }

  #keepOrStart(key: string, target: ScrapeTarget, isChanged: boolean): void {
    const back = this.#leaving.get(key)
    if (back !== undefined) {
      this.#leaving.delete(key)
      back.stay()
      this.#loops.set(key, back)
    }
    const known = this.#loops.get(key)
    if (known !== undefined) {
      if (isChanged) known.update(this.#loopOptions(target))
      return
    }
    const loop = new ScrapeLoop(target, this.#loopOptions(target))
    this.#loops.set(key, loop)
    loop.start(offsetOf(key, target.intervalMs, (text) => hash64(text) ^ this.#options.offsetSeed))
  }

  #loopOptions(target: ScrapeTarget): LoopOptions {
    const { offsetSeed: _offsetSeed, ...options } = this.#options
    return { ...options, job: this.#config, client: this.#clientOf(target), forcedError: this.#forcedError }
  }

  #clientOf({ socketPath }: ScrapeTarget): HttpClient {
    if (socketPath === '') return this.#client
    const known = this.#socketClients.get(socketPath) ?? new HttpClient(this.#config.http, { socketPath })
    this.#socketClients.set(socketPath, known)
    return known
  }

  #replaceClients(): void {
    for (const client of [this.#client, ...this.#socketClients.values()]) void client.retire()
    this.#socketClients.clear()
    this.#client = new HttpClient(this.#config.http)
  }

  #checkEmpty(): void {
    if (this.#onEmpty === undefined || this.#leaving.size > 0) return
    const onEmpty = this.#onEmpty
    this.#onEmpty = undefined
    onEmpty()
    void this.stop()
  }
}

/** A text that is equal for equal values. A relabel rule's modulus is a bigint, which JSON does not print. */
function print(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part))
}
