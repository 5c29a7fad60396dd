// A hot path (bench/HOTPATHS.md): up to thousands of lines an answer.
import type { LogEntry, LogQLData, LogStream } from '@oriel/logql'
import type { QueryAnswer } from '@oriel/query'
import { printNumber } from '@oriel/syntax'
import { printSeconds } from '../prometheus/number-bytes.ts'
import { printLabels, printMatrix } from '../prometheus/print.ts'

/** The whole answer of a query in pieces. `isCategorized` keeps metadata and parsed labels beside each line. */
export function* printAnswer(answer: QueryAnswer<LogQLData>, isCategorized: boolean): Generator<string | Uint8Array> {
  const warnings = answer.warnings.map(({ message }) => message)
  const warningsText = warnings.length === 0 ? '' : `"warnings":${JSON.stringify(warnings)},`
  yield `{"status":"success",${warningsText}"data":{"resultType":"${answer.data.kind}",`
  if (isCategorized) yield '"encodingFlags":["categorize-labels"],'
  yield '"result":'
  yield* printData(answer.data, isCategorized)
  yield `,"stats":${printStats(answer)}}}`
}

/** Loki's statistics: the summary that Grafana shows, from what was read; the parts of a cluster we do not have are left out. */
export function printStats({ stats, elapsedMs, queuedMs }: Omit<QueryAnswer<unknown>, 'data'>): string {
  const seconds = Math.max(elapsedMs, 1) / 1_000
  return JSON.stringify({
    summary: {
      bytesProcessedPerSecond: Math.round(stats.bytes / seconds),
      linesProcessedPerSecond: Math.round(stats.rows / seconds),
      totalBytesProcessed: stats.bytes,
      totalLinesProcessed: stats.rows,
      execTime: elapsedMs / 1_000,
      queueTime: queuedMs / 1_000,
      subqueries: 0,
      totalEntriesReturned: stats.rows,
      splits: 0,
      shards: 0,
    },
  })
}

function* printData(data: LogQLData, isCategorized: boolean): Generator<string | Uint8Array> {
  switch (data.kind) {
    case 'scalar':
      yield `[${printSeconds(data.tMs)},"${printNumber(data.value)}"]`
      return
    case 'matrix':
      yield* printMatrix(data.series, 0)
      return
    case 'vector': {
      const at = printSeconds(data.tMs)
      const samples = data.samples.map(
        ({ labels, value }) => `{"metric":${printLabels(labels)},"value":[${at},"${printNumber(value)}"]}`,
      )
      yield `[${samples.join(',')}]`
      return
    }
    case 'streams':
      yield* printStreams(data.streams, isCategorized)
  }
}

function* printStreams(streams: readonly LogStream[], isCategorized: boolean): Generator<string> {
  yield '['
  let isFirstStream = true
  for (const { labels, entries } of streams) {
    yield `${isFirstStream ? '' : ','}{"stream":${printLabels(labels)},"values":[`
    isFirstStream = false
    let isFirst = true
    for (const entry of entries) {
      const more = isCategorized ? `,${printCategories(entry)}` : ''
      yield `${isFirst ? '' : ','}["${entry.tNs}",${JSON.stringify(entry.line)}${more}]`
      isFirst = false
    }
    yield ']}'
  }
  yield ']'
}

function printCategories({ metadata, parsed }: LogEntry): string {
  const parts: string[] = []
  if (metadata.length > 0) parts.push(`"structuredMetadata":${printLabels(metadata)}`)
  if (parsed.length > 0) parts.push(`"parsed":${printLabels(parsed)}`)
  return `{${parts.join(',')}}`
}
