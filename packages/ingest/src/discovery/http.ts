import { IngestError } from '../errors.ts'
import { HttpClient } from '../fetch/client.ts'
import { parseGroups } from './groups.ts'
import type { TargetGroup } from './groups.ts'
import type { HttpDiscoveryConfig } from './http-config.ts'
import type { Discovery, DiscoverySink } from './poll.ts'
import { poll } from './poll.ts'

/** Targets from a server. Source: Prometheus 3.14 docs/http_sd.md. */
export function startHttp(config: HttpDiscoveryConfig, sink: DiscoverySink): Discovery {
  const client = new HttpClient(config.http)
  const read = (signal: AbortSignal): Promise<TargetGroup[]> => readServer(client, config, signal)
  return poll(config.refreshMs, read, sink, () => client.close())
}

// 20 MiB: tens of thousands of targets.
const MAX_ANSWER_BYTES = 20 * 2 ** 20
const SERVER_TIMEOUT_MS = 30_000

async function readServer(
  client: HttpClient,
  { url, refreshMs }: HttpDiscoveryConfig,
  signal: AbortSignal,
): Promise<TargetGroup[]> {
  const { status, contentType, body } = await client.get(url, {
    headers: {
      accept: 'application/json',
      'user-agent': 'Oriel',
      'x-prometheus-refresh-interval-seconds': String(refreshMs / 1_000),
    },
    timeoutMs: Math.min(refreshMs, SERVER_TIMEOUT_MS),
    maxBytes: MAX_ANSWER_BYTES,
    signal,
  })
  if (status !== 200) throw new IngestError('INGEST_SCRAPE_FAILED', `cannot discover targets: HTTP status ${status}`)
  if (!/^application\/json(;\s*charset="?utf-8"?)?$/i.test(contentType))
    throw new IngestError('INGEST_SCRAPE_FAILED', `cannot discover targets: Content-Type ${JSON.stringify(contentType)}`)
  return parseGroups(Buffer.from(body).toString('utf8'), url).map(({ targets, labels }) => ({
    targets,
    labels: { ...labels, __meta_url: url },
  }))
}
