import type { Labels, LogRecord } from '@oriel/model'
import { labelsKey } from '@oriel/model'
import type { LogSource, QueryContext } from '@oriel/store'
import type { LogExpr } from './ast.ts'
import { LineLabels, rememberedKey } from './line-labels.ts'
import { compilePipeline } from './pipeline.ts'
import { planLog } from './plan.ts'
import type { LogEntry, LogQLQuery, LogStream } from './result.ts'

/**
 * Evaluates a log query: lines in time order until `limit` of them passed the pipeline, grouped by their final labels.
 *
 * Stops reading the store as soon as the limit is met.
 */
export async function evaluateLog(
  source: LogSource,
  expr: LogExpr,
  query: Extract<LogQLQuery, { kind: 'range' }>,
  context: QueryContext,
): Promise<readonly LogStream[]> {
  const range = { startNs: query.startNs, endNs: query.endNs }
  const { stages, ...request } = await planLog(expr, range, source, context)
  const step = compilePipeline(stages, undefined)
  const groups = new Groups(query.categorize === true)
  const labels = new LineLabels()
  // With stages left for us, only we can tell how many lines pass.
  const limit = stages.length === 0 ? query.limit : 0
  const records = source.records({ ...request, range, direction: query.direction, limit }, context)
  if (query.limit <= 0) return []
  for await (const batch of records) {
    context.signal.throwIfAborted()
    context.stats.samples += batch.records.length
    for (const record of batch.records) {
      labels.reset(batch.streams[record.stream] ?? [], record.metadata)
      const line = step(record.line, labels, record.tNs)
      if (line === undefined) continue
      groups.add(record, line, labels)
      if (groups.entries >= query.limit) return groups.streams()
    }
  }
  return groups.streams()
}

/** Collects entries by their final labels. */
class Groups {
  entries = 0
  readonly #isCategorized: boolean
  readonly #byKey = new Map<string, { labels: Labels; entries: LogEntry[] }>()

  constructor(isCategorized: boolean) {
    this.#isCategorized = isCategorized
  }

  add({ tNs }: LogRecord, line: string, labels: LineLabels): void {
    const parts = labels.split()
    const { stream, metadata, parsed } = parts
    const shown = this.#isCategorized ? stream : labels.joined(parts)
    // A stream's own labels are one array for all its lines: its key is made once.
    const key = this.#isCategorized || labels.isPlain ? rememberedKey(shown) : labelsKey(shown)
    let group = this.#byKey.get(key)
    if (group === undefined) this.#byKey.set(key, (group = { labels: shown, entries: [] }))
    group.entries.push({ tNs, line, metadata, parsed })
    this.entries++
  }

  streams(): readonly LogStream[] {
    return [...this.#byKey.values()]
  }
}
