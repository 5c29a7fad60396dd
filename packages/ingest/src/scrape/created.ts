// When the counters of an OpenMetrics text began: its `_created` lines, wherever in the text they stand.
//
// Source: OpenMetrics 1.0 "Created", Prometheus 3.14 model/textparse/openmetricsparse.go StartTimestamp.

import type { Label, MetricType } from '@oriel/model'
import { METRIC_NAME } from '@oriel/model'
import { decodeTextSeries, TextScanner, WireError } from '@oriel/wire'

/** The metric that a TYPE line announced. */
interface Family {
  readonly metric: string
  readonly bound: string
}

/** Starts by series, for one text. */
export class CreatedTimes {
  readonly #starts = new Map<string, number>()
  readonly #keys: Map<number, string>
  #family: Family | undefined

  /**
   * Reads the starts of `body`, up to where it can not be read: whoever reads its samples says why. Without one, lines that say when
   * something began are told from samples, and no more.
   *
   * `keys` is kept from scrape to scrape, by the entries of the target's cache.
   */
  constructor(body: Uint8Array | undefined, keys: Map<number, string>) {
    this.#keys = keys
    if (body === undefined) return
    try {
      this.#readStarts(new TextScanner(body, { isOpenMetrics: true }))
    } catch (error) {
      if (!(error instanceof WireError)) throw error
    }
    this.#family = undefined
  }

  /** Tells of a metadata line. */
  seeLine(line: 'type' | 'help' | 'unit', { metric, metricType }: TextScanner): void {
    if (line !== 'type') return
    const bound = BOUNDS.get(metricType)
    this.#family = bound === undefined ? undefined : { metric, bound }
  }

  /** When the counter of this sample began, 0 for unknown; `undefined` for a line that says so and is no sample itself. */
  startOf(entry: number, { bytes, seriesStart, seriesEnd }: TextScanner): number | undefined {
    if (this.#family === undefined) return 0
    let key = this.#keys.get(entry)
    if (key === undefined) {
      key = keyOf(decodeTextSeries(bytes, seriesStart, seriesEnd), this.#family)
      this.#keys.set(entry, key)
    }
    return key === CREATED ? undefined : (this.#starts.get(key) ?? 0)
  }

  #readStarts(scanner: TextScanner): void {
    for (let line = scanner.next(); line !== 'end'; line = scanner.next()) {
      if (line === 'sample') this.#readCreated(scanner)
      else this.seeLine(line, scanner)
    }
  }

  #readCreated(scanner: TextScanner): void {
    scanner.scanSeries()
    scanner.scanValue()
    if (this.#family === undefined) return
    const labels = decodeTextSeries(scanner.bytes, scanner.seriesStart, scanner.seriesEnd)
    if (nameOf(labels) !== `${this.#family.metric}_created`) return
    scratchWords[0] = scanner.valueLow
    scratchWords[1] = scanner.valueHigh
    const startMs = Math.trunc(scratch[0]! * 1_000)
    if (Number.isSafeInteger(startMs)) this.#starts.set(printKey(labels, this.#family), startMs)
  }
}

/** What series of one metric share, or `CREATED` for the line of its start. */
function keyOf(labels: readonly Label[], family: Family): string {
  // Also where it says so of another metric, as in Prometheus.
  return nameOf(labels).endsWith(CREATED) ? CREATED : printKey(labels, family)
}

function nameOf(labels: readonly Label[]): string {
  return labels.find(({ name }) => name === METRIC_NAME)?.value ?? ''
}

/** Labels but for the bound, '' for a series that is none of the family's. */
function printKey(labels: readonly Label[], { metric, bound }: Family): string {
  if (!nameOf(labels).startsWith(metric)) return ''
  const own = labels.filter(({ name }) => name !== METRIC_NAME && name !== bound)
  const printed = own.map(({ name, value }) => JSON.stringify([name, value]))
  return `${metric} ${printed.sort().join()}`
}

const CREATED = '_created'
/** The label in which series of one metric differ, by the types that have starts. */
const BOUNDS = new Map<MetricType, string>([
  ['counter', ''],
  ['histogram', 'le'],
  ['summary', 'quantile'],
])
const scratch = new Float64Array(1)
const scratchWords = new Uint32Array(scratch.buffer)
