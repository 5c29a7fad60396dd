// Which series an OTLP data point belongs to. A hot path (bench/HOTPATHS.md): known points are found by their raw bytes.

import { METRIC_NAME } from '@oriel/model'
import { ByteTable } from '../interner.ts'
import { ProtoReader } from '../protobuf.ts'
import { LabelBytes } from '../series.ts'
import type { MetricTarget } from '../series.ts'
import { readAttributes } from './any-value.ts'
import { prometheusLabelName } from './metrics-names.ts'
import type { OtlpMetricSettings } from './metrics-settings.ts'
import { decodeOtlpScope } from './resource.ts'

/** What a resource means for its series. `number` names it in keys. */
export interface ResourceLabels {
  readonly number: number
  /** `job` and `instance`: they win over attributes. */
  readonly labels: ReadonlyMap<string, string>
  /** Attributes made labels where the point has no such label. */
  readonly promoted: ReadonlyMap<string, string>
  /** Label bytes of its `target_info`, absent where it would say nothing. */
  readonly info: Uint8Array | undefined
}

/** What a scope means for the series in it. `number` names it in keys. */
export interface ScopeLabels {
  readonly number: number
  readonly labels: ReadonlyMap<string, string>
}

/**
 * Series of one tenant's OTLP metrics, remembered between bodies. Bounded: when a table is full it starts over.
 *
 * Use: `begin` for each body; then for each point `startKey`, `addKey...`, `find`, and `learn` where that found nothing.
 */
export class OtlpSeries {
  readonly #resources = new ByteTable<ResourceLabels>({ maxEntries: 16_384 })
  // 250,000 points; their keys take 32 MiB at most.
  readonly #series = new ByteTable<KnownSeries>({ maxEntries: 250_000, maxBytes: 32 * 2 ** 20 })
  readonly #labels = new LabelBytes()
  #key = new Uint8Array(1_024)
  #keyLength = 0
  readonly #scopes = new ByteTable<ScopeLabels>({ maxEntries: 16_384 })
  readonly #settings: OtlpMetricSettings
  #target: MetricTarget | undefined
  #nextResource = 1

  constructor(settings: OtlpMetricSettings) {
    this.#settings = settings
  }

  begin(target: MetricTarget): void {
    this.#target = target
  }

