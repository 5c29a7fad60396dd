import type { Gauge, MetricBlock, Telemetry, TimeRange } from '@oriel/model'
import { FIRST_SAMPLE_MS, signedAt, silentTelemetry } from '@oriel/model'
import { inSlices } from '@oriel/store'
import type { GatheredSamples } from '../gather.ts'
import type { KnownSeries } from '../series-cache.ts'
import type { WindowRead } from './places.ts'
import type { WindowScan } from './read.ts'
import { readWindow, refsOf, scanWindow } from './read.ts'
import { TenantWindow } from './tenant-window.ts'
import { sliceOf, sliceStartMs } from './time-slices.ts'

/** What a read of the window asks. */
export interface RecentRequest {
  readonly tenant: string
  readonly series: readonly KnownSeries[]
  readonly startMs: number
  readonly endMs: number
  /** See `WindowRead.checkSamples`. */
  readonly checkSamples: (samples: number) => void
  /** Stops the read. */
  readonly signal?: AbortSignal
}

/** Bounds of the window. */
export interface WindowOptions {
  /** Memory that samples may take; the oldest are dropped above it. */
  readonly maxBytes: number
  readonly telemetry?: Telemetry
}

/** 256 MiB: an hour of 400,000 series at 15 s, as far as they compress well. */
export const DEFAULT_WINDOW_BYTES: number = 256 * 2 ** 20

/**
 * The recent samples of all series in memory: a cache of what is stored, never the truth.
 *
 * From `completeFromMs` on it holds every stored sample of every tenant, so that a series it does not know has none there. It
 * stays so because every write passes `noteWritten` once it is stored, and because whatever is dropped raises that time. A write
 * whose outcome is unknown empties the window (`reset`); `prepareOlder` and `addOlder` fill it from the engine again.
 */
export class RecentWindow {
  /** Nothing before it is sure to be held; Infinity when nothing is. */
  completeFromMs: number = Infinity
  /** Rises when the window is emptied: what was read from the engine before must not be added after. */
  epoch = 0
  /** Samples before it are not taken in. */
  #floorMs = FIRST_SAMPLE_MS
  #newestMs = -Infinity
  readonly #tenants = new Map<string, TenantWindow>()
  readonly #maxBytes: number
  readonly #meters: Meters
  #work: Promise<void> | undefined
  #isClosed = false
  /** Everything before it was dropped for its age or for want of room. */
  #evictedMs = -Infinity

  constructor({ maxBytes, telemetry = silentTelemetry }: WindowOptions) {
    this.#maxBytes = maxBytes
    this.#meters = makeMeters(telemetry)
  }

