// From decoded spans to rows of a span block. A hot path (bench/HOTPATHS.md).

import type { SpanBlock } from '@oriel/model'
import { SpanColumns, UNKNOWN_SERVICE } from '@oriel/model'
import type { OtlpScope, SpanRow, SpanTarget } from '@oriel/wire'
import { ByteTable, decodeOtlpResource, decodeOtlpScope, Interner, PARENT_ID_AT, SPAN_ID_AT } from '@oriel/wire'
import { dayOf, isStorable } from './day.ts'
import type { IngestLimits } from './limits.ts'
import type { Accepted } from './log-writer.ts'
import { makeResource } from './log-streams.ts'
import type { RequestRows } from './retries.ts'
import type { SeenResource } from './seen.ts'

/** Where the rows of one body go. */
export interface SpanRequestContext {
  readonly block: SpanBlock
  readonly rows: RequestRows
  readonly nowMs: number
}

/** Fills span blocks of one tenant. Remembers the tenant's resources between bodies; takes one body at a time. */
export class SpanWriter implements SpanTarget {
  spans: SpanColumns = new SpanColumns()
  readonly #limits: IngestLimits
  readonly #resources = new ByteTable<SeenResource>({ maxEntries: MAX_RESOURCES })
  readonly #words: Interner
  #context: SpanRequestContext | undefined
  #resource: SeenResource | undefined
  #scope: OtlpScope = NO_SCOPE
  #accepted = 0
  #rejected = 0
  #reason = ''

  /** `words` may be shared by all writers of a process. */
  constructor(limits: IngestLimits, words: Interner = new Interner()) {
    this.#words = words
    this.#limits = limits
  }

  /** Runs `decode` with this as its target; its rows go to the context's block. Throws what `decode` throws. */
  write(context: SpanRequestContext, decode: (target: SpanTarget) => void): Accepted {
    this.#context = context
    this.spans = context.block.spans
    this.#resource = undefined
    this.#scope = NO_SCOPE
    this.#accepted = 0
    this.#rejected = 0
    this.#reason = ''
    decode(this)
    return { accepted: this.#accepted, rejected: this.#rejected, reason: this.#reason }
  }

  enterResource(source: Uint8Array, start: number, end: number): void {
    this.#scope = NO_SCOPE
    this.#resource = start === end ? undefined : this.#resources.get(source, start, end)
    if (this.#resource !== undefined || start === end) return
    const attributes = decodeOtlpResource(source, start, end)
    this.#resource = makeResource(attributes, attributes['service.name'] ?? '')
    this.#resources.add(source, start, end, this.#resource)
  }

  enterScope(source: Uint8Array, start: number, end: number): void {
    this.#scope = start === end ? NO_SCOPE : decodeOtlpScope(source, start, end)
  }

  word(source: Uint8Array, start: number, end: number): string {
    return this.#words.intern(source, start, end)
  }

  closeRow(row: SpanRow): void {
    const { block, rows, nowMs } = this.#context!
    const { spans } = block
    const refusal = this.#refusalOf(row, this.#context!)
    if (refusal !== undefined) {
      this.#rejected++
      if (this.#reason === '') this.#reason = refusal
      spans.attributes.truncate(spans.rows)
      return
    }
    this.#accepted++
    rows.select(dayOf(row.startLow, row.startHigh))
    if (rows.isStored) {
      spans.attributes.truncate(spans.rows)
      return
    }
    const resource = this.#resource
    if (resource !== undefined && resource.claimOn(Math.floor(nowMs / MS_PER_DAY), block)) block.resources.push(resource)
    this.#pushRow(row, spans)
    spans.requestId.push(rows.low, rows.high)
  }

  #refusalOf(row: SpanRow, { block, rows }: SpanRequestContext): string | undefined {
    if (row.traceIdEnd === 0) return 'span without a valid trace id'
    if (row.spanIdEnd === SPAN_ID_AT) return 'span without a valid span id'
    if (!isStorable(row.startHigh)) return 'start after 2262-04-11'
    if (!rows.admits(dayOf(row.startLow, row.startHigh), this.#limits.maxDaysPerBody))
      return `spans of more than ${this.#limits.maxDaysPerBody} days in one body`
    const { attributes } = block.spans
    const count = attributes.openEntries
    return count > this.#limits.maxAttributes ? `span of ${count} attributes, limit ${this.#limits.maxAttributes}` : undefined
  }

  #pushRow(row: SpanRow, spans: SpanColumns): void {
    const resource = this.#resource
    spans.service.push(resource?.service ?? UNKNOWN_SERVICE)
    spans.name.push(row.name)
    spans.traceId.pushBytes(row.ids, 0, row.traceIdEnd)
    spans.spanId.pushBytes(row.ids, SPAN_ID_AT, row.spanIdEnd)
    spans.parentSpanId.pushBytes(row.ids, PARENT_ID_AT, row.parentSpanIdEnd)
    spans.traceState.push(row.traceState)
    spans.kind.push(row.kind <= MAX_KIND ? row.kind : 0)
    spans.status.push(row.status <= MAX_STATUS ? row.status : 0)
    spans.statusMessage.push(row.statusMessage)
    spans.startNs.push(row.startLow, row.startHigh)
    pushDuration(row, spans)
    spans.resourceId.push(resource?.low ?? 0, resource?.high ?? 0)
    spans.scopeName.push(this.#scope.name)
    spans.scopeVersion.push(this.#scope.version)
    spans.flags.push(row.flags)
    for (const [key, value] of Object.entries(this.#scope.attributes)) {
      spans.attributes.keys.push(key)
      spans.attributes.values.pushString(value)
    }
    spans.attributes.closeRow()
    if (row.events === '') spans.events.pushBytes(row.ids, 0, 0)
    else spans.events.pushString(`[${row.events}]`)
    if (row.links === '') spans.links.pushBytes(row.ids, 0, 0)
    else spans.links.pushString(`[${row.links}]`)
  }
}

const NO_SCOPE: OtlpScope = { name: '', version: '', attributes: {} }
const MAX_RESOURCES = 16_384
const MS_PER_DAY = 86_400_000
// Numbers past those of the specification count as unspecified and unset.
const MAX_KIND = 5
const MAX_STATUS = 2

/** End minus start, 0 where a clock ran backwards. */
function pushDuration(row: SpanRow, spans: SpanColumns): void {
  let low = row.endLow - row.startLow
  let high = row.endHigh - row.startHigh
  if (low < 0) {
    low += 2 ** 32
    high--
  }
  if (high < 0) spans.durationNs.push(0, 0)
  else spans.durationNs.push(low, high)
}
