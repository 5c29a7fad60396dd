import type { RecordingTelemetry, TelemetryPart } from './telemetry.ts'

/** Sends one part onward: to our own ingest, or over the network. Rejects when nothing of it was taken. */
export type Deliver = (part: TelemetryPart) => Promise<void>

/** A running delivery. */
export interface Delivery {
  /** Sends what is there now; failures are counted, not thrown. */
  flush(): Promise<void>
  /** Stops the clock and sends the rest. */
  close(): Promise<void>
}

export interface DeliveryOptions {
  readonly intervalMs?: number
}

// 10 s: one dashboard step of fresh data about ourselves at a cost too small to see.
const DELIVERY_INTERVAL_MS = 10_000

/**
 * Delivers telemetry in the background. Everything under `deliver` is muted: it records no span and no log for delivery, so
 * that telling about ourselves gives nothing to tell. Metrics go on counting, their number does not depend on it.
 */
export function openDelivery(telemetry: RecordingTelemetry, deliver: Deliver, options: DeliveryOptions = {}): Delivery {
  const { intervalMs = DELIVERY_INTERVAL_MS } = options
  const failures = telemetry.counter('oriel_self_delivery_failures_total', 'Deliveries of our own telemetry that failed.')
  const dropped = telemetry.counter('oriel_self_spans_dropped_total', 'Spans of our own beyond the budget of a delivery.')
  let sending: Promise<void> = Promise.resolve()

  async function send(): Promise<void> {
    dropped.add(telemetry.tracer.dropped)
    telemetry.tracer.dropped = 0
    const part = { metrics: telemetry.registry.families(), logs: telemetry.drainLogs(), spans: telemetry.tracer.drain() }
    try {
      await deliver(part)
    } catch {
      // What failed is not kept: the next part tells how things are, and a store that is down must not grow our memory.
      failures.add(1)
    }
  }

  function flush(): Promise<void> {
    sending = sending.then(() => telemetry.tracer.mute(send))
    return sending
  }

  const timer = telemetry.tracer.mute(() => setInterval(() => void flush(), intervalMs))
  timer.unref()
  return {
    flush,
    close() {
      clearInterval(timer)
      return flush()
    },
  }
}
