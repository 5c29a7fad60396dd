// The way in for metrics: one road for pushed and scraped samples.

import type { Clock, Telemetry } from '@oriel/model'
import { silentTelemetry } from '@oriel/model'
import type { DeleteRequest, Sink } from '@oriel/store'
import type { OrderedMetricTarget, OtlpMetricSettings, RemoteWriteCounts } from '@oriel/wire'
import { decodeRemoteWriteV1, decodeRemoteWriteV2, DEFAULT_OTLP_SETTINGS, OtlpMetricsDecoder } from '@oriel/wire'
import type { BatchLimits } from './batch.ts'
import { CommitQueue, DEFAULT_BATCH_LIMITS } from './batch.ts'
import { CardinalityGuard } from './guard/cardinality.ts'
import type { OpenMetricBlock } from './metrics-block.ts'
import { metricBlocks } from './metrics-block.ts'
import type { DictionaryLimits } from './metrics-dictionary.ts'
import { DEFAULT_DICTIONARY_LIMITS, SeriesDictionary } from './metrics-dictionary.ts'
import { DEFAULT_INGEST_LIMITS } from './limits.ts'
import type { IngestLimits } from './limits.ts'
import type { Rejected, StartMode } from './metrics-target.ts'
import { TenantMetrics } from './metrics-target.ts'

/** What became of the samples of one body. What was accepted is stored and visible to the next query. */
export interface MetricsResult {
  /** Samples stored. */
  readonly accepted: number
  readonly rejected: readonly Rejected[]
}

/** `MetricsResult` of remote write, with the counts that version 2.0 answers in headers. */
export interface RemoteWriteResult extends MetricsResult {
  readonly written: RemoteWriteCounts
}

/** What became of an OTLP body, in data points as its answer counts them. */
export interface OtlpMetricsResult {
  readonly accepted: number
  readonly rejected: number
  /** Why points were rejected, with counts and examples; '' for none. */
  readonly reason: string
}

export interface MetricsOptions {
  readonly limits?: IngestLimits
  readonly batch?: BatchLimits
  readonly dictionary?: DictionaryLimits
  readonly telemetry?: Telemetry
  readonly now?: Clock
  /** What becomes of the starts that sources tell. */
  readonly starts?: StartMode
  /** Whether types and units become labels, see `typeLabels` of wire. */
  readonly hasTypeLabels?: boolean
  /** Bounds the series of tenants; one with default budgets if not given. */
  readonly guard?: CardinalityGuard
}

/** How something is written. */
export interface WriteOptions {
  /** Who sends it, in words. */
  readonly sender?: string
  /** How long it may wait for others to be written with it. */
  readonly waitMs?: number
}

/** The open way in for metrics. Methods reject as `CommitQueue.append` does, and with `WireError` for bodies that cannot be read. */
export interface MetricsWriter {
  /**
   * Stores a remote-write body, decompressed. `version` is by content type: 1 for `prometheus.WriteRequest` (and no `proto=`), 2 for
   * `io.prometheus.write.v2.Request`, see `remoteWriteVersion`.
   */
  writeRemoteWrite(tenant: string, body: Uint8Array, version: 1 | 2, sender?: string): Promise<RemoteWriteResult>
  /** Stores an OTLP `ExportMetricsServiceRequest`, decompressed. Delta temporality is refused by name unless the settings allow it. */
  writeOtlp(tenant: string, body: Uint8Array): Promise<OtlpMetricsResult>
  /** Runs `decode` on the tenant's target and stores what it wrote: scrapes, and every other source. */
  write<Result>(
    tenant: string,
    decode: (target: OrderedMetricTarget) => Result,
    options?: WriteOptions,
  ): Promise<MetricsResult & { readonly result: Result }>
  /** Deletes samples, and takes series without any from the index; see `Sink.deleteMetrics`. */
  delete(request: DeleteRequest): Promise<void>
  /** Series that are held in memory, over all tenants. */
  readonly series: number
  /** Bounds the series of tenants. */
  readonly guard: CardinalityGuard
  /** How OTLP becomes series from the next body on. */
  setOtlp(settings: OtlpMetricSettings): void
  /** Refuses new bodies, writes what is held. */
  close(): Promise<void>
}

/** Opens the way in for metrics to `sink`. */
export function openMetricsWriter(sink: Sink, options: MetricsOptions = {}): MetricsWriter {
  return new Writer(sink, options)
}

/** The version that a Content-Type names, or `undefined` for one that is no remote write (answer 415). Source: specification 2.0. */
export function remoteWriteVersion(contentType: string): 1 | 2 | undefined {
  const [media = '', ...parameters] = contentType.split(';').map((part) => part.trim())
  if (media !== '' && media.toLowerCase() !== 'application/x-protobuf') return undefined
  const proto = parameters.find((parameter) => parameter.toLowerCase().startsWith('proto='))?.slice('proto='.length)
  if (proto === undefined || proto === 'prometheus.WriteRequest') return 1
  return proto === 'io.prometheus.write.v2.Request' ? 2 : undefined
}

// 64 tenants: dictionaries of the least recently seen are dropped first, and built again from the next bodies.
const MAX_TENANTS = 64
// 1.5 GiB over all tenants: one at its default budget, which takes twice its size after each turn, and many small ones.
const MAX_DICTIONARY_BYTES = 1_536 * 2 ** 20
// Adding up is cheap but not free; a dictionary cannot grow by much in so many bodies.
const TRIM_EVERY = 64

interface Tenant {
  readonly target: TenantMetrics
  otlp: OtlpMetricsDecoder
}