  get byteLength(): number {
    let bytes = 0
    for (const tenant of this.#tenants.values()) bytes += tenant.byteLength
    return bytes
  }

  get maxBytes(): number {
    return this.#maxBytes
  }

  /** Whether the window has all samples from `startMs` on. */
  covers(startMs: number): boolean {
    return startMs >= this.completeFromMs
  }

  /** To be called with every block once it is stored, in the order of writing. Copies what it keeps. */
  noteWritten(blocks: readonly MetricBlock[]): void {
    for (const { tenant, samples } of blocks) {
      if (samples.rows === 0) continue
      const window = this.tenant(tenant)
      window.append(samples, this.#floorMs)
      if (window.newestMs > this.#newestMs) this.#newestMs = window.newestMs
    }
    this.#shrink()
    this.#maintain()
  }

  /** Forgets everything: a write may have been stored that the window does not know of, or stored samples were deleted. */
  reset(blocks: readonly MetricBlock[] = []): void {
    let newestMs = this.#newestMs
    for (const { samples } of blocks) newestMs = Math.max(newestMs, newestOf(samples.tMs.words))
    // What was filled from the engine passed by no write.
    for (const tenant of this.#tenants.values()) newestMs = Math.max(newestMs, tenant.newestMs)
    this.epoch++
    this.#tenants.clear()
    // Later samples than any that could be concerned pass by us: they are held.
    this.#floorMs = newestMs + 1
    this.completeFromMs = this.completeFromMs === Infinity ? Infinity : Math.max(this.completeFromMs, this.#floorMs)
  }

  /** To be called when stored samples of a time were deleted. Whether the window was emptied for it. */
  noteDeleted({ endMs }: TimeRange): boolean {
    if (endMs < this.#floorMs) return false
    this.reset()
    return true
  }

  /**
   * From now on takes in samples from `fromMs` on, so that what is stored now can be read from the engine and added. False when the
   * window has given up that time already.
   */
  prepareOlder(fromMs: number): boolean {
    if (this.#evictedMs > fromMs) return false
    this.#floorMs = Math.min(this.#floorMs, fromMs)
    return true
  }

  /** Says that all samples of all tenants from `fromMs` on have been added; what was dropped meanwhile stays dropped. */
  completeFrom(fromMs: number): void {
    this.completeFromMs = Math.min(this.completeFromMs, Math.max(fromMs, this.#evictedMs))
  }

  /** The samples of a tenant; made when first asked for. */
  tenant(name: string): TenantWindow {
    let window = this.#tenants.get(name)
    if (window === undefined) this.#tenants.set(name, (window = new TenantWindow()))
    return window
  }

  /** Samples of the series in [startMs, endMs], which must not begin before `completeFromMs`; series i as in the request. */
  read(request: RecentRequest): Promise<GatheredSamples> {
    return inSlices(readWindow(this.#begin(request)), request.signal)
  }

  /** The same, to be decoded series by series; `undefined` when there may be native histograms among the samples. */
  scan(request: RecentRequest): Promise<WindowScan | undefined> {
    return inSlices(scanWindow(this.#begin(request)), request.signal)
  }

  #begin({ tenant, series, startMs, endMs, checkSamples }: RecentRequest): WindowRead {
    const window = this.#tenants.get(tenant)
    const refs = window === undefined ? new Int32Array(series.length).fill(-1) : refsOf(window.refs, series)
    const snapshot = window?.snapshot(startMs, endMs) ?? { segments: [], tails: [] }
    return { snapshot, refs, startMs, endMs, checkSamples }
  }

  /** Resolves when nothing is left to compress. */
  async settled(): Promise<void> {
    while (this.#work !== undefined) await this.#work
  }

  /** Compresses what came last too, as it is otherwise left until there is enough of it. For tests and measurements. */
  async compressAll(): Promise<void> {
    // What is under way may not look at what is closed now.
    await this.settled()
    for (const tenant of this.#tenants.values()) tenant.freeze()
    this.#maintain()
    await this.settled()
  }

  close(): void {
    this.#isClosed = true
    this.#tenants.clear()
    this.completeFromMs = Infinity
  }

  #shrink(): void {
    const aged = sliceStartMs(sliceOf(this.#newestMs - MOST_AGE_MS))
    if (aged > this.#evictedMs) this.#dropBefore(aged)
    while (this.byteLength > this.#maxBytes) {
      let oldest = Infinity
      for (const tenant of this.#tenants.values()) oldest = Math.min(oldest, tenant.oldestSlice)
      if (oldest === Infinity) break
      this.#dropBefore(sliceStartMs(oldest + 1))
    }
    for (const tenant of this.#tenants.values()) if (TAIL_SHARE * tenant.tailBytes > this.#maxBytes) tenant.freeze()
    this.#meters.bytes.set(this.byteLength)
    if (Number.isFinite(this.completeFromMs)) this.#meters.from.set(this.completeFromMs / 1_000)
  }

  #dropBefore(floorMs: number): void {
    this.#evictedMs = Math.max(this.#evictedMs, floorMs)
    this.#floorMs = Math.max(this.#floorMs, floorMs)
    this.completeFromMs = Math.max(this.completeFromMs, floorMs)
    for (const [name, tenant] of this.#tenants) {
      tenant.dropBefore(floorMs)
      if (tenant.isEmpty) this.#tenants.delete(name)
    }
  }

  #maintain(): void {
    if (this.#work !== undefined || this.#isClosed) return
    if (![...this.#tenants.values()].some((tenant) => tenant.needsWork)) return
    this.#work = this.#compress().finally(() => {
      this.#work = undefined
    })
  }

  async #compress(): Promise<void> {
    for (const tenant of this.#tenants.values()) {
      if (tenant.needsWork) await inSlices(tenant.maintain(() => this.#floorMs))
    }
    this.#shrink()
  }
}

interface Meters {
  readonly bytes: Gauge
  readonly from: Gauge
}

function makeMeters(telemetry: Telemetry): Meters {
  return {
    bytes: telemetry.gauge('oriel_window_bytes', 'Memory that recent samples take.'),
    from: telemetry.gauge('oriel_window_complete_from_seconds', 'Time from which on all samples are held in memory.'),
  }
}

// 24 hours: beyond it, what is held of slow series is not worth looking after.
const MOST_AGE_MS = 86_400_000
// A quarter of the memory may be samples that are not compressed yet.
const TAIL_SHARE = 4

function newestOf(words: Uint32Array): number {
  let newest = -Infinity
  for (let row = 0; 2 * row < words.length; row++) newest = Math.max(newest, signedAt(words, row))
  return newest
}
