import type { Counter, Gauge, Telemetry } from '@oriel/model'
import { compareLabels, labelsKey } from '@oriel/model'
import type { PromqlResult } from '@oriel/promql'

type Matrix = Extract<PromqlResult, { readonly kind: 'matrix' }>

/** A range query as the cache sees it. */
export interface CachedQuery {
  /** Equal exactly for queries that give the same value at the same step. */
  readonly key: string
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
  /** Evaluates some of the steps. */
  readonly evaluate: (startMs: number, endMs: number) => Promise<PromqlResult>
  /** See `MetricSource.lastChange`. */
  readonly lastChange: (untilMs: number) => number | undefined
}

/** 64 MiB: some thousand panels of some tens of series. */
const MOST_BYTES = 64 * 2 ** 20

/**
 * Results of range queries by blocks of steps, kept until a sample comes that could change them.
 *
 * Each block knows the store's last change before it was computed; when there was a later one up to the block's end, the block is
 * gone. So an answer from here is the answer that evaluating everything would give.
 */
export class RangeCache {
  /** Least lately used first. */
  readonly #blocks = new Map<string, Block>()
  readonly #maxBytes: number
  readonly #steps: Counter
  readonly #bytes: Gauge
  #held = 0

  constructor(telemetry: Telemetry, { maxBytes = MOST_BYTES }: { readonly maxBytes?: number } = {}) {
    this.#maxBytes = maxBytes
    this.#steps = telemetry.counter('oriel_query_cache_steps_total', 'Steps of range queries, by whether they were in the cache.')
    this.#bytes = telemetry.gauge('oriel_query_cache_bytes', 'Memory that cached results take.')
  }

  /** The query's result, evaluated as far as it is not held. */
  async run(query: CachedQuery): Promise<PromqlResult> {
    const plan = this.#plan(query)
    const { held, missing } = plan
    const evaluated: Part[] = []
    for (const { first, last } of missing) {
      const part = await this.#evaluate(query, plan, first, last)
      if (part === undefined) return query.evaluate(query.startMs, query.endMs)
      // Nothing held: the answer is what was evaluated, as it is.
      if (held.length === 0 && missing.length === 1) return part.result
      evaluated.push(part)
    }
    this.#steps.add(plan.last - plan.first + 1 - missing.reduce((sum, { first, last }) => sum + last - first + 1, 0), {
      cached: 'yes',
    })
    const parts = [...held, ...evaluated].sort((a, b) => a.first - b.first)
    return join(query, plan, parts) ?? (await query.evaluate(query.startMs, query.endMs))
  }

  /** Which steps are held, and which runs of steps are not. Steps are numbered from 1970 on. */
  #plan(query: CachedQuery): Plan {
    const { startMs, endMs, stepMs } = query
    const first = Math.floor(startMs / stepMs)
    const phaseMs = startMs - first * stepMs
    const last = first + Math.floor((endMs - startMs) / stepMs)
    const size = blockSteps(stepMs)
    const held: Part[] = []
    const missing: Run[] = []
    for (let number = Math.floor(first / size); number * size <= last; number++) {
      const from = Math.max(first, number * size)
      const until = Math.min(last, (number + 1) * size - 1)
      const key = `${phaseMs} ${number} ${query.key}`
      const block = this.#blocks.get(key)
      const untilMs = phaseMs + ((number + 1) * size - 1) * stepMs
      if (block !== undefined && block.change === query.lastChange(untilMs)) {
        this.#blocks.delete(key)
        this.#blocks.set(key, block)
        held.push({ first: from, last: until, at: from - number * size, result: block.result, keys: block.keys })
        continue
      }
      if (block !== undefined) this.#drop(key, block)
      const before = missing.at(-1)
      if (before?.last === from - 1) before.last = until
      else missing.push({ first: from, last: until })
    }
    // One long evaluation is cheaper than many short ones with gaps.
    const [one] = missing
    if (missing.length <= MOST_RUNS || one === undefined) return { first, last, phaseMs, size, held, missing }
    const end = missing.at(-1)!.last
    const outside = held.filter((part) => part.last < one.first || part.first > end)
    return { first, last, phaseMs, size, held: outside, missing: [{ first: one.first, last: end }] }
  }

  async #evaluate(query: CachedQuery, { phaseMs, size, ...whole }: Plan, first: number, last: number): Promise<Part | undefined> {
    const { stepMs } = query
    // A single step would be evaluated as a moment: one more beside it makes it a range.
    const from = first === last && first > whole.first ? first - 1 : first
    const until = from === last && last < whole.last ? last + 1 : last
    const changes = new Map<number, number>()
    for (let number = Math.ceil(first / size); (number + 1) * size - 1 <= last; number++) {
      const change = query.lastChange(phaseMs + ((number + 1) * size - 1) * stepMs)
      if (change !== undefined) changes.set(number, change)
    }
    const result = await query.evaluate(phaseMs + from * stepMs, phaseMs + until * stepMs)
    this.#steps.add(last - first + 1, { cached: 'no' })
    if (result.kind !== 'matrix' || result.histograms !== undefined || result.steps !== until - from + 1) return undefined
    const keys = result.labels.map(labelsKey)
    // Which of its steps a note is about is not known.
    for (const [number, change] of hasNotes(result) ? [] : changes) {
      this.#keep(`${phaseMs} ${number} ${query.key}`, { result: slice(result, number * size - from, size), keys, change })
    }
    return { first, last, at: first - from, result, keys }
  }

  #keep(key: string, block: Block): void {
    const bytes = bytesOf(key, block)
    if (bytes * LEAST_BLOCKS > this.#maxBytes) return
    const known = this.#blocks.get(key)
    if (known !== undefined) this.#drop(key, known)
    for (const [oldest, old] of this.#blocks) {
      if (this.#held + bytes <= this.#maxBytes) break
      this.#drop(oldest, old)
    }
    this.#blocks.set(key, block)
    this.#held += bytes
    this.#bytes.set(this.#held)
  }

  #drop(key: string, block: Block): void {
    this.#blocks.delete(key)
    this.#held -= bytesOf(key, block)
    this.#bytes.set(this.#held)
  }
}

