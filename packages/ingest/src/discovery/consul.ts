// Source: Prometheus 3.14 discovery/consul/consul.go.

import { IngestError } from '../errors.ts'
import { HttpClient } from '../fetch/client.ts'
import type { Fetched } from '../fetch/client.ts'
import type { ConsulConfig } from './consul-config.ts'
import type { TargetGroup } from './groups.ts'
import { Json } from './json.ts'
import { hostPort, prefixed } from './labels.ts'
import type { Discovery, DiscoverySink } from './poll.ts'

// How long a blocking query may wait for news, and how soon a failed one is tried again.
const WAIT_MS = 120_000
const RETRY_MS = 15_000
const MAX_ANSWER_BYTES = 64 * 2 ** 20

/** Services of a Consul catalog, by blocking queries: news arrive when they happen. */
export function startConsul(config: ConsulConfig, sink: DiscoverySink): Discovery {
  const watch = new ConsulWatch(config, sink)
  void watch.run()
  return { stop: () => watch.stop() }
}

class ConsulWatch {
  readonly #config: ConsulConfig
  readonly #sink: DiscoverySink
  readonly #client: HttpClient
  readonly #abort = new AbortController()
  readonly #groups = new Map<string, TargetGroup>()
  readonly #watched = new Map<string, AbortController>()
  #datacenter = ''

  constructor(config: ConsulConfig, sink: DiscoverySink) {
    this.#config = config
    this.#sink = sink
    this.#client = new HttpClient(config.http)
  }

  stop(): void {
    this.#abort.abort()
    for (const watched of this.#watched.values()) watched.abort()
    void this.#client.close()
  }

  async run(): Promise<void> {
    const { services, tags, filter, datacenter } = this.#config
    this.#datacenter = datacenter
    while (this.#datacenter === '' && !this.#abort.signal.aborted) await this.#learnDatacenter()
    if (services.length > 0 && tags.length === 0 && filter === '') for (const name of services) this.#watch(name)
    else await this.#repeat('/v1/catalog/services', { filter }, this.#abort.signal, (answer) => this.#take(answer))
  }

  async #learnDatacenter(): Promise<void> {
    try {
      const { body } = await this.#ask('/v1/agent/self', new URLSearchParams(), this.#abort.signal)
      this.#datacenter = Json.parse(body, 'the agent').at('Config', 'Datacenter').text
      if (this.#datacenter === '') throw failed('/v1/agent/self names no datacenter')
    } catch (error) {
      await this.#pause(error, this.#abort.signal)
    }
  }

  /** The services there are: watches new ones, forgets those that have gone. */
  #take(answer: Json): void {
    const names = new Set<string>()
    for (const [name, tags] of answer.entries()) {
      const own = new Set(tags.list().map(({ text }) => text))
      const { services, tags: wanted } = this.#config
      if ((services.length === 0 || services.includes(name)) && wanted.every((tag) => own.has(tag))) names.add(name)
      // Prometheus goes on with a service that lost a tag: its instances have gone from the answers anyway.
      else if (this.#watched.has(name)) names.add(name)
    }
    for (const name of names) if (!this.#watched.has(name)) this.#watch(name)
    for (const [name, abort] of this.#watched) {
      if (names.has(name)) continue
      abort.abort()
      this.#watched.delete(name)
      this.#groups.delete(name)
    }
    this.#publish()
  }

  #watch(name: string): void {
    const abort = new AbortController()
    this.#watched.set(name, abort)
    const path = `/v1/health/service/${encodeURIComponent(name)}`
    void this.#repeat(path, { filter: this.#config.healthFilter, tags: this.#config.tags }, abort.signal, (answer) => {
      this.#groups.set(name, serviceGroup(answer, { name, datacenter: this.#datacenter, separator: this.#config.tagSeparator }))
      this.#publish()
    })
  }

  #publish(): void {
    if (!this.#abort.signal.aborted) this.#sink.update([...this.#groups.values()])
  }

