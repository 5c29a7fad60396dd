import type { Telemetry } from '@oriel/model'
import type { LogSource, MetricSource, QueryContext, Source, TraceSource } from '@oriel/store'

/** Runs one read of the store as a span. */
type Traced = <T>(name: string, context: QueryContext, read: () => Promise<T>) => Promise<T>

/** The same source, every read a span with the rows and bytes that the engine went through: where a slow request spent its time. */
export function traceSource({ metrics, logs, traces }: Source, telemetry: Telemetry): Source {
  const traced: Traced = async (name, context, read) => {
    const attributes: Record<string, string> = {
      'span.kind': 'client',
      'db.system.name': 'clickhouse',
      'db.operation.name': name,
    }
    const before = { ...context.stats }
    return telemetry.span(`store ${name}`, attributes, async () => {
      try {
        return await read()
      } finally {
        attributes['oriel.read.rows'] = String(context.stats.rows - before.rows)
        attributes['oriel.read.bytes'] = String(context.stats.bytes - before.bytes)
      }
    })
  }
  return { metrics: tracedMetrics(metrics, traced), logs: tracedLogs(logs, traced), traces: tracedTraces(traces, traced) }
}

function tracedMetrics(metrics: MetricSource, traced: Traced): MetricSource {
  return {
    samples: (request, context) => traced('metrics.samples', context, () => metrics.samples(request, context)),
    scan: (request, context) => traced('metrics.scan', context, () => metrics.scan(request, context)),
    lastChange: (tenants, untilMs) => metrics.lastChange(tenants, untilMs),
    grid: (request, context) => traced('metrics.grid', context, () => metrics.grid(request, context)),
    series: (request, context) => traced('metrics.series', context, () => metrics.series(request, context)),
    labelNames: (request, context) => traced('metrics.labelNames', context, () => metrics.labelNames(request, context)),
    labelValues: (label, request, context) =>
      traced('metrics.labelValues', context, () => metrics.labelValues(label, request, context)),
    metadata: (request, context) => traced('metrics.metadata', context, () => metrics.metadata(request, context)),
    exemplars: (request, context) => traced('metrics.exemplars', context, () => metrics.exemplars(request, context)),
    cardinality: (request, context) => traced('metrics.cardinality', context, () => metrics.cardinality(request, context)),
  }
}

function tracedLogs(logs: LogSource, traced: Traced): LogSource {
  return {
    async *records(request, context) {
      // The span lasts from the first batch asked for to the last one taken, which is when the reader stops or the engine ends.
      const { promise, resolve } = Promise.withResolvers<void>()
      const span = traced('logs.records', context, () => promise)
      try {
        yield* logs.records(request, context)
      } finally {
        resolve()
        await span
      }
    },
    grid: (request, context) => traced('logs.grid', context, () => logs.grid(request, context)),
    streams: (request, context) => traced('logs.streams', context, () => logs.streams(request, context)),
    labelNames: (request, context) => traced('logs.labelNames', context, () => logs.labelNames(request, context)),
    labelValues: (label, request, context) =>
      traced('logs.labelValues', context, () => logs.labelValues(label, request, context)),
    volume: (request, context) => traced('logs.volume', context, () => logs.volume(request, context)),
  }
}

function tracedTraces(traces: TraceSource, traced: Traced): TraceSource {
  return {
    byId: (traceId, context, range) => traced('traces.byId', context, () => traces.byId(traceId, context, range)),
    search: (request, context) => traced('traces.search', context, () => traces.search(request, context)),
    services: (range, context) => traced('traces.services', context, () => traces.services(range, context)),
    operations: (service, range, context) =>
      traced('traces.operations', context, () => traces.operations(service, range, context)),
    tagNames: (scope, range, context) => traced('traces.tagNames', context, () => traces.tagNames(scope, range, context)),
    tagValues: (scope, key, range, limit, context) =>
      traced('traces.tagValues', context, () => traces.tagValues(scope, key, range, limit, context)),
    red: (request, context) => traced('traces.red', context, () => traces.red(request, context)),
    redExemplars: (request, limit, context) =>
      traced('traces.redExemplars', context, () => traces.redExemplars(request, limit, context)),
  }
}
