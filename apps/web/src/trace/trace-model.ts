import type { SpanAnswer } from '@oriel/contract'

/** A span in its place in the tree. Times are milliseconds from the trace's start. */
export interface TraceNode {
  readonly span: SpanAnswer
  /** Place in `TraceModel.nodes`. */
  readonly index: number
  readonly depth: number
  readonly parent: number
  readonly children: readonly number[]
  readonly startMs: number
  readonly durationMs: number
  /** Spans below, at any depth. */
  readonly descendants: number
  readonly hasErrorBelow: boolean
  /** Time in which no child was running. */
  readonly selfMs: number
  /** Its parent is named but not stored (sampled away, late, or lost). */
  readonly isOrphan: boolean
}

/** A stretch of the critical path: while it lasts, this span alone keeps the trace from ending. */
export interface CriticalStretch {
  readonly index: number
  readonly startMs: number
  readonly endMs: number
}

/** A trace laid out: nodes in the order of a waterfall (depth first, children by start). */
export interface TraceModel {
  readonly traceId: string
  readonly nodes: readonly TraceNode[]
  readonly startMs: number
  readonly durationMs: number
  readonly services: readonly {
    readonly service: string
    readonly spans: number
    readonly errors: number
    readonly selfMs: number
  }[]
  readonly errorCount: number
  readonly maxDepth: number
  readonly indexOf: ReadonlyMap<string, number>
}

/**
 * Lays out the spans of a trace. Orphans become roots of their own, cycles and self-parents are cut, and the order is stable:
 * by start, then by duration (longest first), then by place in the answer.
 */
export function layOutTrace(traceId: string, spans: readonly SpanAnswer[]): TraceModel {
  const { startNs, starts, ends } = spanTimes(spans)
  const { childrenOf, roots, orphans } = linkSpans(spans, starts, ends)
  const nodes = walk(spans, { childrenOf, roots, orphans, starts, ends })
  // A trace of instants still needs a width to be drawn in.
  let durationMs = 0.001
  for (const end of ends) durationMs = Math.max(durationMs, end)
  return {
    traceId,
    nodes,
    startMs: Number(startNs / 1_000n) / 1_000,
    durationMs,
    services: countServices(nodes),
    errorCount: nodes.filter(({ span }) => span.status === 'error').length,
    maxDepth: nodes.reduce((max, { depth }) => Math.max(max, depth), 0),
    indexOf: new Map(nodes.map(({ span }, index) => [span.spanId, index])),
  }
}

/** The rows in view: every node but those below a collapsed one. */
export function visibleRows(model: TraceModel, collapsed: ReadonlySet<number>): number[] {
  const rows: number[] = []
  for (let i = 0; i < model.nodes.length; i++) {
    rows.push(i)
    if (collapsed.has(i)) i += model.nodes[i]!.descendants
  }
  return rows
}

/** The span to open a trace on: the deepest failed span that no failed child explains; the first by start among equals. */
export function rootCause(model: TraceModel): number | undefined {
  let best: TraceNode | undefined
  for (const node of model.nodes) {
    if (node.span.status !== 'error' || node.hasErrorBelow) continue
    if (best === undefined || node.depth > best.depth) best = node
  }
  return best?.index
}

/** Collapsed nodes that hide `index`. */
export function ancestorsOf(model: TraceModel, index: number): number[] {
  const ancestors: number[] = []
  for (let at = model.nodes[index]?.parent ?? -1; at >= 0; at = model.nodes[at]!.parent) ancestors.push(at)
  return ancestors
}

/** The failed span after or before `from` in the waterfall's order, going round at the ends. */
export function nextError(model: TraceModel, from: number, direction: 1 | -1): number | undefined {
  const count = model.nodes.length
  for (let step = 1; step <= count; step++) {
    const at = (((from + direction * step) % count) + count) % count
    if (model.nodes[at]!.span.status === 'error') return at
  }
  return undefined
}

interface SpanTimes {
  readonly startNs: bigint
  /** Milliseconds from `startNs`, by place in the answer. */
  readonly starts: Float64Array
  readonly ends: Float64Array
}

function spanTimes(spans: readonly SpanAnswer[]): SpanTimes {
  const starts = new Float64Array(spans.length)
  const ends = new Float64Array(spans.length)
  const absolute = spans.map(({ startNs }) => BigInt(startNs))
  let startNs = absolute[0] ?? 0n
  for (const ns of absolute) if (ns < startNs) startNs = ns
  spans.forEach(({ durationNs }, i) => {
    starts[i] = Number(absolute[i]! - startNs) / 1e6
    ends[i] = starts[i]! + Number(durationNs) / 1e6
  })
  return { startNs, starts, ends }
}

