// Prometheus's scripts over HTTP: samples by remote write, queries by the API of a running server.
import { OrielError } from '@oriel/model'
import { labelsToRecord } from '@oriel/model'
import { printResult } from '../../packages/api/src/prometheus/print.ts'
import type { PromqlResult } from '@oriel/promql'
import { printNote } from '@oriel/promql'
import type { LoadCommand, ScriptTarget, SequenceValue } from '@oriel/promql/testing'
import { customHistograms, storeTarget } from '@oriel/promql/testing'
import { dataOf } from '@oriel/query'
import { openMemoryStore } from '@oriel/store'
import type { TestHistogram, TestSeries } from '../../packages/wire/src/remote-write/testing.ts'
import { startOriel } from '../oriel.ts'
import { differenceOf } from './compare-answers.ts'
import type { Answer } from './peer-prometheus.ts'
import { ask, readAnswer, sendSeries } from './peer-prometheus.ts'
import { STALE } from './random-series.ts'

// All that changes the language.
const FEATURES = [
  'promql-experimental-functions',
  'promql-extended-range-selectors',
  'promql-binop-fill-modifiers',
  'promql-delayed-name-removal',
  'use-start-timestamps',
  'st-storage',
]

/**
 * A server, and beside it the store in memory: a query must answer the same there and here, and what the store in memory answers
 * is what the script is held against.
 */
export async function httpTarget(): Promise<{ readonly target: ScriptTarget; readonly close: () => Promise<void> }> {
  const oriel = await startOriel({ args: ['--enable-feature', FEATURES.join(',')] })
  const memory = storeTarget(openMemoryStore)
  let tenants = 0
  const open: ScriptTarget['open'] = async () => {
    const here = await memory.open()
    const tenant = `script-${++tenants}`
    return {
      load: async (command) => {
        await here.load(command)
        await sendSeries([oriel.http], seriesOf(command), { sliceMs: Infinity, stale: STALE, tenant })
      },
      query: async (query) => {
        const [mine, theirs] = await Promise.allSettled([here.query(query), ask(oriel.http, query.expr, query, tenant)])
        if (theirs.status === 'rejected') throw theirs.reason
        const wanted = mine.status === 'fulfilled' ? answerOf(mine.value, query.expr) : failureOf(mine.reason)
        const difference = differenceOf(wanted, theirs.value, { withNotes: true })
        if (difference !== undefined) throw new Error(`over HTTP, wanted first: ${difference}`)
        if (mine.status === 'rejected') throw mine.reason
        return mine.value
      },
    }
  }
  return { target: { open }, close: oriel.close }
}

/** What the API should say. */
function answerOf(result: PromqlResult, expr: string): Answer {
  const body: unknown = JSON.parse(`{"data":{${[...printResult(dataOf(result), 0)].join('')}}}`)
  const notes = [...result.warnings, ...result.infos].map((note) => printNote(expr, note)).sort()
  return { ...readAnswer(body), notes }
}

function failureOf(error: unknown): Answer {
  if (!(error instanceof OrielError)) throw error
  return { error: error.message, series: new Map(), notes: [] }
}

function seriesOf(command: LoadCommand): TestSeries[] {
  const { stepMs } = command
  const series = command.series.map(({ labels, values }) => {
    const timed = values.map((value, i) => ({ tMs: i * stepMs, value }))
    const starts = command.startTimes.find((of) => JSON.stringify(of.labels) === JSON.stringify(labels))?.offsetsMs ?? []
    const startsMs = new Map(
      starts.flatMap((offset, i) => (offset === undefined ? [] : [[i * stepMs, i * stepMs + offset] as const])),
    )
    return {
      labels: labelsToRecord(labels),
      samples: timed.flatMap(({ tMs, value }) => floatOf(tMs, value)),
      histograms: timed.flatMap(({ tMs, value }) => (value.kind === 'histogram' ? [sent(tMs, value.histogram)] : [])),
      startsMs,
    }
  })
  if (!command.withNhcb) return series
  const customs = customHistograms(command).map(({ labels, points }) => ({
    labels: labelsToRecord(labels),
    samples: [],
    histograms: points.map(({ tMs, histogram }) => sent(tMs, histogram)),
  }))
  return [...series, ...customs]
}

function floatOf(tMs: number, value: SequenceValue): [number, number][] {
  if (value.kind === 'value') return [[tMs, value.value]]
  return value.kind === 'stale' ? [[tMs, STALE]] : []
}

function sent(tMs: number, histogram: TestHistogram['histogram']): TestHistogram {
  return { tMs, isInteger: false, histogram }
}
