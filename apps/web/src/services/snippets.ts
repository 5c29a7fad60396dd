import type { StatusAnswer } from '@oriel/contract'

/** Something to paste that sends data here. */
export interface Snippet {
  readonly id: string
  readonly name: string
  readonly signals: string
  /** Where the text goes. */
  readonly where: string
  readonly text: string
}

const ALL_SIGNALS = 'traces, metrics, logs'

/** Snippets with this server's own addresses: as listened on, or as the browser reached it where a listener is on all interfaces. */
export function makeSnippets(status: StatusAnswer, origin: string): Snippet[] {
  return [
    ...otlpSnippets(listenerUrl(status, 'otlp-grpc', origin), listenerUrl(status, 'otlp-http', origin)),
    {
      id: 'remote-write',
      name: 'Prometheus',
      signals: 'metrics',
      where: 'prometheus.yml, beside what you have',
      text: `remote_write:
  - url: ${origin}/api/v1/write
    send_exemplars: true`,
    },
    {
      id: 'alloy',
      name: 'Promtail or Alloy',
      signals: 'logs',
      where: 'promtail.yaml',
      text: `clients:
  - url: ${origin}/loki/api/v1/push`,
    },
    {
      id: 'grafana',
      name: 'Grafana',
      signals: 'reads',
      where: 'provisioning/datasources/oriel.yaml',
      text: grafanaSources(origin),
    },
    {
      id: 'curl',
      name: 'curl',
      signals: 'one log line, now',
      where: 'A terminal',
      text: `curl -sS ${origin}/loki/api/v1/push -H 'content-type: application/json' -d "{
  \\"streams\\": [{ \\"stream\\": { \\"service_name\\": \\"hello\\" },
    \\"values\\": [[\\"$(date +%s)000000000\\", \\"hello, Oriel\\"]] }] }"`,
    },
  ]
}

/** A listener's address as a URL that works from where the browser is. */
export function listenerUrl(status: StatusAnswer, name: string, origin: string): string {
  const address = status.listeners.find((listener) => listener.name === name)?.address
  if (address === undefined) return origin
  const port = address.slice(address.lastIndexOf(':') + 1)
  const host = address.slice(0, address.lastIndexOf(':'))
  const isEverywhere = host === '0.0.0.0' || host === '[::]' || host === '::' || host === ''
  return `http://${isEverywhere ? new URL(origin).hostname : host}:${port}`
}

function otlpSnippets(grpc: string, http: string): Snippet[] {
  return [
    {
      id: 'env',
      name: 'OpenTelemetry SDK',
      signals: ALL_SIGNALS,
      where: 'Environment of any instrumented program',
      text: `export OTEL_SERVICE_NAME=my-service
export OTEL_EXPORTER_OTLP_ENDPOINT=${http}
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_LOGS_EXPORTER=otlp OTEL_METRICS_EXPORTER=otlp OTEL_TRACES_EXPORTER=otlp`,
    },
    {
      id: 'collector',
      name: 'OpenTelemetry Collector',
      signals: ALL_SIGNALS,
      where: 'otel-collector.yaml',
      text: `exporters:
  otlp/oriel:
    endpoint: ${grpc.replace(/^https?:\/\//, '')}
    tls: { insecure: true }
service:
  pipelines:
    traces:  { receivers: [otlp], exporters: [otlp/oriel] }
    metrics: { receivers: [otlp], exporters: [otlp/oriel] }
    logs:    { receivers: [otlp], exporters: [otlp/oriel] }`,
    },
  ]
}

function grafanaSources(origin: string): string {
  return `apiVersion: 1
datasources:
  - { name: Oriel metrics, type: prometheus, access: proxy, url: ${origin}/prometheus }
  - { name: Oriel logs, type: loki, access: proxy, url: ${origin}/loki }
  - { name: Oriel traces, type: tempo, access: proxy, url: ${origin}/tempo }`
}
