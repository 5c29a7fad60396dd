import type { Span, TraceSummary } from '@oriel/model'
import { compileMatcher, unreachable } from '@oriel/model'
import type { QueryContext, TraceSearchRequest } from '@oriel/store'
import { throwIfAborted } from '@oriel/store'
import { allOf, Bindings, tenantCondition } from './conditions.ts'
import type { EngineClient } from './engine/client.ts'
import type { ResourceIndex } from './resources.ts'
import type { NsWindow } from './time.ts'
import { firstSlice, timeConditions, windowOf } from './time.ts'
import type { TraceCondition } from './traces-filter.ts'
import { spanCondition, traceConditions } from './traces-filter.ts'
import { readSpans, SPAN_COLUMNS } from './traces-rows.ts'
import type { TraceFacts } from './traces-summary.ts'
import { BY_TRACE, readTraceFacts } from './traces-summary.ts'

/**
 * Searches newest first: candidates from slices of time, then the facts of their traces, then their matching spans.
 *
 * Conditions on whole traces cannot be told from one span, so candidates ignore them; the facts then say which traces hold them.
 */
export async function searchTraces(
  client: EngineClient,
  resources: ResourceIndex,
  request: TraceSearchRequest,
  context: QueryContext,
): Promise<TraceSummary[]> {
  throwIfAborted(context)
  const found: FoundTrace[] = []
  for await (const { ids, frontierNs } of candidates(client, request, context)) {
    const facts = await readTraceFacts(client, ids, context)
    const wanted = new Map([...facts].filter(([, trace]) => isOfDuration(trace, request)))
    found.push(...(await matchedTraces(client, resources, request, wanted, context)))
    // Traces found from here on have their newest span at the frontier or before it.
    const settled = found.filter(({ newestNs }) => newestNs > frontierNs).length
    if (request.limit > 0 && settled >= request.limit) break
  }
  found.sort(byNewest)
  const summaries = found.map(({ summary }) => summary)
  return request.limit > 0 ? summaries.slice(0, request.limit) : summaries
}

interface FoundTrace {
  readonly newestNs: bigint
  readonly summary: TraceSummary
}

interface Candidates {
  readonly ids: readonly string[]
  /** Later candidates have no matching span after this time. */
  readonly frontierNs: bigint
}

const NS_PER_MINUTE = 60_000_000_000n
// 5 minutes, growing fourfold: a busy store answers from the first, an hour takes three statements.
const FIRST_SLICE_NS = 5n * NS_PER_MINUTE
const GROWTH = 4n
// 200 traces: enough that a condition on whole traces which one in ten holds fills a page of 20 at once.
const CANDIDATES_PER_READ = 200

function byNewest(a: FoundTrace, b: FoundTrace): number {
  if (a.newestNs !== b.newestNs) return a.newestNs > b.newestNs ? -1 : 1
  return a.summary.traceId < b.summary.traceId ? -1 : 1
}

function isOfDuration({ durationNs }: TraceFacts, { minTraceDurationNs, maxTraceDurationNs }: TraceSearchRequest): boolean {
  return (
    (minTraceDurationNs === undefined || durationNs >= minTraceDurationNs) &&
    (maxTraceDurationNs === undefined || durationNs <= maxTraceDurationNs)
  )
}

/** Ids of traces with a matching span, each once, newest first; conditions on whole traces are taken as held. */
async function* candidates(
  client: EngineClient,
  request: TraceSearchRequest,
  context: QueryContext,
): AsyncGenerator<Candidates, void, undefined> {
  const seen = new Set<string>()
  let rest: NsWindow = windowOf(request.range)
  let sliceNs = FIRST_SLICE_NS
  let reads = readSize(request)
  while (rest.firstNs <= rest.lastNs) {
    const slice = firstSlice(rest, sliceNs, 'backward')
    const { sql, params } = candidateStatement(request, slice, reads, context)
    const rows = (await client.query(sql, { params, context })).flatMap((block) => {
      const times = block.bigints('newest')
      return block.strings('trace_id').map((id, row) => ({ id, newestNs: times[row]! }))
    })
    const isCut = rows.length === reads
    const ids = rows.map(({ id }) => id).filter((id) => !seen.has(id))
    for (const id of ids) seen.add(id)
    // A cut read goes on where it stopped, that nanosecond included: others may share it.
    const lastNs = isCut ? (rows.at(-1)?.newestNs ?? slice.firstNs) : slice.firstNs - 1n
    if (ids.length > 0) yield { ids, frontierNs: lastNs }
    if (isCut && lastNs === rest.lastNs) reads *= 2
    if (!isCut) sliceNs *= GROWTH
    rest = { firstNs: rest.firstNs, lastNs }
  }
}

function readSize({ filter, limit, minTraceDurationNs, maxTraceDurationNs }: TraceSearchRequest): number {
  const isExact = minTraceDurationNs === undefined && maxTraceDurationNs === undefined && traceConditions(filter).length === 0
  return isExact && limit > 0 ? limit + 1 : Math.max(limit + 1, CANDIDATES_PER_READ)
}

