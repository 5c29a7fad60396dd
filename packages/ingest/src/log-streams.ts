// Which stream and resource log records belong to: as Loki does it, found again by raw bytes.

import type { Labels } from '@oriel/model'
import { labelValue, makeLabels, UNKNOWN_SERVICE, withLabel } from '@oriel/model'
import { resourceId, seriesId } from '@oriel/store'
import { LEVEL_KEYS } from '@oriel/wire'
import type { IngestLimits } from './limits.ts'
import { SeenResource, SeenStream } from './seen.ts'

/** Where log records come from: their stream, their resource, and what every one of them carries along. */
export interface LogEntity {
  readonly labels: Labels
  readonly service: string
  readonly streamId: Uint32Array
  readonly resource: SeenResource | undefined
  /** Structured metadata that comes from the resource. */
  readonly keys: readonly string[]
  readonly values: readonly string[]
  /** The level that the labels name, '' for none. */
  readonly level: string
  /** Why records of this entity are refused, if they are. */
  readonly refusal: string | undefined
  readonly days: Map<number, SeenStream>
}

/** What is done beyond the protocol, each as in Loki. */
export interface LogOptions {
  /** Streams without `service_name` get one from other labels. */
  readonly discoverServiceName: boolean
  /** Records without a level get one from labels, metadata or the line. */
  readonly detectLevel: boolean
}

export const DEFAULT_LOG_OPTIONS: LogOptions = { discoverServiceName: true, detectLevel: true }

/**
 * Resource attributes that become stream labels, by their OpenTelemetry names; all others become structured metadata.
 *
 * Source: Grafana Loki documentation, "Ingesting logs to Loki using OpenTelemetry Collector", default index labels.
 */
export const STREAM_ATTRIBUTES: ReadonlySet<string> = new Set([
  'cloud.availability_zone',
  'cloud.region',
  'container.name',
  'deployment.environment',
  'deployment.environment.name',
  'k8s.cluster.name',
  'k8s.container.name',
  'k8s.cronjob.name',
  'k8s.daemonset.name',
  'k8s.deployment.name',
  'k8s.job.name',
  'k8s.namespace.name',
  'k8s.pod.name',
  'k8s.replicaset.name',
  'k8s.statefulset.name',
  'service.instance.id',
  'service.name',
  'service.namespace',
])

/** Labels that name a service when `service_name` is missing, in order. Source: Grafana Loki documentation, discover_service_name. */
export const SERVICE_LABELS: readonly string[] = [
  'service',
  'app',
  'application',
  'name',
  'app_kubernetes_io_name',
  'container',
  'container_name',
  'k8s_container_name',
  'component',
  'workload',
  'job',
  'k8s_job_name',
]

/** A key as Loki names it: everything but letters, digits and underscores becomes an underscore. */
export function metadataKey(key: string): string {
  const safe = key.replaceAll(/[^a-zA-Z0-9_]/g, '_')
  return /^\d/.test(safe) ? `_${safe}` : safe
}

/** The entity of an OTLP resource. */
export function resourceEntity(
  attributes: Readonly<Record<string, string>>,
  options: LogOptions,
  limits: IngestLimits,
): LogEntity {
  const labels: [string, string][] = []
  const keys: string[] = []
  const values: string[] = []
  for (const [name, value] of Object.entries(attributes)) {
    if (STREAM_ATTRIBUTES.has(name)) {
      labels.push([metadataKey(name), value])
    } else {
      keys.push(metadataKey(name))
      values.push(value)
    }
  }
  const service = attributes['service.name'] ?? ''
  const resource = Object.keys(attributes).length === 0 ? undefined : makeResource(attributes, service)
  return makeEntity({ labels: makeLabels(labels), resource, keys, values }, options, limits)
}

/** The entity of a pushed Loki stream. */
export function streamEntity(labels: Labels, options: LogOptions, limits: IngestLimits): LogEntity {
  return makeEntity({ labels, resource: undefined, keys: [], values: [] }, options, limits)
}

/** The entity's (stream, day), made on first use. */
export function streamOn(entity: LogEntity, day: number): SeenStream {
  let stream = entity.days.get(day)
  if (stream === undefined) {
    if (entity.days.size >= MAX_DAYS) entity.days.clear()
    stream = new SeenStream({ id: entity.streamId, labels: entity.labels, service: entity.service, day })
    entity.days.set(day, stream)
  }
  return stream
}

/** A resource as logs and spans store it; `service` '' counts as unknown. */
export function makeResource(attributes: Readonly<Record<string, string>>, service: string): SeenResource {
  return new SeenResource({ id: resourceId(attributes), service: service === '' ? UNKNOWN_SERVICE : service, attributes })
}

// 64: two months of back-fill through one stream; beyond that (stream, day) pairs are simply written again.
const MAX_DAYS = 64

// What a stream selector can name. Source: LogQL, log stream selector.
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/

function makeEntity(
  { labels, resource, keys, values }: Pick<LogEntity, 'labels' | 'resource' | 'keys' | 'values'>,
  options: LogOptions,
  limits: IngestLimits,
): LogEntity {
  const named = options.discoverServiceName ? withServiceName(labels) : labels
  const service = labelValue(named, 'service_name') || UNKNOWN_SERVICE
  return {
    labels: named,
    service,
    streamId: seriesId(named),
    resource,
    keys,
    values,
    level: options.detectLevel ? levelOf(named) : '',
    refusal: refusalOf(named, limits),
    days: new Map(),
  }
}

function withServiceName(labels: Labels): Labels {
  if (labelValue(labels, 'service_name') !== '') return labels
  const found = SERVICE_LABELS.map((name) => labelValue(labels, name)).find((value) => value !== '')
  return withLabel(labels, 'service_name', found ?? UNKNOWN_SERVICE)
}

function levelOf(labels: Labels): string {
  return labels.find(({ name }) => LEVEL_KEYS.has(name))?.value ?? ''
}

function refusalOf(labels: Labels, limits: IngestLimits): string | undefined {
  if (labels.length > limits.maxLabels) return `stream has ${labels.length} labels, limit ${limits.maxLabels}`
  for (const { name, value } of labels) {
    if (!LABEL_NAME.test(name)) return `label name ${JSON.stringify(name.slice(0, 50))} is not of letters, digits and underscores`
    if (name.length > limits.maxLabelNameBytes) return `label name of ${name.length} bytes, limit ${limits.maxLabelNameBytes}`
    const valueBytes = Buffer.byteLength(value)
    if (valueBytes > limits.maxLabelValueBytes)
      return `label ${JSON.stringify(name)} of ${valueBytes} bytes, limit ${limits.maxLabelValueBytes}`
  }
  return undefined
}
