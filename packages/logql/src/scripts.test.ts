import { readdirSync, readFileSync } from 'node:fs'
import type { Labels } from '@oriel/model'
import { makeLabels, makeLogBlock } from '@oriel/model'
import type { MemoryStore, QueryContext } from '@oriel/store'
import { DEFAULT_QUERY_LIMITS, makeQueryStats, openMemoryStore, seriesId } from '@oriel/store'
import { printNumber, quote } from '@oriel/syntax'
import { describe, expect, test } from 'vitest'
import { evaluateLogQL } from './evaluate.ts'
import { parseLogQL } from './parse.ts'
import type { LogQLData } from './result.ts'

// Runs testdata/*.test. A block starts at the left edge, its lines are indented; blocks of a file share one store.
//   load {labels}            lines: <time> [name=value ...] text     ([...] is structured metadata)
//   logs <direction> <limit> <query>      expects {labels} and below it <time> text
//   instant <time> <query>                expects {labels} value, or a number
//   range <start> <end> <step> <query>    expects {labels} values, _ for none
//   fail <query>                          expects a part of the message

const folder = new URL('../testdata/', import.meta.url)
// 2026-01-01T00:00:00Z: times in scripts count from here.
const BASE_MS = 1_767_225_600_000

for (const file of readdirSync(folder).filter((name) => name.endsWith('.test'))) {
  describe(file, () => {
    const store = openMemoryStore()
    for (const block of blocksOf(readFileSync(new URL(file, folder), 'utf8'))) {
      if (block.head.startsWith('load')) load(store, block)
      else test(block.head, async () => check(store, block))
    }
  })
}

interface Block {
  readonly head: string
  readonly lines: readonly string[]
}

function blocksOf(text: string): Block[] {
  const blocks: { head: string; lines: string[] }[] = []
  for (const line of text.split('\n')) {
    if (line.startsWith('#') || line.trim() === '') continue
    if (line.startsWith(' ')) blocks.at(-1)?.lines.push(line.slice(2))
    else blocks.push({ head: line, lines: [] })
  }
  return blocks
}

function load(store: MemoryStore, { head, lines }: Block): void {
  const selector = parseLogQL(head.slice('load'.length))
  const labels = selector.kind === 'log' ? makeLabels(selector.matchers.map(({ name, value }) => [name, value])) : []
  const block = makeLogBlock('t')
  const id = seriesId(labels)
  block.streams.push({ id, labels, service: '', day: Math.floor(BASE_MS / 86_400_000) })
  for (const line of lines) {
    const [, at = '', metadata = '', text = ''] = /^(\S+) (?:\[([^\]]*)\] )?(.*)$/.exec(line) ?? []
    const attributes: Record<string, string> = {}
    for (const pair of metadata.split(' ').filter((part) => part !== '')) {
      const [name = '', value = ''] = pair.split('=')
      attributes[name] = value
    }
    const { detected_level: level = '', trace_id: traceId = '', ...rest } = attributes
    const { records } = block
    records.service.push('')
    records.streamId.pushFrom(id, 0)
    records.tNs.pushBigInt(BigInt(BASE_MS + msOf(at)) * 1_000_000n)
    records.severity.push(0)
    records.level.push(level)
    for (const column of [records.severityText, records.scopeName, records.scopeVersion]) column.push('')
    records.body.pushString(text.replaceAll(String.raw`\e`, '\u001B'))
    records.traceId.pushString(traceId)
    records.spanId.pushString('')
    records.attributes.pushRecord(rest)
    records.resourceId.pushNumber(0)
    records.requestId.pushNumber(0)
  }
  store.logs.write([block])
}

async function check(store: MemoryStore, { head, lines }: Block): Promise<void> {
  const [verb = '', ...words] = head.split(' ')
  if (verb === 'fail') {
    await expect(run(store, words.join(' '), instantAt('60s'))).rejects.toThrow(lines.join('\n').trim())
    return
  }
  if (verb === 'instant') {
    const data = await run(store, words.slice(1).join(' '), instantAt(words[0] ?? ''))
    expect(printed(data)).toEqual(lines)
    return
  }
  if (verb === 'logs') {
    const [direction, limit, ...query] = words
    const data = await run(store, query.join(' '), {
      kind: 'range',
      startNs: BigInt(BASE_MS) * 1_000_000n,
      endNs: BigInt(BASE_MS + 3_600_000) * 1_000_000n,
      stepMs: 1_000,
      limit: Number(limit),
      direction: direction === 'forward' ? 'forward' : 'backward',
    })
    expect(printed(data)).toEqual(lines)
    return
  }
  expect(verb).toBe('range')
  const [start = '', end = '', step = '', ...query] = words
  const data = await run(store, query.join(' '), {
    kind: 'range',
    startNs: BigInt(BASE_MS + msOf(start)) * 1_000_000n,
    endNs: BigInt(BASE_MS + msOf(end)) * 1_000_000n,
    stepMs: msOf(step),
    limit: 100,
    direction: 'forward',
  })
  const times: number[] = []
  for (let t = msOf(start); t <= msOf(end); t += msOf(step)) times.push(BASE_MS + t)
  expect(printed(data, times)).toEqual(lines)
}

function instantAt(text: string): { kind: 'instant'; tMs: number } {
  return { kind: 'instant', tMs: BASE_MS + msOf(text) }
}

async function run(store: MemoryStore, text: string, query: Parameters<typeof evaluateLogQL>[2]): Promise<LogQLData> {
  const context: QueryContext = {
    tenants: ['t'],
    signal: new AbortController().signal,
    limits: DEFAULT_QUERY_LIMITS,
    stats: makeQueryStats(),
  }
  return (await evaluateLogQL(store.logs, text, query, context)).data
}

function printed(data: LogQLData, times: readonly number[] = []): string[] {
  switch (data.kind) {
    case 'streams':
      return data.streams.flatMap(({ labels, entries }) => [
        shown(labels),
        ...entries.map(({ tNs, line }) => `  ${(Number(tNs / 1_000_000n) - BASE_MS) / 1_000}s ${line}`),
      ])
    case 'scalar':
      return [printNumber(data.value)]
    case 'vector':
      return data.samples.map(({ labels, value }) => `${shown(labels)} ${printNumber(rounded(value))}`)
    case 'matrix':
      return data.series.map(({ labels, tMs, values }) => {
        const byTime = new Map([...tMs].map((t, i) => [t, values[i] ?? Number.NaN]))
        const cells = times.map((t) => (byTime.has(t) ? printNumber(rounded(byTime.get(t) ?? 0)) : '_'))
        return `${shown(labels)} ${cells.join(' ')}`
      })
  }
}

/** Twelve digits: scripts state values as people write them. */
function rounded(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(12)) : value
}

function shown(labels: Labels): string {
  return `{${labels.map(({ name, value }) => `${name}=${quote(value)}`).join(', ')}}`
}

function msOf(text: string): number {
  const match = /^(-?\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text)
  const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[match?.[2] ?? ''] ?? Number.NaN
  return Math.round(Number(match?.[1]) * unit)
}
