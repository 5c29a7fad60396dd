// Prometheus remote write 2.0: every string once, in a table. A hot path (bench/HOTPATHS.md).
//
// Source: Prometheus 3.14 prompb/io/prometheus/write/v2/types.proto, remote write specification 2.0.

import type { Label } from '@oriel/model'
import { WireError } from '../errors.ts'
import { ProtoReader } from '../protobuf.ts'
import type { MetricTarget } from '../series.ts'
import { LabelBytes } from '../series.ts'
import { NATIVE_HISTOGRAM } from './reasons.ts'
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
  /** The current series' labels, as symbols. */
  #labelRefs: number[] = []

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
    this.#readLabels()
    const ref = this.#target.series(this.#labels.bytes, 0, this.#labels.length)
    reader.pos = start
    while (reader.next() !== 0) {
      if (reader.field < 2 || reader.field > 5) {
        reader.skip()
        continue
      }
      if (reader.field === 3) {
        reader.skip()
        if (ref !== -1) this.#target.refuse(NATIVE_HISTOGRAM, 1, () => this.#metricName())
        continue
      }
      const { field } = reader
      const outer = reader.enter()
      if (field === 2) this.#readSample(ref)
      else if (field === 4) this.#readExemplar(ref)
      else this.#readMetadata()
      reader.leave(outer)
    }
  }

  /** Collects the series' labels (field 1, packed or not), passing over the rest. */
  #readLabels(): void {
    const reader = this.#reader
    this.#labels.clear()
    const refs = this.#labelRefs
    refs.length = 0
    while (reader.next() !== 0) {
      if (reader.field === 1) this.#readRefs(refs)
      else reader.skip()
    }
    if (refs.length % 2 !== 0)
      throw new WireError('WIRE_MALFORMED', `cannot read labels: ${refs.length} references, an odd number`)
    const symbols = this.#symbols
    for (let i = 0; i < refs.length; i += 2) {
      const name = 2 * refs[i]!
      const value = 2 * refs[i + 1]!
      this.#labels.addBytes(reader.bytes, symbols[name]!, symbols[name + 1]!, reader.bytes, symbols[value]!, symbols[value + 1]!)
    }
  }

  #readRefs(refs: number[]): void {
    const reader = this.#reader
    if (reader.wire === 0) {
      refs.push(this.#checkedRef(reader.uint()))
      return
    }
    const outer = reader.enter()
    while (reader.pos < reader.end) {
      reader.varintRaw()
      if (reader.high !== 0) throw this.#badRef(reader.high * 2 ** 32 + reader.low)
      refs.push(this.#checkedRef(reader.low))
    }
    reader.leave(outer)
  }

  #checkedRef(ref: number): number {
    if (ref >= this.#symbolCount) throw this.#badRef(ref)
    return ref
  }

  #badRef(ref: number): WireError {
    return new WireError('WIRE_MALFORMED', `cannot read remote write: symbol ${ref} of ${this.#symbolCount}`)
  }

  #symbol(ref: number): string {
    this.#checkedRef(ref)
    const { bytes } = this.#reader
    return decoder.decode(bytes.subarray(this.#symbols[2 * ref]!, this.#symbols[2 * ref + 1]!))
  }

  #readSample(ref: number): void {
    const reader = this.#reader
    let valueLow = 0
    let valueHigh = 0
    let tMs = 0
    while (reader.next() !== 0) {
      if (reader.field === 1) {
        reader.fixed64()
        valueLow = reader.low
        valueHigh = reader.high
      } else if (reader.field === 2) tMs = reader.int()
      else reader.skip()
    }
    if (this.#target.sample(ref, tMs, valueLow, valueHigh)) this.counts.samples++
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
    const labels: Label[] = []
    for (let i = 0; i + 1 < refs.length; i += 2) labels.push({ name: this.#symbol(refs[i]!), value: this.#symbol(refs[i + 1]!) })
    if (this.#target.exemplar(ref, { tMs, valueLow, valueHigh, labels })) this.counts.exemplars++
  }

  #readMetadata(): void {
    const reader = this.#reader
    let type = 0
    let help = 0
    let unit = 0
    while (reader.next() !== 0) {
      if (reader.field === 1) type = reader.uint()
      else if (reader.field === 3) help = reader.uint()
      else if (reader.field === 4) unit = reader.uint()
      else reader.skip()
    }
    if (type === 0 && help === 0 && unit === 0) return
    const metric = this.#metricName()
    if (metric === '') return
    this.#target.metadata({
      metric,
      type: METADATA_TYPES[type] ?? 'unknown',
      help: this.#symbol(help),
      unit: this.#symbol(unit),
    })
  }

  #metricName(): string {
    const refs = this.#labelRefs
    for (let i = 0; i + 1 < refs.length; i += 2) if (this.#symbol(refs[i]!) === '__name__') return this.#symbol(refs[i + 1]!)
    return ''
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