class Writer implements MetricsWriter {
  readonly guard: CardinalityGuard
  readonly #sink: Sink
  readonly #queue: CommitQueue<OpenMetricBlock>
  readonly #tenants = new Map<string, Tenant>()
  readonly #limits: IngestLimits
  readonly #dictionary: DictionaryLimits
  readonly #now: Clock
  readonly #meters: Meters
  #calls = 0
  #otlp = DEFAULT_OTLP_SETTINGS
  readonly #targets: { readonly starts: StartMode; readonly hasTypeLabels: boolean }

  constructor(
    sink: Sink,
    {
      limits = DEFAULT_INGEST_LIMITS,
      batch = DEFAULT_BATCH_LIMITS,
      dictionary = DEFAULT_DICTIONARY_LIMITS,
      telemetry = silentTelemetry,
      now = Date.now,
      starts = 'ignored',
      hasTypeLabels = false,
      guard = new CardinalityGuard(telemetry),
    }: MetricsOptions,
  ) {
    this.guard = guard
    this.#sink = sink
    this.#queue = new CommitQueue(metricBlocks(sink), { limits: batch, telemetry })
    this.#limits = limits
    this.#dictionary = dictionary
    this.#now = now
    this.#targets = { starts, hasTypeLabels }
    this.#meters = makeMeters(telemetry)
  }

  async writeRemoteWrite(tenant: string, body: Uint8Array, version: 1 | 2, sender = 'remote write'): Promise<RemoteWriteResult> {
    const decode = version === 1 ? decodeRemoteWriteV1 : decodeRemoteWriteV2
    const { accepted, rejected, result } = await this.write(tenant, (target) => decode(body, target), { sender })
    return { accepted, rejected, written: result }
  }

  async writeOtlp(tenant: string, body: Uint8Array): Promise<OtlpMetricsResult> {
    const { rejected, result } = await this.write(tenant, (target) => this.#tenantOf(tenant).otlp.decode(body, target), {
      sender: 'OTLP',
    })
    const reasons = rejected.map(({ reason, count, example }) => `${count} ${reason}, such as ${example}`)
    return { accepted: result.points, rejected: result.rejectedPoints, reason: reasons.join('; ') }
  }

  async write<Result>(
    tenant: string,
    decode: (target: OrderedMetricTarget) => Result,
    { sender = 'scrape', waitMs }: WriteOptions = {},
  ): Promise<MetricsResult & { readonly result: Result }> {
    const append = (block: OpenMetricBlock) => {
      const { target } = this.#tenantOf(tenant)
      target.begin(block, sender)
      const result = decode(target)
      return { result, accepted: target.accepted, rejected: target.rejected() }
    }
    const outcome = await this.#queue.append(tenant, append, waitMs === undefined ? {} : { waitMs })
    this.guard.tell(this.#now())
    this.#meters.samples.add(outcome.accepted)
    for (const { reason, count } of outcome.rejected) this.#meters.rejected.add(count, { reason })
    return outcome
  }

  async delete(request: DeleteRequest): Promise<void> {
    // What is written from here on brings its series to the index again; what was held before would not.
    this.#tenants.get(request.tenant)?.target.dictionary.forget()
    await this.#queue.written()
    await this.#sink.deleteMetrics(request)
  }

  get series(): number {
    let series = 0
    for (const { target } of this.#tenants.values()) series += target.dictionary.series
    return series
  }

  setOtlp(settings: OtlpMetricSettings): void {
    this.#otlp = settings
    for (const tenant of this.#tenants.values())
      tenant.otlp = new OtlpMetricsDecoder(settings, { totals: tenant.otlp.totals, now: this.#now })
  }

  async close(): Promise<void> {
    await this.#queue.close()
  }

  #tenantOf(name: string): Tenant {
    const tenant = this.#tenants.get(name) ?? this.#openTenant(name)
    this.#tenants.delete(name)
    this.#tenants.set(name, tenant)
    if (this.#tenants.size > MAX_TENANTS || this.#calls++ % TRIM_EVERY === 0) this.#forgetTenants(name)
    return tenant
  }

  #openTenant(name: string): Tenant {
    const guard = this.guard.open(name, this.#now())
    const dictionary = new SeriesDictionary(this.#limits, { limits: this.#dictionary, guard, now: this.#now })
    this.guard.watch(name, guard, () => dictionary.activeSeries)
    return {
      target: new TenantMetrics(dictionary, this.#now, this.#targets),
      otlp: new OtlpMetricsDecoder(this.#otlp, { now: this.#now }),
    }
  }

  /** Drops dictionaries of the tenants that were quiet longest, until all that remain are within bounds. */
  #forgetTenants(current: string): void {
    let bytes = 0
    for (const { target } of this.#tenants.values()) bytes += target.dictionary.byteLength
    for (const [name, { target }] of this.#tenants) {
      if ((this.#tenants.size <= MAX_TENANTS && bytes <= MAX_DICTIONARY_BYTES) || name === current) return
      bytes -= target.dictionary.byteLength
      this.#tenants.delete(name)
      this.guard.forget(name)
    }
  }
}

interface Meters {
  readonly samples: ReturnType<Telemetry['counter']>
  readonly rejected: ReturnType<Telemetry['counter']>
}

function makeMeters(telemetry: Telemetry): Meters {
  return {
    samples: telemetry.counter('oriel_ingest_samples_total', 'Samples stored'),
    rejected: telemetry.counter('oriel_ingest_samples_rejected_total', 'Samples, exemplars and histograms refused, by reason'),
  }
}
