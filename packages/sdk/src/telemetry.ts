import type { LogLevel, Telemetry } from '@oriel/model'
import type { RecordedLog } from './logging.ts'
import { isLevelEnabled, printLogLine, textFields } from './logging.ts'
import type { MetricFamily } from './metrics.ts'
import { MetricRegistry } from './metrics.ts'
import type { RecordedSpan } from './tracing.ts'
import { Tracer } from './tracing.ts'

/** What a program records of itself, with the buffers that delivery empties. */
export interface RecordingTelemetry extends Telemetry {
  readonly registry: MetricRegistry
  readonly tracer: Tracer
  /** Hands over log records since the last call, oldest first. */
  drainLogs(): RecordedLog[]
}

/** Everything of one delivery. */
export interface TelemetryPart {
  readonly metrics: readonly MetricFamily[]
  readonly logs: readonly RecordedLog[]
  readonly spans: readonly RecordedSpan[]
}

export interface TelemetryOptions {
  /** Where log lines go; default standard error. */
  readonly writeLine?: (line: string) => void
  readonly minLevel?: LogLevel
  /** False: logs are written and metrics counted, but nothing is kept for delivery and no span is recorded. */
  readonly isDelivered?: boolean
  readonly now?: () => number
}

// 1,000 spans and 5,000 log records a delivery (10-15 s): enough to see what happens, less than 1% of what a busy server does.
const MAX_SPANS = 1_000
const MAX_LOGS = 5_000

/** Opens the telemetry of this process. */
export function makeTelemetry(options: TelemetryOptions = {}): RecordingTelemetry {
  const { writeLine = writeToStderr, minLevel = 'info', isDelivered = true, now = Date.now } = options
  const tracer = new Tracer({ maxSpans: isDelivered ? MAX_SPANS : 0 })
  const registry = new MetricRegistry({ traceNow: () => tracer.current(), now })
  const lines = registry.counter('oriel_log_messages_total', 'Log messages written, by level.')
  let logs: RecordedLog[] = []
  return {
    registry,
    tracer,
    counter: (name, help) => registry.counter(name, help),
    gauge: (name, help) => registry.gauge(name, help),
    histogram: (name, help, buckets) => registry.histogram(name, help, buckets),
    log(level, message, fields = {}) {
      if (!isLevelEnabled(level, minLevel)) return
      lines.add(1, { level })
      const { traceId, spanId } = tracer.current() ?? { traceId: '', spanId: '' }
      const record: RecordedLog = { tMs: now(), level, message, fields: textFields(fields), traceId, spanId }
      writeLine(printLogLine(record))
      if (isDelivered && !tracer.isMuted && logs.length < MAX_LOGS) logs.push(record)
    },
    span: (name, attributes, work) => (isDelivered ? tracer.span(name, attributes, work) : work()),
    drainLogs() {
      const drained = logs
      logs = []
      return drained
    },
  }
}

function writeToStderr(line: string): void {
  process.stderr.write(line)
}
