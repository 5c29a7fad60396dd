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
  const media = mediaTypeOf(contentType)
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

const TOKEN = "[!#$%&'*+.^_`|~\\w-]+"
const MEDIA_TYPE = new RegExp(`^\\s*(${TOKEN}/${TOKEN})\\s*(?:;|$)`)
const PARAMETER = new RegExp(`\\s*;\\s*(${TOKEN})\\s*=\\s*(${TOKEN}|"(?:[^"\\\\]|\\\\.)*")`, 'y')

/** The media type without parameters, '' where either is malformed. Source: Go mime.ParseMediaType. */
function mediaTypeOf(contentType: string): string {
  const media = MEDIA_TYPE.exec(contentType)?.[1]
  if (media === undefined) return ''
  const parameters = new Map<string, string>()
  const given = contentType.slice(contentType.indexOf(media) + media.length)
  PARAMETER.lastIndex = 0
  let end = 0
  for (let found = PARAMETER.exec(given); found !== null; found = PARAMETER.exec(given)) {
    const [, name = '', value = ''] = found
    if ((parameters.get(name.toLowerCase()) ?? value) !== value) return ''
    parameters.set(name.toLowerCase(), value)
    end = PARAMETER.lastIndex
  }
  return /^\s*;?\s*$/.test(given.slice(end)) ? media.toLowerCase() : ''
}
