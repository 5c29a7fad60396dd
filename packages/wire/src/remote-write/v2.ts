// Prometheus remote write 2.0: every string once, in a table. A hot path (bench/HOTPATHS.md).
//
// Source: Prometheus 3.14 prompb/io/prometheus/write/v2/types.proto, remote write specification 2.0.

import type { Label } from '@oriel/model'
import { WireError } from '../errors.ts'
import { ProtoReader } from '../protobuf.ts'
import type { MetricTarget } from '../series.ts'
import { LabelBytes, typeLabels } from '../series.ts'
import { HistogramDraft } from '../histogram/draft.ts'
import { emitHistogram } from '../histogram/emit.ts'
import { readRemoteHistogram } from './histogram.ts'
import type { RemoteWriteCounts } from './reasons.ts'
import { METADATA_TYPES } from './v1.ts'

/** Decodes an `io.prometheus.write.v2.Request` (decompressed) into `target`, as `decodeRemoteWriteV1` does. */
export function decodeRemoteWriteV2(body: Uint8Array, target: MetricTarget): RemoteWriteCounts {
  const reader = new ProtoReader(body)
  const request = new Request(reader, target)
  // The table may come after the series that use it.
  while (reader.next() !== 0) {
    if (reader.field === 4) request.readSymbol()
    else reader.skip()
  }
  request.checkSymbols()
  reader.reset(body)
  while (reader.next() !== 0) {
    if (reader.field === 5) {
      const outer = reader.enter()
      request.readSeries()
      reader.leave(outer)
    } else reader.skip()
  }
  return request.counts
}

/** One request being read. */
class Request {
  readonly counts = { samples: 0, histograms: 0, exemplars: 0 }
  readonly #reader: ProtoReader
  readonly #target: MetricTarget
  readonly #labels = new LabelBytes()
  /** Start and end of each symbol in the body. */
  #symbols = new Uint32Array(2_048)
  #symbolCount = 0
  readonly #draft = new HistogramDraft()
  /** The current series' labels, as symbols, its metadata, and how many samples and histograms it has. */
  readonly #labelRefs: number[] = []
  #type = 0
  #help = 0
  #unit = 0
  #rows = 0

  constructor(reader: ProtoReader, target: MetricTarget) {
    this.#reader = reader
    this.#target = target
  }