/** The statement for candidates of one slice; exported for the test that pins it. */
export function candidateStatement(
  request: TraceSearchRequest,
  slice: NsWindow,
  limit: number,
  context: QueryContext,
): { sql: string; params: Bindings['params'] } {
  const bindings = new Bindings()
  const tenants = tenantCondition(context.tenants, bindings)
  const filter = spanCondition(request.filter, bindings, { tenants, traceCondition: () => '1' })
  const sql = `SELECT trace_id, max(toUnixTimestamp64Nano(ts)) AS newest
FROM spans
WHERE ${allOf([tenants, ...timeConditions(slice, bindings), filter])}
GROUP BY trace_id
ORDER BY newest DESC, trace_id
LIMIT ${limit}`
  return { sql, params: bindings.params }
}

/** Those of the traces that have matching spans, with these. */
async function matchedTraces(
  client: EngineClient,
  resources: ResourceIndex,
  request: TraceSearchRequest,
  facts: ReadonlyMap<string, TraceFacts>,
  context: QueryContext,
): Promise<FoundTrace[]> {
  if (facts.size === 0) return []
  const { sql, params } = matchStatement(request, facts, context)
  const blocks = await client.query(sql, { params, context, settings: BY_TRACE })
  const counts = blocks.flatMap((block) => [...block.numbers('matched_count')])
  const newest = blocks.flatMap((block) => [...block.bigints('newest_match')])
  const spans = await readSpans(blocks, resources, context)
  const matches = new Map<string, { newestNs: bigint; count: number; spans: Span[] }>()
  for (const [row, span] of spans.entries()) {
    const match = matches.get(span.traceId)
    if (match === undefined) matches.set(span.traceId, { newestNs: newest[row]!, count: counts[row]!, spans: [span] })
    else match.spans.push(span)
  }
  return [...matches].flatMap(([traceId, { newestNs, count, spans: matched }]) => {
    const trace = facts.get(traceId)
    if (trace === undefined) return []
    const shown = request.spansPerTrace > 0 ? matched : []
    return [{ newestNs, summary: { traceId, ...trace, matched: shown, matchedCount: count } }]
  })
}

/** The statement for matching spans of known traces; exported for the test that pins it. */
export function matchStatement(
  request: TraceSearchRequest,
  facts: ReadonlyMap<string, TraceFacts>,
  context: QueryContext,
): { sql: string; params: Bindings['params'] } {
  const bindings = new Bindings()
  const tenants = tenantCondition(context.tenants, bindings)
  const traceCondition = (condition: TraceCondition) => {
    const holds = compileTraceCondition(condition)
    const ids = [...facts].filter(([, trace]) => holds(trace)).map(([id]) => id)
    return ids.length === 0 ? '0' : `trace_id IN ${bindings.bind(ids, 'Array(String)')}`
  }
  const filter = spanCondition(request.filter, bindings, { tenants, traceCondition })
  const wanted = `trace_id IN ${bindings.bind([...facts.keys()], 'Array(String)')}`
  const sql = `SELECT *, count() OVER (PARTITION BY trace_id) AS matched_count, max(ns) OVER (PARTITION BY trace_id) AS newest_match
FROM (
  SELECT ${SPAN_COLUMNS}
  FROM spans
  WHERE ${allOf([tenants, wanted, ...timeConditions(windowOfTraces(facts, request), bindings), filter])}
  ORDER BY ns, span_id
  LIMIT 1 BY trace_id, span_id
)
ORDER BY trace_id, ns, span_id
LIMIT ${Math.max(1, request.spansPerTrace)} BY trace_id`
  return { sql, params: bindings.params }
}

/** The part of the range that the traces lie in. */
function windowOfTraces(facts: ReadonlyMap<string, TraceFacts>, { range }: TraceSearchRequest): NsWindow {
  let { firstNs, lastNs } = { firstNs: range.endNs, lastNs: range.startNs }
  for (const { startNs, durationNs } of facts.values()) {
    if (startNs < firstNs) firstNs = startNs
    if (startNs + durationNs > lastNs) lastNs = startNs + durationNs
  }
  const whole = windowOf(range)
  return { firstNs: firstNs > whole.firstNs ? firstNs : whole.firstNs, lastNs: lastNs < whole.lastNs ? lastNs : whole.lastNs }
}

function compileTraceCondition(condition: TraceCondition): (trace: TraceFacts) => boolean {
  if (condition.kind !== 'traceDuration') {
    const { kind, op, value } = condition
    const test = compileMatcher({ name: kind, op, value })
    return (trace) => test(trace[kind])
  }
  const { op, valueNs } = condition
  switch (op) {
    case '>':
      return ({ durationNs }) => durationNs > valueNs
    case '>=':
      return ({ durationNs }) => durationNs >= valueNs
    case '<':
      return ({ durationNs }) => durationNs < valueNs
    case '<=':
      return ({ durationNs }) => durationNs <= valueNs
    case '=':
      return ({ durationNs }) => durationNs === valueNs
    case '!=':
      return ({ durationNs }) => durationNs !== valueNs
    default:
      return unreachable(op)
  }
}
