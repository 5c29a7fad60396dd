import { IngestError } from '../errors.ts'
import { HttpClient } from '../fetch/client.ts'
import type { DockerDaemon } from './docker-config.ts'
import type { TargetLabels } from './groups.ts'
import { Json } from './json.ts'
import { prefixed } from './labels.ts'

/** The API of a Docker daemon, over HTTP or its socket. */
export class DockerClient {
  readonly #client: HttpClient
  readonly #base: string
  readonly #filters: string
  readonly #timeoutMs: number

  constructor({ host, filters, http }: DockerDaemon, timeoutMs: number) {
    const socketPath = host.startsWith('unix://') ? host.slice('unix://'.length) : ''
    this.#client = new HttpClient(http, { socketPath })
    this.#base = socketPath === '' ? host.replace(/^tcp:/, 'http:').replace(/\/+$/, '') : 'http://localhost'
    const byName: Record<string, Record<string, true>> = {}
    for (const { name, values } of filters) for (const value of values) (byName[name] ??= {})[value] = true
    this.#filters = filters.length === 0 ? '' : `filters=${encodeURIComponent(JSON.stringify(byName))}`
    this.#timeoutMs = timeoutMs
  }

  /** The list at `path`. Rejects with `IngestError` INGEST_SCRAPE_FAILED. */
  async list(path: string, signal: AbortSignal, { isFiltered = false }: { readonly isFiltered?: boolean } = {}): Promise<Json[]> {
    const query = isFiltered && this.#filters !== '' ? `?${this.#filters}` : ''
    const { status, body } = await this.#client.get(`${this.#base}${path}${query}`, {
      headers: { accept: 'application/json', 'user-agent': 'Oriel' },
      timeoutMs: this.#timeoutMs,
      maxBytes: MAX_ANSWER_BYTES,
      signal,
    })
    if (status !== 200)
      throw new IngestError('INGEST_SCRAPE_FAILED', `cannot discover targets: Docker answers ${path} with HTTP status ${status}`)
    return Json.parse(body, `the answer of Docker to ${path}`).list()
  }

  /** Labels of every network, by its id. */
  async networkLabels(prefix: string, signal: AbortSignal): Promise<Map<string, TargetLabels>> {
    const networks = await this.list('/networks', signal)
    return new Map(
      networks.map((network) => [
        network.at('Id').text,
        {
          [`${prefix}network_id`]: network.at('Id').text,
          [`${prefix}network_name`]: network.at('Name').text,
          [`${prefix}network_scope`]: network.at('Scope').text,
          [`${prefix}network_internal`]: String(network.at('Internal').isTrue),
          [`${prefix}network_ingress`]: String(network.at('Ingress').isTrue),
          ...labelsAt(`${prefix}network_label_`, network.at('Labels')),
        },
      ]),
    )
  }

  async close(): Promise<void> {
    await this.#client.close()
  }
}

/** The labels of a Docker object under a prefix. */
export function labelsAt(prefix: string, labels: Json): TargetLabels {
  return prefixed(
    prefix,
    labels.entries().map(([name, value]) => [name, value.text]),
  )
}

// 64 MiB: a swarm of thousands of tasks.
const MAX_ANSWER_BYTES = 64 * 2 ** 20
