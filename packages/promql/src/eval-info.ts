import type { Labels, Matcher, NativeHistogram } from '@oriel/model'
import { compileMatcher, compileMatchers, labelsKey, labelValue, METRIC_NAME, withLabel } from '@oriel/model'
import { QueryError } from '@oriel/syntax'
import type { Grid } from '@oriel/vector'
import { cellAt, makeGridLike, putCell } from '@oriel/vector'
import type { Call } from './ast.ts'
import { evalSelector, evalSelectorTimes } from './eval-selector.ts'
import type { Evaluation } from './evaluation.ts'
import { atOnce, vectorAt } from './evaluation.ts'
import { printLabels } from './print-labels.ts'
import type { Steps, VectorValue } from './values.ts'
import { sameLabelset, vectorOf } from './values.ts'

/** Labels that tell which info series belongs to which series. */
const IDENTIFYING = ['instance', 'job']

/**
 * `info(v, {selector})`: adds to each series the labels of the info series with the same `instance` and `job`.
 *
 * The plan has made the second argument the selector of the info series. Source: Prometheus 3.14 promql/info.go.
 */
export function evalInfo(evaluation: Evaluation, call: Call, steps: Steps): VectorValue {
  const [baseArg, selector] = call.args
  if (baseArg === undefined || selector?.kind !== 'vectorSelector') throw new TypeError('info without a selector')
  const base = vectorAt(evaluation, baseArg, steps)
  const nameMatchers = selector.matchers.filter(({ name }) => name === METRIC_NAME)
  const isInfoName = compileMatchers(nameMatchers)
  const isIgnored = base.grid.labels.map(isInfoName)
  const wanted = new Set(
    base.grid.labels.filter((_, i) => isIgnored[i] !== true && hasIdentity(base.grid.labels[i])).map(identityOf),
  )
  refuseHistograms(atOnce(evalSelector(evaluation, selector, steps)).grid, wanted)
  const info = evalSelectorTimes(evaluation, selector, steps).grid
  const join = new InfoJoin(
    info,
    wanted,
    selector.matchers.filter(({ name }) => name !== METRIC_NAME),
  )
  return join.run(base, isIgnored)
}

/** Info metrics are floats by definition. */
function refuseHistograms({ labels, steps, present, histograms }: Grid, wanted: ReadonlySet<string>): void {
  if (histograms === undefined) return
  for (const [i, of] of labels.entries()) {
    if (!wanted.has(identityOf(of))) continue
    for (let at = i * steps; at < (i + 1) * steps; at++) {
      if (present[at] === 0 || histograms[at] === undefined) continue
      throw new QueryError('QUERY_EXECUTION', `this should be an info metric, with float samples: ${printLabels(of)}`)
    }
  }
}

interface InfoRow {
  readonly labels: Labels
  readonly drop: number
  readonly cells: (number | NativeHistogram | undefined)[]
}

class InfoJoin {
  readonly #info: Grid
  readonly #dataMatchers: readonly Matcher[]
  readonly #dataNames: ReadonlySet<string>
  readonly #acceptsNothing: boolean
  /** Info series by identity. */
  readonly #rowsOf = new Map<string, number[]>()
  readonly #out = new Map<string, InfoRow>()

  constructor(info: Grid, wanted: ReadonlySet<string>, dataMatchers: readonly Matcher[]) {
    this.#info = info
    this.#dataMatchers = dataMatchers
    this.#dataNames = new Set(dataMatchers.map(({ name }) => name))
    this.#acceptsNothing = this.#dataMatchers.every((matcher) => compileMatcher(matcher)(''))
    for (const [row, labels] of info.labels.entries()) {
      const identity = identityOf(labels)
      if (!wanted.has(identity)) continue
      const rows = this.#rowsOf.get(identity) ?? []
      rows.push(row)
      this.#rowsOf.set(identity, rows)
    }
  }

  run({ grid, dropName }: VectorValue, isIgnored: readonly boolean[]): VectorValue {
    for (const [i, labels] of grid.labels.entries()) {
      for (let j = 0; j < grid.steps; j++) {
        const at = i * grid.steps + j
        if (grid.present[at] === 0) continue
        const enriched = isIgnored[i] === true ? labels : this.#enriched(labels, j)
        if (enriched !== undefined) this.#put(enriched, j, cellAt(grid, at), dropName[i] ?? 0)
      }
    }
    const rows = [...this.#out.values()]
    const out = makeGridLike(
      grid,
      rows.map(({ labels }) => labels),
    )
    for (const [i, { cells }] of rows.entries()) {
      for (const [j, cell] of cells.entries()) if (cell !== undefined) putCell(out, i * grid.steps + j, cell)
    }
    return vectorOf(
      out,
      Uint8Array.from(rows, ({ drop }) => drop),
    )
  }

  /** The labels with those of the info series at a step added; `undefined` when a selector asked for more than there is. */
  #enriched(labels: Labels, step: number): Labels | undefined {
    const latest = this.#latest(identityOf(labels), step)
    if (latest.size === 0 && !this.#acceptsNothing) return undefined
    const added = new Map<string, string>()
    for (const row of latest.values()) {
      for (const { name, value } of this.#info.labels[row] ?? []) {
        if (name === METRIC_NAME || (this.#dataNames.size > 0 && !this.#dataNames.has(name))) continue
        if ((added.get(name) ?? value) !== value) throw new QueryError('QUERY_EXECUTION', `conflicting label: ${name}`)
        if (labelValue(labels, name) === '') added.set(name, value)
      }
    }
    let result = labels
    for (const [name, value] of added) result = withLabel(result, name, value)
    return result
  }

  /** Of each info metric, the series whose sample is the latest. */
  #latest(identity: string, step: number): Map<string, number> {
    const { steps, present, values, labels } = this.#info
    const latest = new Map<string, number>()
    for (const row of this.#rowsOf.get(identity) ?? []) {
      if (present[row * steps + step] === 0) continue
      const name = labelValue(labels[row] ?? [], METRIC_NAME)
      const known = latest.get(name)
      const [time, knownTime] = [values[row * steps + step]!, known === undefined ? -1 : values[known * steps + step]!]
      if (known !== undefined && time === knownTime) throw duplicate(labels[known] ?? [], labels[row] ?? [], time)
      if (time > knownTime) latest.set(name, row)
    }
    return latest
  }

  #put(labels: Labels, step: number, value: number | NativeHistogram, drop: number): void {
    const key = labelsKey(labels)
    let row = this.#out.get(key)
    if (row === undefined) {
      row = { labels, cells: [], drop }
      this.#out.set(key, row)
    }
    if (row.cells[step] !== undefined) throw sameLabelset()
    row.cells[step] = value
  }
}

function identityOf(labels: Labels): string {
  return IDENTIFYING.map((name) => labelValue(labels, name)).join('\u{1}')
}

function hasIdentity(labels: Labels | undefined): boolean {
  return labels !== undefined && IDENTIFYING.some((name) => labelValue(labels, name) !== '')
}

function duplicate(existing: Labels, added: Labels, seconds: number): QueryError {
  const at = Math.round(seconds * 1_000)
  return new QueryError(
    'QUERY_EXECUTION',
    `found duplicate series for info metric: existing ${printLabels(existing)} @ ${at}, new ${printLabels(added)} @ ${at}`,
  )
}