  readSymbol(): void {
    this.#reader.range()
    const at = 2 * this.#symbolCount++
    if (at + 2 > this.#symbols.length) {
      const grown = new Uint32Array(2 * this.#symbols.length)
      grown.set(this.#symbols)
      this.#symbols = grown
    }
    this.#symbols[at] = this.#reader.start
    this.#symbols[at + 1] = this.#reader.stop
  }

  checkSymbols(): void {
    if (this.#symbolCount > 0 && this.#symbols[1] !== this.#symbols[0])
      throw new WireError('WIRE_MALFORMED', 'cannot read remote write: the first symbol must be the empty string')
  }

  readSeries(): void {
    const reader = this.#reader
    const start = reader.pos
    const refusal = this.#readHead()
    if (refusal !== undefined) {
      this.#target.refuse(refusal, Math.max(1, this.#rows), () => this.#describe())
      return
    }
    const ref = this.#target.series(this.#labels.bytes, 0, this.#labels.length)
    reader.pos = start
    while (reader.next() !== 0) {
      if (reader.field < 2 || reader.field > 4) {
        reader.skip()
        continue
      }
      const { field } = reader
      const outer = reader.enter()
      if (field === 2) this.#readSample(ref)
      else if (field === 3) this.#readHistogram(ref)
      else this.#readExemplar(ref)
      reader.leave(outer)
    }
    if (ref !== -1) this.#writeMetadata()
  }

  /** Reads labels and metadata, which may stand after the samples, and counts these; returns why the series is refused. */
  #readHead(): string | undefined {
    const reader = this.#reader
    this.#labelRefs.length = 0
    this.#rows = 0
    this.#type = 0
    this.#help = 0
    this.#unit = 0
    while (reader.next() !== 0) {
      const { field } = reader
      if (field === 1) this.#readRefs(this.#labelRefs)
      else if (field === 5) this.#readMetadata()
      else {
        if (field === 2 || field === 3) this.#rows++
        reader.skip()
      }
    }
    const refs = this.#labelRefs
    if (refs.length % 2 !== 0) return 'a series has an odd number of label references'
    for (const ref of refs) if (ref >= this.#symbolCount) return 'a series has label references outside of the symbols'
    if (Math.max(this.#help, this.#unit) >= Math.max(1, this.#symbolCount)) return 'a series has metadata outside of the symbols'
    this.#encodeLabels(refs)
    if (this.#target.wantsTypes) this.#addTypes()
    // Source: Prometheus 3.14 storage/remote/write_handler.go appendV2.
    return this.#rows === 0 ? 'TimeSeries must contain at least one sample or histogram' : undefined
  }

  #encodeLabels(refs: readonly number[]): void {
    const { bytes } = this.#reader
    const symbols = this.#symbols
    this.#labels.clear()
    for (let i = 0; i < refs.length; i += 2) {
      const name = 2 * refs[i]!
      const value = 2 * refs[i + 1]!
      this.#labels.addBytes(bytes, symbols[name]!, symbols[name + 1]!, bytes, symbols[value]!, symbols[value + 1]!)
    }
  }

  /** Labels of the type and the unit that the series is sent with. Source: Prometheus 3.14 storage/remote/write_handler.go appendV2. */
  #addTypes(): void {
    const typed = typeLabels(METADATA_TYPES[this.#type] ?? 'unknown', this.#symbol(this.#unit))
    if (typed.length === 0) return
    const refs = this.#labelRefs
    const isTold = (i: number): boolean => ['__type__', '__unit__'].includes(this.#symbol(refs[i]!))
    this.#encodeLabels(refs.filter((_ref, i) => !isTold(i - (i % 2))))
    for (const { name, value } of typed) this.#labels.add(name, value)
  }

  #describe(): string {
    const name = this.#metricName()
    return `series ${name === '' ? 'without a name' : name}, label references ${this.#labelRefs.slice(0, MAX_TOLD_REFS).join(' ')}`
  }

  #readRefs(refs: number[]): void {
    const reader = this.#reader
    if (reader.wire === 0) {
      refs.push(reader.uint())
      return
    }
    const outer = reader.enter()
    while (reader.pos < reader.end) {
      reader.varintRaw()
      refs.push(reader.high === 0 ? reader.low : NO_SYMBOL)
    }
    reader.leave(outer)
  }

  /** A symbol, '' where there is none of that number. */
  #symbol(ref: number): string {
    if (ref >= this.#symbolCount) return ''
    const { bytes } = this.#reader
    return decoder.decode(bytes.subarray(this.#symbols[2 * ref]!, this.#symbols[2 * ref + 1]!))
  }

  #readSample(ref: number): void {
    const reader = this.#reader
    let valueLow = 0
    let valueHigh = 0
    let tMs = 0
    let startMs = 0
    while (reader.next() !== 0) {
      if (reader.field === 1) {
        reader.fixed64()
        valueLow = reader.low
        valueHigh = reader.high
      } else if (reader.field === 2) tMs = reader.int()
      else if (reader.field === 3) startMs = reader.int()
      else reader.skip()
    }
    if (!this.#target.sample(ref, tMs, valueLow, valueHigh)) return
    this.counts.samples++
    if (startMs !== 0 && this.#target.wantsStarts) this.#target.start(ref, tMs, startMs)
  }

  #readExemplar(ref: number): void {
    const reader = this.#reader
    const refs: number[] = []
    let valueLow = 0
    let valueHigh = 0
    let tMs = 0
    while (reader.next() !== 0) {
      if (reader.field === 1) this.#readRefs(refs)
      else if (reader.field === 2) {
        reader.fixed64()
        valueLow = reader.low
        valueHigh = reader.high
      } else if (reader.field === 3) tMs = reader.int()
      else reader.skip()
    }
    if (ref === -1) return
    if (refs.length % 2 !== 0 || !refs.every((each) => each < this.#symbolCount)) {
      this.#target.refuse('an exemplar has label references outside of the symbols', 1, () => this.#target.describe(ref))
      return
    }
    const labels: Label[] = []
    for (let i = 0; i + 1 < refs.length; i += 2) labels.push({ name: this.#symbol(refs[i]!), value: this.#symbol(refs[i + 1]!) })
    if (this.#target.exemplar(ref, { tMs, valueLow, valueHigh, labels })) this.counts.exemplars++
  }

  #readHistogram(ref: number): void {
    readRemoteHistogram(this.#reader, this.#draft)
    if (emitHistogram(this.#target, ref, this.#draft)) this.counts.histograms++
  }

  #readMetadata(): void {
    const reader = this.#reader
    const outer = reader.enter()
    while (reader.next() !== 0) {
      if (reader.field === 1) this.#type = reader.uint()
      else if (reader.field === 3) this.#help = reader.uint()
      else if (reader.field === 4) this.#unit = reader.uint()
      else reader.skip()
    }
    reader.leave(outer)
  }

  #writeMetadata(): void {
    if (this.#type === 0 && this.#help === 0 && this.#unit === 0) return
    const metric = this.#metricName()
    if (metric === '') return
    this.#target.metadata({
      metric,
      type: METADATA_TYPES[this.#type] ?? 'unknown',
      help: this.#symbol(this.#help),
      unit: this.#symbol(this.#unit),
    })
  }

  #metricName(): string {
    const refs = this.#labelRefs
    for (let i = 0; i + 1 < refs.length; i += 2) if (this.#symbol(refs[i]!) === '__name__') return this.#symbol(refs[i + 1]!)
    return ''
  }
}

// No table is so long. A small integer, so that the list of references stays one of those: doubles cost a fifth of the speed.
const NO_SYMBOL = 0x3fff_ffff
// 40 references: twenty labels, as much of a refused series as a message needs.
const MAX_TOLD_REFS = 40
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
