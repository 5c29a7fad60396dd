import { ask, dig, listOf, textOf } from './client.ts'
import { CliError } from './errors.ts'
import { printLabels, printValues } from './query-values.ts'
import type { Terminal } from './table.ts'
import { paint, printTable } from './table.ts'
import { parseDuration, parseTime, printDuration, printTime } from './times.ts'
import { printTrace } from './trace-tree.ts'

/** What the query commands share. Times as written by the user. */
export interface QueryOptions {
  readonly url: string
  readonly json?: boolean
  readonly from?: string
  readonly to: string
  readonly step?: string
  readonly limit?: string
}

/** `oriel query promql`: one time, or with --from a range with a chart. */
export async function queryPromQL(expr: string, options: QueryOptions, terminal: Terminal): Promise<string> {
  const nowMs = Date.now()
  const toMs = parseTime('--to', options.to, nowMs)
  const limit = options.limit === undefined ? {} : { limit: options.limit }
  if (options.from === undefined) {
    const text = await ask(options.url, 'prometheus/api/v1/query', { query: expr, time: String(toMs / 1_000), ...limit })
    return options.json === true ? `${text}\n` : withWarnings(text, terminal)
  }
  const fromMs = parseTime('--from', options.from, nowMs)
  const range = { start: String(fromMs / 1_000), end: String(toMs / 1_000), step: stepOf(options, fromMs, toMs) }
  const text = await ask(options.url, 'prometheus/api/v1/query_range', { query: expr, ...range, ...limit })
  return options.json === true ? `${text}\n` : withWarnings(text, terminal)
}

/** `oriel query logql`: lines, or a chart for a metric query. The last hour unless --from says otherwise. */
export async function queryLogQL(expr: string, options: QueryOptions, terminal: Terminal): Promise<string> {
  const nowMs = Date.now()
  const toMs = parseTime('--to', options.to, nowMs)
  const fromMs = parseTime('--from', options.from ?? 'now-1h', nowMs)
  // For people, the labels that tell streams apart; programs get everything.
  const headers = options.json === true ? {} : { 'x-loki-response-encoding-flags': 'categorize-labels' }
  const parameters = {
    query: expr,
    start: String(BigInt(fromMs) * 1_000_000n),
    end: String(BigInt(toMs) * 1_000_000n),
    step: stepOf(options, fromMs, toMs),
    limit: options.limit ?? '100',
  }
  const text = await ask(options.url, 'loki/api/v1/query_range', parameters, headers)
  if (options.json === true) return `${text}\n`
  const answer: unknown = JSON.parse(text)
  if (dig(answer, 'data', 'resultType') !== 'streams') return withWarnings(text, terminal)
  return printLines(listOf(dig(answer, 'data', 'result')), terminal)
}

/** `oriel query traces`: a search in TraceQL, newest first. */
export async function queryTraces(expr: string, options: QueryOptions, terminal: Terminal): Promise<string> {
  const nowMs = Date.now()
  const from = String(parseTime('--from', options.from ?? 'now-1h', nowMs))
  const to = String(parseTime('--to', options.to, nowMs))
  const text = await ask(options.url, 'api/oriel/traces', { q: expr, from, to, limit: options.limit ?? '20' })
  if (options.json === true) return `${text}\n`
  const traces = listOf(dig(JSON.parse(text), 'traces'))
  if (traces.length === 0) return 'no traces\n'
  const rows = traces.map((trace) => [
    textOf(dig(trace, 'traceId')),
    printTime(Number(BigInt(textOf(dig(trace, 'startNs'))) / 1_000_000n)),
    printDuration(BigInt(textOf(dig(trace, 'durationNs')))),
    textOf(dig(trace, 'spanCount')),
    textOf(dig(trace, 'errorCount')),
    `${textOf(dig(trace, 'rootService'))}: ${textOf(dig(trace, 'rootName'))}`,
  ])
  return printTable(['trace', 'start', 'duration', 'spans', 'errors', 'root'], rows, terminal)
}

/** `oriel query trace ID`: the spans as a tree. */
export async function queryTrace(id: string, options: QueryOptions, terminal: Terminal): Promise<string> {
  if (!/^[\da-f]{1,32}$/i.test(id))
    throw new CliError('CLI_BAD_ARGUMENT', `cannot read trace id ${JSON.stringify(id)}: it is hexadecimal`)
  const text = await ask(options.url, `api/oriel/traces/${id}`, {})
  return options.json === true ? `${text}\n` : printTrace(listOf(dig(JSON.parse(text), 'spans')), terminal)
}

/** About 120 points fill a terminal; whole seconds, so that they fall on scrapes. */
function stepOf({ step }: QueryOptions, fromMs: number, toMs: number): string {
  if (toMs <= fromMs) throw new CliError('CLI_BAD_ARGUMENT', 'cannot query: --to is not after --from')
  const stepMs =
    step === undefined ? Math.max(1_000, Math.ceil((toMs - fromMs) / 120_000) * 1_000) : parseDuration('--step', step)
  return String(stepMs / 1_000)
}

function withWarnings(text: string, terminal: Terminal): string {
  const answer: unknown = JSON.parse(text)
  const told = [...listOf(dig(answer, 'warnings')), ...listOf(dig(answer, 'infos'))].map(
    (warning) => `${paint(textOf(warning), 'yellow', terminal)}\n`,
  )
  return told.join('') + printValues(dig(answer, 'data'), terminal)
}

function printLines(streams: readonly unknown[], terminal: Terminal): string {
  const lines = streams.flatMap((stream) =>
    listOf(dig(stream, 'values')).map((entry) => ({
      tNs: BigInt(textOf(dig(entry, 0)) || '0'),
      line: textOf(dig(entry, 1)),
      labels: printLabels(dig(stream, 'stream')),
    })),
  )
  if (lines.length === 0) return 'no lines\n'
  lines.sort((a, b) => (a.tNs < b.tNs ? -1 : a.tNs > b.tNs ? 1 : 0))
  return lines
    .map(
      ({ tNs, line, labels }) =>
        `${paint(printTime(Number(tNs / 1_000_000n)), 'dim', terminal)} ${line} ${paint(labels, 'dim', terminal)}\n`,
    )
    .join('')
}
