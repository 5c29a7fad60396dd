import type { RunningServer } from '@oriel/server'
import type { Terminal } from './table.ts'
import { paint } from './table.ts'

/** Where to look and what to point at a running server, for the first minute with it. */
export function printHints(server: RunningServer, terminal: Terminal): string {
  return `    Open                  ${paint(server.url, 'bold', terminal)}
    OpenTelemetry         OTEL_EXPORTER_OTLP_ENDPOINT=http://${addressOf(server, 'otlp-http')}
                          (gRPC: http://${addressOf(server, 'otlp-grpc')})
    Prometheus            remote_write: [{ url: ${server.url}/api/v1/write }]
    Loki clients          ${server.url}/loki/api/v1/push
    Grafana               ${server.url}/prometheus, /tempo, /jaeger; Loki at ${server.url}
`
}

/** Address of a listener; '' while it is not open. */
export function addressOf(server: RunningServer, name: string): string {
  return server.listeners.find((listener) => listener.name === name)?.address ?? ''
}

/** Shows that something takes its time, with the seconds so far; returns what ends it. A file gets the message alone. */
export function showWaiting(message: string): () => void {
  const { stdout } = process
  if (!stdout.isTTY) {
    stdout.write(`${message} ...\n`)
    return () => {}
  }
  const startMs = Date.now()
  const draw = () => stdout.write(`\r${message} ... ${Math.round((Date.now() - startMs) / 1_000)} s`)
  draw()
  const timer = setInterval(draw, 1_000)
  return () => {
    clearInterval(timer)
    draw()
    stdout.write('\n')
  }
}