interface Block {
  readonly result: Matrix
  readonly keys: readonly string[]
  readonly change: number
}

interface Run {
  readonly first: number
  last: number
}

/** Steps [first, last] of an answer, the first of them at step `at` of `result`. */
interface Part extends Run {
  readonly at: number
  readonly result: Matrix
  readonly keys: readonly string[]
}

interface Plan {
  readonly first: number
  readonly last: number
  readonly phaseMs: number
  readonly size: number
  readonly held: readonly Part[]
  readonly missing: readonly Run[]
}

// 15 minutes: a dashboard that is looked at again soon evaluates little more than what is new.
const BLOCK_MS = 900_000
const MOST_RUNS = 3
// A block that takes more than a sixteenth of the cache would drive all others out.
const LEAST_BLOCKS = 16

function blockSteps(stepMs: number): number {
  return Math.max(10, Math.ceil(BLOCK_MS / stepMs))
}

function bytesOf(key: string, { result, keys }: Block): number {
  return 2 * key.length + 9 * result.values.length + 100 * keys.length + 200
}

/** `count` steps of a result from step `at` on, all its series. */
function slice(result: Matrix, at: number, count: number): Matrix {
  const rows = result.labels.length
  const values = new Float64Array(rows * count)
  const present = new Uint8Array(rows * count)
  for (let row = 0; row < rows; row++) {
    const from = row * result.steps + at
    values.set(result.values.subarray(from, from + count), row * count)
    present.set(result.present.subarray(from, from + count), row * count)
  }
  return { ...result, startMs: result.startMs + at * result.stepMs, steps: count, values, present }
}

function hasNotes({ warnings, infos }: Matrix): boolean {
  return warnings.length + infos.length > 0
}

/** Parts that follow one another as one answer; `undefined` where several have notes, whose order is not known. */
function join({ startMs, stepMs }: CachedQuery, { first, last }: Plan, parts: readonly Part[]): Matrix | undefined {
  const [one] = parts
  if (one === undefined) return undefined
  const noted = parts.filter(({ result }) => hasNotes(result))
  if (noted.length > 1) return undefined
  const rowOf = new Map<string, number>()
  const labels: Matrix['labels'][number][] = []
  for (const { result, keys, at, ...part } of parts) {
    for (const [row, key] of keys.entries()) {
      if (rowOf.has(key) || !hasValue(result, row, at, part.last - part.first + 1)) continue
      rowOf.set(key, labels.length)
      labels.push(result.labels[row]!)
    }
  }
  const order = sortRows(rowOf, labels)
  const steps = last - first + 1
  const values = new Float64Array(order.length * steps)
  const present = new Uint8Array(order.length * steps)
  for (const part of parts) {
    const count = part.last - part.first + 1
    for (const [row, key] of part.keys.entries()) {
      const target = rowOf.get(key)
      if (target === undefined) continue
      const from = row * part.result.steps + part.at
      const to = target * steps + part.first - first
      values.set(part.result.values.subarray(from, from + count), to)
      present.set(part.result.present.subarray(from, from + count), to)
    }
  }
  const { warnings, infos } = (noted[0] ?? one).result
  return { kind: 'matrix', startMs, stepMs, steps, labels: order, values, present, warnings, infos }
}

function hasValue({ present, steps }: Matrix, row: number, at: number, count: number): boolean {
  const from = row * steps + at
  return present.subarray(from, from + count).includes(1)
}

/** Labels in the order of answers; `rowOf` then says where each is. */
function sortRows(rowOf: Map<string, number>, labels: readonly Matrix['labels'][number][]): Matrix['labels'] {
  const order = [...rowOf].sort(([, a], [, b]) => compareLabels(labels[a]!, labels[b]!))
  for (const [to, [key]] of order.entries()) rowOf.set(key, to)
  return order.map(([, from]) => labels[from]!)
}