interface SpanLinks {
  readonly childrenOf: readonly number[][]
  readonly roots: readonly number[]
  readonly orphans: ReadonlySet<number>
}

function linkSpans(spans: readonly SpanAnswer[], starts: Float64Array, ends: Float64Array): SpanLinks {
  const placeOf = new Map(spans.map(({ spanId }, i) => [spanId, i]))
  const childrenOf: number[][] = spans.map(() => [])
  const roots: number[] = []
  const orphans = new Set<number>()
  spans.forEach(({ parentSpanId }, i) => {
    const parent = parentSpanId === '' ? undefined : placeOf.get(parentSpanId)
    if (parent !== undefined && parent !== i) childrenOf[parent]!.push(i)
    else roots.push(i)
    if (parentSpanId !== '' && parent === undefined) orphans.add(i)
  })
  const byStart = (a: number, b: number): number => starts[a]! - starts[b]! || ends[b]! - ends[a]! || a - b
  for (const children of childrenOf) children.sort(byStart)
  // A true root before orphans that claim to have started earlier (clock skew).
  roots.sort((a, b) => Number(orphans.has(a)) - Number(orphans.has(b)) || byStart(a, b))
  return { childrenOf, roots, orphans }
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

function walk(spans: readonly SpanAnswer[], links: SpanLinks & Pick<SpanTimes, 'starts' | 'ends'>): TraceNode[] {
  const { childrenOf, roots, orphans, starts, ends } = links
  const nodes: Mutable<TraceNode>[] = []
  const seen = new Uint8Array(spans.length)
  const visit = (root: number): void => {
    const stack = [{ place: root, parent: -1, depth: 0 }]
    // An explicit stack: traces of loops are thousands of levels deep.
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const { place, parent, depth } = next
      if (seen[place] === 1) continue
      seen[place] = 1
      const index = nodes.length
      const children = childrenOf[place]!
      const startMs = starts[place]!
      const selfMs = selfTime(children, startMs, ends[place]!, { starts, ends })
      const own = {
        span: spans[place]!,
        index,
        depth,
        parent,
        startMs,
        durationMs: ends[place]! - startMs,
        selfMs,
        isOrphan: orphans.has(place),
      }
      nodes.push({ ...own, children: [], descendants: 0, hasErrorBelow: false })
      for (let i = children.length - 1; i >= 0; i--) stack.push({ place: children[i]!, parent: index, depth: depth + 1 })
    }
  }
  for (const root of roots) visit(root)
  // What no root reaches is in a cycle of parents: cut it at its first span in the answer.
  for (let place = 0; place < spans.length; place++) if (seen[place] === 0) visit(place)
  addUpwards(nodes)
  return nodes
}

function addUpwards(nodes: Mutable<TraceNode>[]): void {
  const children: number[][] = nodes.map(() => [])
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!
    if (node.parent < 0) continue
    const parent = nodes[node.parent]!
    parent.descendants += node.descendants + 1
    if (node.span.status === 'error' || node.hasErrorBelow) parent.hasErrorBelow = true
    children[node.parent]!.push(i)
  }
  nodes.forEach((node, i) => {
    node.children = children[i]!.reverse()
  })
}

/** The span's time that no child covers. `children` are in order of start. */
function selfTime(
  children: readonly number[],
  startMs: number,
  endMs: number,
  { starts, ends }: Pick<SpanTimes, 'starts' | 'ends'>,
): number {
  let self = 0
  let covered = startMs
  for (const child of children) {
    const from = Math.min(Math.max(starts[child]!, covered), endMs)
    self += from - covered
    covered = Math.max(covered, Math.min(ends[child]!, endMs))
  }
  return self + Math.max(0, endMs - covered)
}

function countServices(nodes: readonly TraceNode[]): TraceModel['services'] {
  const counts = new Map<string, { service: string; spans: number; errors: number; selfMs: number }>()
  for (const { span, selfMs } of nodes) {
    const count = counts.get(span.service) ?? { service: span.service, spans: 0, errors: 0, selfMs: 0 }
    counts.set(span.service, count)
    count.spans++
    count.selfMs += selfMs
    if (span.status === 'error') count.errors++
  }
  return [...counts.values()].sort((a, b) => b.selfMs - a.selfMs)
}
