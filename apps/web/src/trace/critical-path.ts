import type { CriticalStretch, TraceModel, TraceNode } from './trace-model.ts'

/**
 * The chain of work that decided how long the trace took, as stretches in order of time.
 *
 * Walks back from the root's end: at each moment the child that ended last is the one that was waited for; where no child was
 * running, the span itself was. Children that outlive their parent (fire and forget) count only up to the parent's end.
 */
export function criticalPath(model: TraceModel): CriticalStretch[] {
  const root = model.nodes[0]
  if (root === undefined) return []
  const stretches: CriticalStretch[] = []
  const work: { readonly node: TraceNode; readonly fromMs: number; readonly untilMs: number }[] = [
    { node: root, fromMs: root.startMs, untilMs: root.startMs + root.durationMs },
  ]
  for (let next = work.pop(); next !== undefined; next = work.pop()) {
    const { node, fromMs, untilMs } = next
    let at = untilMs
    for (const child of childrenByEnd(model, node)) {
      const startMs = Math.max(child.startMs, fromMs)
      const endMs = Math.min(child.startMs + child.durationMs, untilMs)
      // A child still running when the next one started was not what that one waited for.
      if (endMs <= startMs || endMs > at) continue
      if (at > endMs) stretches.push({ index: node.index, startMs: endMs, endMs: at })
      work.push({ node: child, fromMs: startMs, untilMs: endMs })
      at = startMs
    }
    if (at > fromMs) stretches.push({ index: node.index, startMs: fromMs, endMs: at })
  }
  return stretches.sort((a, b) => a.startMs - b.startMs)
}

/** Stretches by span, for drawing. */
export function stretchesBySpan(stretches: readonly CriticalStretch[]): Map<number, CriticalStretch[]> {
  const bySpan = new Map<number, CriticalStretch[]>()
  for (const stretch of stretches) {
    const own = bySpan.get(stretch.index)
    if (own === undefined) bySpan.set(stretch.index, [stretch])
    else own.push(stretch)
  }
  return bySpan
}

function childrenByEnd(model: TraceModel, node: TraceNode): TraceNode[] {
  const endOf = (child: TraceNode): number => child.startMs + child.durationMs
  return node.children.map((index) => model.nodes[index]!).sort((a, b) => endOf(b) - endOf(a))
}
