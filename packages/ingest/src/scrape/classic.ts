// Classic histograms of exposition text, gathered into native ones with the bounds of their buckets.
//
// Source: Prometheus 3.14 model/textparse/nhcbparse.go.

import type { Label } from '@oriel/model'
import { METRIC_NAME } from '@oriel/model'
import type { FamilyExemplar, TextScanner } from '@oriel/wire'
import { ClassicHistogram, decodeTextSeries, HistogramDraft, LabelBytes, parseBound } from '@oriel/wire'

/** What one series is of a classic histogram. */
export interface ClassicPart {
  /** The histogram's name. */
  readonly base: string
  /** Names the histogram: its name and labels, without the bound. */
  readonly key: string
  readonly labels: readonly Label[]
  readonly suffix: 'bucket' | 'sum' | 'count'
  /** Of a bucket. */
  readonly bound: number
}

/** A histogram made of classic series. The draft is good until `emit` returns. */
export interface ClassicSample {
  readonly draft: HistogramDraft
  readonly tMs: number | undefined
  readonly exemplars: readonly FamilyExemplar[]
}

/** Times of a part: its own if it has one, and when its counter began, 0 for unknown. */
interface ClassicTimes {
  readonly tMs: number | undefined
  readonly startMs: number
}

/** Gathers series that follow one another, and emits their histogram when they end. Used for one scrape. */
export class ClassicCollector {
  readonly #parts: Map<number, ClassicPart | undefined>
  readonly #emit: (series: LabelBytes, sample: ClassicSample) => void
  readonly #histogram = new ClassicHistogram()
  readonly #draft = new HistogramDraft()
  readonly #series = new LabelBytes()
  /** Whether there was a part of a histogram. */
  hasMetAny = false
  #typeName = ''
  #open: ClassicPart | undefined
  #tMs: number | undefined
  #startMs = 0
  #exemplars: FamilyExemplar[] = []

  /** `parts` is kept from scrape to scrape, by the entries of the target's cache. */
  constructor(parts: Map<number, ClassicPart | undefined>, emit: (series: LabelBytes, sample: ClassicSample) => void) {
    this.#parts = parts
    this.#emit = emit
  }

  /** Tells of a metadata line: it ends the histogram before. */
  seeLine(line: 'type' | 'help' | 'unit', scanner: TextScanner): void {
    this.flush()
    if (line === 'type') this.#typeName = scanner.metricType === 'histogram' ? scanner.metric : ''
  }

  /** Takes the sample that `scanner` is at, where it is a part of the histogram that the last TYPE line announced. */
  collect(entry: number, scanner: TextScanner, { tMs, startMs }: ClassicTimes): boolean {
    const part = this.#typeName === '' ? undefined : this.#partOf(entry, scanner)
    if (part === undefined || part.base !== this.#typeName) {
      this.flush()
      return false
    }
    this.hasMetAny = true
    if (part.key !== this.#open?.key) {
      this.flush()
      this.#open = part
      this.#histogram.clear()
      this.#exemplars = []
    }
    this.#tMs = tMs
    this.#startMs = startMs
    this.#take(part, scanner)
    return true
  }

  /** Ends the open histogram. What can not be converted is lost, as in Prometheus. */
  flush(): void {
    const open = this.#open
    if (open === undefined) return
    this.#open = undefined
    if (this.#histogram.fillDraft(this.#draft) !== '') return
    this.#draft.startMs = this.#startMs
    this.#series.clear()
    for (const { name, value } of open.labels) this.#series.add(name, value)
    this.#emit(this.#series, { draft: this.#draft, tMs: this.#tMs, exemplars: this.#exemplars })
  }

  #take({ suffix, bound }: ClassicPart, scanner: TextScanner): void {
    const { valueLow, valueHigh } = scanner
    scratchWords[0] = valueLow
    scratchWords[1] = valueHigh
    if (suffix === 'bucket') this.#histogram.setBucket(bound, scratch[0]!)
    else if (suffix === 'count') this.#histogram.setCount(scratch[0]!)
    else this.#histogram.setSum(valueLow, valueHigh)
    if (scanner.exemplarEnd === scanner.exemplarStart) return
    const exemplar = scanner.readExemplar()
    // Without a time they are not taken for native histograms.
    if (exemplar.tMs !== undefined) this.#exemplars.push({ ...exemplar, tMs: exemplar.tMs })
  }

  #partOf(entry: number, { bytes, seriesStart, seriesEnd }: TextScanner): ClassicPart | undefined {
    if (!this.#parts.has(entry)) this.#parts.set(entry, classicPart(decodeTextSeries(bytes, seriesStart, seriesEnd)))
    return this.#parts.get(entry)
  }
}

const scratch = new Float64Array(1)
const scratchWords = new Uint32Array(scratch.buffer)

function classicPart(labels: readonly Label[]): ClassicPart | undefined {
  const name = labels.find((label) => label.name === METRIC_NAME)?.value ?? ''
  const suffix = SUFFIXES.find((each) => name.endsWith(`_${each}`))
  if (suffix === undefined) return undefined
  const base = name.slice(0, -suffix.length - 1)
  const le = labels.find((label) => label.name === 'le')
  const bound = suffix === 'bucket' ? parseBound(le?.value ?? '') : 0
  if (bound === undefined || Number.isNaN(bound)) return undefined
  const rest = labels.filter((label) => label.name !== 'le' && label.name !== METRIC_NAME)
  const own = [{ name: METRIC_NAME, value: base }, ...rest].sort((a, b) => (a.name < b.name ? -1 : 1))
  return { base, key: JSON.stringify(own), labels: own, suffix, bound }
}

const SUFFIXES = ['bucket', 'sum', 'count'] as const
