import { IngestError } from '../errors.ts'
import type { EscapingScheme, ScrapeProtocol } from '../prometheus-scrape-config.ts'

/** How an answer is read. */
export type ScrapeFormat = 'text' | 'openmetrics' | 'protobuf'

const MEDIA: Readonly<Record<ScrapeProtocol, string>> = {
  PrometheusProto: 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited',
  'OpenMetricsText1.0.0': 'application/openmetrics-text;version=1.0.0',
  'OpenMetricsText0.0.1': 'application/openmetrics-text;version=0.0.1',
  'PrometheusText1.0.0': 'text/plain;version=1.0.0',
  'PrometheusText0.0.4': 'text/plain;version=0.0.4',
}

/** The Accept header for protocols, most wanted first. Source: Prometheus 3.14 scrape/scrape.go acceptHeader. */
export function acceptHeader(protocols: readonly ScrapeProtocol[], escaping: EscapingScheme): string {
  let weight = Object.keys(MEDIA).length + 1
  const parts = protocols.map((protocol) => {
    // Only the newer formats know how names may be written.
    const wish = protocol.endsWith('Text1.0.0') ? `;escaping=${escaping}` : ''
    return `${MEDIA[protocol]}${wish};q=0.${weight--}`
  })
  return [...parts, `*/*;q=0.${weight}`].join(',')
}

/** How to read an answer; throws `IngestError` INGEST_SCRAPE_FAILED for a type we do not know where no fallback is set. */
export function formatOf(contentType: string, fallback: ScrapeProtocol | undefined): ScrapeFormat {
  const media = (contentType.split(';')[0] ?? '').trim().toLowerCase()
  if (media === 'application/openmetrics-text') return 'openmetrics'
  if (media === 'application/vnd.google.protobuf') return 'protobuf'
  if (media === 'text/plain') return 'text'
  if (fallback === undefined)
    throw new IngestError(
      'INGEST_SCRAPE_FAILED',
      `cannot scrape: unsupported Content-Type ${JSON.stringify(contentType)} and no fallback_scrape_protocol`,
    )
  if (fallback === 'PrometheusProto') return 'protobuf'
  return fallback.startsWith('OpenMetrics') ? 'openmetrics' : 'text'
}