  /** Asks until aborted; `take` is given every answer that differs by its index from the last. */
  async #repeat(
    path: string,
    { filter, tags = [] }: { readonly filter: string; readonly tags?: readonly string[] },
    signal: AbortSignal,
    take: (answer: Json) => void,
  ): Promise<void> {
    let index = '0'
    while (!signal.aborted) {
      const startMs = performance.now()
      try {
        const params = this.#params(filter, tags)
        if (index !== '0') params.set('index', index)
        params.set('wait', `${WAIT_MS}ms`)
        const { body, headers } = await this.#ask(path, params, signal)
        const next = String(headers['x-consul-index'] ?? '0')
        if (next !== index || next === '0') take(Json.parse(body, `the answer to ${path}`))
        // An index that goes back is one to begin anew with. Source: Consul, blocking queries.
        index = Number(next) < Number(index) ? '0' : next
      } catch (error) {
        await this.#pause(error, signal)
        continue
      }
      await sleep(this.#config.refreshMs - (performance.now() - startMs), signal)
    }
  }

  #params(filter: string, tags: readonly string[]): URLSearchParams {
    const { datacenter, namespace, partition, allowsStale, nodeMeta } = this.#config
    const params = new URLSearchParams()
    for (const tag of tags) params.append('tag', tag)
    if (datacenter !== '') params.set('dc', datacenter)
    if (namespace !== '') params.set('ns', namespace)
    if (partition !== '') params.set('partition', partition)
    if (allowsStale) params.set('stale', '')
    if (filter !== '') params.set('filter', filter)
    for (const [key, value] of Object.entries(nodeMeta)) params.append('node-meta', `${key}:${value}`)
    return params
  }

  async #ask(path: string, params: URLSearchParams, signal: AbortSignal): Promise<Fetched> {
    const { baseUrl, token } = this.#config
    const query = params.toString()
    const answer = await this.#client.get(`${baseUrl}${path}${query === '' ? '' : `?${query}`}`, {
      headers: { accept: 'application/json', 'user-agent': 'Oriel', ...(token !== '' && { 'x-consul-token': token }) },
      timeoutMs: WAIT_MS + RETRY_MS,
      maxBytes: MAX_ANSWER_BYTES,
      signal,
    })
    if (answer.status !== 200) throw failed(`Consul answers ${path} with HTTP status ${answer.status}`)
    return answer
  }

  async #pause(error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    this.#sink.warn(error)
    await sleep(RETRY_MS, signal)
  }
}

interface Service {
  readonly name: string
  readonly datacenter: string
  readonly separator: string
}

/** The targets of `/v1/health/service/NAME`. */
export function serviceGroup(answer: Json, { name, datacenter, separator }: Service): TargetGroup {
  const targets = answer.list().map((entry) => {
    const [node, service] = [entry.at('Node'), entry.at('Service')]
    const tags = service.at('Tags').list()
    const port = String(service.at('Port').number)
    return {
      __address__: hostPort(service.at('Address').text || node.at('Address').text, port),
      __meta_consul_address: node.at('Address').text,
      __meta_consul_node: node.at('Node').text,
      __meta_consul_namespace: service.at('Namespace').text,
      __meta_consul_partition: service.at('Partition').text,
      __meta_consul_tags: `${separator}${tags.map(({ text }) => text).join(separator)}${separator}`,
      __meta_consul_service_address: service.at('Address').text,
      __meta_consul_service_port: port,
      __meta_consul_service_id: service.at('ID').text,
      __meta_consul_health: healthOf(entry.at('Checks')),
      ...metadata('__meta_consul_metadata_', node.at('Meta')),
      ...metadata('__meta_consul_service_metadata_', service.at('Meta')),
      ...metadata('__meta_consul_tagged_address_', node.at('TaggedAddresses')),
    }
  })
  return { targets, labels: { __meta_consul_service: name, __meta_consul_dc: datacenter } }
}

function metadata(prefix: string, values: Json): Record<string, string> {
  return prefixed(
    prefix,
    values.entries().map(([key, value]) => [key, value.text]),
  )
}

/** The worst of all checks. Source: hashicorp/consul api HealthChecks.AggregatedStatus. */
function healthOf(checks: Json): string {
  const all = checks.list()
  const isMaintained = all.some((check) => /^(_node_maintenance$|_service_maintenance:)/.test(check.at('CheckID').text))
  if (isMaintained) return 'maintenance'
  const statuses = new Set(all.map((check) => check.at('Status').text))
  return ['critical', 'warning'].find((status) => statuses.has(status)) ?? 'passing'
}

function sleep(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, Math.max(0, durationMs))
    timer.unref()
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}

function failed(reason: string): IngestError {
  return new IngestError('INGEST_SCRAPE_FAILED', `cannot discover targets: ${reason}`)
}