  /** The resource whose message is `source[start, end)`; an empty range for none. */
  resource(source: Uint8Array, start: number, end: number): ResourceLabels {
    const known = this.#resources.get(source, start, end)
    if (known !== undefined) return known
    // A table that has started over must not give a number twice while series know the first.
    const resource = resourceLabels(readAttributes(new ProtoReader(source, start, end), 1), this.#nextResource++, this.#settings)
    this.#resources.add(source, start, end, resource)
    return resource
  }

  /** The scope whose message is `source[start, end)`, with the schema of its group; `undefined` for one without a name. */
  scope(source: Uint8Array, start: number, end: number, schemaUrl: string): ScopeLabels | undefined {
    const key = Buffer.concat([source.subarray(start, end), Buffer.from(`\0${schemaUrl}`)])
    const known = this.#scopes.get(key, 0, key.length)
    if (known !== undefined) return known
    const { name, version, attributes } = decodeOtlpScope(source, start, end)
    if (name === '') return undefined
    const labels = new Map<string, string>()
    const prefixed = Object.entries(attributes).map(([key, value]): [string, string] => [`otel_scope_${key}`, value])
    attributeLabels(Object.fromEntries(prefixed), labels, this.#settings)
    labels.set('otel_scope_name', name).set('otel_scope_version', version).set('otel_scope_schema_url', schemaUrl)
    const scope = { number: this.#nextResource++, labels }
    this.#scopes.add(key, 0, key.length, scope)
    return scope
  }

  /** Starts the key of a point: its resource, its scope where that counts, and its metric. */
  startKey(resource: ResourceLabels, scope: ScopeLabels | undefined, metric: Uint8Array): void {
    this.#keyLength = 0
    this.addKeyNumber(resource.number)
    if (scope !== undefined) this.addKeyNumber(scope.number)
    this.addKeyNumber(metric.length)
    this.addKey(metric, 0, metric.length)
  }

  /** Adds bytes that decide the series; call in a fixed order. */
  addKey(source: Uint8Array, start: number, end: number): void {
    const needed = this.#keyLength + end - start
    if (needed > this.#key.length) {
      const grown = new Uint8Array(2 * needed)
      grown.set(this.#key.subarray(0, this.#keyLength))
      this.#key = grown
    }
    const key = this.#key
    for (let i = start, j = this.#keyLength; i < end; i++, j++) key[j] = source[i]!
    this.#keyLength = needed
  }

  addKeyNumber(value: number): void {
    scratch[0] = value
    this.addKey(scratchBytes, 0, 4)
  }

  addKeyDouble(value: number): void {
    scratchDouble[0] = value
    this.addKey(scratchDoubleBytes, 0, 8)
  }

  /** The series that the key stands for in the target, `undefined` where they must be learnt. */
  find(): readonly number[] | undefined {
    const known = this.#series.get(this.#key, 0, this.#keyLength)
    return known !== undefined && known.epoch === this.#target!.epoch ? known.refs : undefined
  }

  /**
   * Resolves the `count` series that the key stands for from their labels, and remembers them.
   *
   * A refused series is -1; then nothing is remembered, so that it is refused again next time.
   */
  learn(count: number, labelsOf: (i: number) => ReadonlyMap<string, string>): readonly number[] {
    const target = this.#target!
    const known = this.#series.get(this.#key, 0, this.#keyLength)
    const refs: number[] = []
    for (let i = 0; i < count; i++) refs.push(this.resolve(labelsOf(i)))
    if (known !== undefined) {
      known.epoch = target.epoch
      known.refs = refs
    } else if (!refs.includes(-1)) this.#series.add(this.#key, 0, this.#keyLength, { epoch: target.epoch, refs })
    return refs
  }

  /** The series with these labels in the target. */
  resolve(labels: ReadonlyMap<string, string>): number {
    encodeLabels(labels, this.#labels)
    return this.#target!.series(this.#labels.bytes, 0, this.#labels.length)
  }
}

interface KnownSeries {
  epoch: number
  refs: readonly number[]
}

/** Attributes as labels: names made Prometheus's; two that collide are joined with `;`, in order of their keys. */
export function attributeLabels(
  attributes: Readonly<Record<string, string>>,
  labels: Map<string, string>,
  settings: OtlpMetricSettings,
): void {
  for (const key of Object.keys(attributes).sort()) {
    // The metric's name is set by us alone.
    if (key === METRIC_NAME) continue
    const name = prometheusLabelName(key, settings)
    const value = attributes[key]!
    if (name === '') continue
    const taken = labels.get(name)
    labels.set(name, taken === undefined || taken === '' ? value : `${taken};${value}`)
  }
}

function resourceLabels(
  attributes: Readonly<Record<string, string>>,
  number: number,
  settings: OtlpMetricSettings,
): ResourceLabels {
  const labels = new Map<string, string>()
  const service = attributes['service.name']
  const namespace = attributes['service.namespace']
  const instance = attributes['service.instance.id']
  if (service !== undefined) labels.set('job', namespace === undefined ? service : `${namespace}/${service}`)
  if (instance !== undefined) labels.set('instance', instance)
  const promoted = new Map<string, string>()
  const listed = new Set(settings.attributes)
  for (const [key, value] of Object.entries(attributes)) {
    const name = listed.has(key) === settings.promotesAll ? '' : prometheusLabelName(key, settings)
    // Of two that become one, the later sent wins.
    if (name !== '') promoted.set(name, value)
  }
  return { number, labels, promoted, info: targetInfo(attributes, labels, settings) }
}

function targetInfo(
  attributes: Readonly<Record<string, string>>,
  own: ReadonlyMap<string, string>,
  settings: OtlpMetricSettings,
): Uint8Array | undefined {
  const rest = Object.fromEntries(Object.entries(attributes).filter(([key]) => !IDENTIFYING.has(key)))
  if (Object.keys(rest).length === 0 || own.size === 0) return undefined
  const labels = new Map<string, string>()
  attributeLabels(settings.keepsIdentifying ? attributes : rest, labels, settings)
  for (const [name, value] of own) labels.set(name, value)
  labels.set(METRIC_NAME, 'target_info')
  const bytes = new LabelBytes()
  encodeLabels(labels, bytes)
  return bytes.bytes.slice(0, bytes.length)
}

const IDENTIFYING = new Set(['service.name', 'service.namespace', 'service.instance.id'])

/** Prints labels sorted by name, so that one series has one form. */
function encodeLabels(labels: ReadonlyMap<string, string>, into: LabelBytes): void {
  into.clear()
  for (const name of [...labels.keys()].sort()) {
    const value = labels.get(name) ?? ''
    if (value !== '') into.add(name, value)
  }
}

const scratch = new Uint32Array(1)
const scratchBytes = new Uint8Array(scratch.buffer)
const scratchDouble = new Float64Array(1)
const scratchDoubleBytes = new Uint8Array(scratchDouble.buffer)
