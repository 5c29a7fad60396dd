import type { Span } from '@oriel/model'

/** The spans of one trace with the relations between them. */
export class Trace {
  readonly spans: readonly Span[]
  /** The earliest span without a parent; `undefined` when no such span is stored. */
  readonly root: Span | undefined
  /** From the first start to the last end. */
  readonly durationNs: bigint
  readonly #byId = new Map<string, Span>()
  readonly #children = new Map<string, Span[]>()

  constructor(spans: readonly Span[]) {
    this.spans = spans
    let startNs: bigint | undefined
    let endNs = 0n
    let root: Span | undefined
    for (const span of spans) {
      this.#byId.set(span.spanId, span)
      if (span.parentSpanId !== '') {
        const siblings = this.#children.get(span.parentSpanId)
        if (siblings === undefined) this.#children.set(span.parentSpanId, [span])
        else siblings.push(span)
      } else if (root === undefined || span.startNs < root.startNs) root = span
      if (startNs === undefined || span.startNs < startNs) startNs = span.startNs
      const spanEndNs = span.startNs + span.durationNs
      if (spanEndNs > endNs) endNs = spanEndNs
    }
    this.root = root
    this.durationNs = startNs === undefined ? 0n : endNs - startNs
  }

  parentOf(span: Span): Span | undefined {
    return span.parentSpanId === '' ? undefined : this.#byId.get(span.parentSpanId)
  }

  childrenOf(span: Span): readonly Span[] {
    return this.#children.get(span.spanId) ?? []
  }

  /** Spans with the same parent, the span itself left out. */
  siblingsOf(span: Span): readonly Span[] {
    if (span.parentSpanId === '') return []
    return (this.#children.get(span.parentSpanId) ?? []).filter((other) => other !== span)
  }

  /** Parents up to the root. Broken data may hold a cycle: no span is visited twice. */
  ancestorsOf(span: Span): readonly Span[] {
    const ancestors = new Set<Span>()
    let parent = this.parentOf(span)
    while (parent !== undefined && parent !== span && !ancestors.has(parent)) {
      ancestors.add(parent)
      parent = this.parentOf(parent)
    }
    return [...ancestors]
  }
}
