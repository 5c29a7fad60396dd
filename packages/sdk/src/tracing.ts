import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import type { SpanKind, TelemetryLabels } from '@oriel/model'
import { SPAN_KINDS } from '@oriel/model'

/** A finished span of our own. Times are nanoseconds since 1970. */
export interface RecordedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly name: string
  readonly kind: SpanKind
  readonly startNs: bigint
  readonly endNs: bigint
  readonly attributes: TelemetryLabels
  /** The message of the failure, `undefined` when the span went well. */
  readonly error: string | undefined
}

/** Where the work that runs now belongs. */
interface Scope {
  readonly traceId: string
  readonly spanId: string
  /** Not recorded: beyond the budget, or part of delivering our own telemetry. */
  readonly isMuted: boolean
}

/** Limits of the tracer between two drains. */
export interface TracerLimits {
  /** Spans kept between two drains; whole traces beyond it are left out and counted. */
  readonly maxSpans: number
}

/**
 * Records spans of our own through asynchronous work.
 *
 * Attributes are read when the span ends, so the work may add to the object it passed. Three keys are not stored as
 * attributes (they are the names that OpenTelemetry uses where a format has no such field): `span.kind`, `traceparent` (the
 * W3C header of the caller, read at the start) and `otel.status_description` (marks the span as failed).
 */
export class Tracer {
  dropped = 0
  readonly #scope = new AsyncLocalStorage<Scope>()
  readonly #maxSpans: number
  #open = 0
  #finished: RecordedSpan[] = []

  constructor({ maxSpans }: TracerLimits) {
    this.#maxSpans = maxSpans
  }

  /** The recorded span that the calling work belongs to. */
  current(): { readonly traceId: string; readonly spanId: string } | undefined {
    const scope = this.#scope.getStore()
    return scope === undefined || scope.isMuted ? undefined : { traceId: scope.traceId, spanId: scope.spanId }
  }

  get isMuted(): boolean {
    return this.#scope.getStore()?.isMuted ?? false
  }

  /** Runs `work` with nothing of it recorded: how our own telemetry is delivered without telling of itself. */
  mute<T>(work: () => T): T {
    return this.#scope.run(MUTED, work)
  }

  /** Runs `work` as a span; an exception marks the span as failed and goes on. */
  async span<T>(name: string, attributes: TelemetryLabels, work: () => Promise<T>): Promise<T> {
    const parent = this.#scope.getStore()
    if (parent?.isMuted === true) return work()
    if (parent === undefined && this.#open + this.#finished.length >= this.#maxSpans) {
      this.dropped++
      return this.#scope.run(MUTED, work)
    }
    const scope = parent === undefined ? rootScope(attributes) : { ...parent, spanId: newSpanId() }
    const parentSpanId = parent === undefined ? parentOf(attributes) : parent.spanId
    const startNs = nowNs()
    let error: string | undefined
    this.#open++
    try {
      return await this.#scope.run(scope, work)
    } catch (failure) {
      error = failure instanceof Error ? failure.message : String(failure)
      throw failure
    } finally {
      this.#open--
      const { traceparent: _, 'span.kind': kind, 'otel.status_description': said, ...rest } = attributes
      const { traceId, spanId } = scope
      const span = { traceId, spanId, parentSpanId, name, kind: spanKindOf(kind), startNs, endNs: nowNs() }
      this.#finish({ ...span, attributes: rest, error: error ?? said })
    }
  }

  /** Hands over the spans that finished since the last call. */
  drain(): RecordedSpan[] {
    const finished = this.#finished
    this.#finished = []
    return finished
  }

  #finish(span: RecordedSpan): void {
    // Twice the budget: traces that were let in may finish, but a trace of unbounded width may not fill memory.
    if (this.#finished.length < 2 * this.#maxSpans) this.#finished.push(span)
    else this.dropped++
  }
}

/** Reads a W3C traceparent header; `undefined` when it is absent or malformed. Source: W3C Trace Context 2.2. */
export function parseTraceparent(header: string | undefined): { traceId: string; spanId: string } | undefined {
  const match = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}/.exec(header ?? '')
  const traceId = match?.[1]
  const spanId = match?.[2]
  if (traceId === undefined || spanId === undefined || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId }
}

const MUTED: Scope = { traceId: '', spanId: '', isMuted: true }

// The wall clock anchors, the monotonic clock measures: durations stay right when the wall clock steps.
const anchorNs = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint()

/** Nanoseconds since 1970, rising steadily. */
export function nowNs(): bigint {
  return anchorNs + process.hrtime.bigint()
}

function rootScope(attributes: TelemetryLabels): Scope {
  const remote = parseTraceparent(attributes['traceparent'])
  return { traceId: remote?.traceId ?? randomBytes(16).toString('hex'), spanId: newSpanId(), isMuted: false }
}

function parentOf(attributes: TelemetryLabels): string {
  return parseTraceparent(attributes['traceparent'])?.spanId ?? ''
}

function newSpanId(): string {
  return randomBytes(8).toString('hex')
}

function spanKindOf(kind: string | undefined): SpanKind {
  return SPAN_KINDS.find((known) => known === kind) ?? 'internal'
}
