// A local copy of the objects of one kind, kept by list and watch. Source: Kubernetes API Concepts, "Efficient detection of changes".

import { IngestError } from '../../errors.ts'
import type { HttpClient } from '../../fetch/client.ts'
import { Json } from '../json.ts'

export interface InformerOptions {
  readonly client: HttpClient
  /** The API server and the collection: `https://host/api/v1/pods`. */
  readonly url: string
  readonly selector: { readonly label: string; readonly field: string } | undefined
  /** The copy has changed; called at the first list too. */
  readonly onChange: () => void
  readonly warn: (error: unknown) => void
}

/** A running copy. */
export class Informer {
  /** By `namespace/name`, or `name` for kinds without namespaces. */
  readonly objects: Map<string, Json> = new Map()
  /** Whether it has been listed once. */
  isSynced = false
  readonly #options: InformerOptions
  readonly #abort = new AbortController()
  #version = ''

  constructor(options: InformerOptions) {
    this.#options = options
  }

  /** Lists and watches until stopped. Never rejects. */
  async run(): Promise<void> {
    const { signal } = this.#abort
    let failures = 0
    while (!signal.aborted)
      try {
        if (this.#version === '') await this.#list()
        failures = 0
        await this.#watch()
      } catch (error) {
        if (signal.aborted) return
        this.#options.warn(error)
        this.#version = ''
        await pause(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures++), signal)
      }
  }

  stop(): void {
    this.#abort.abort()
  }

  async #list(): Promise<void> {
    const found = new Map<string, Json>()
    let [next, version] = ['', '']
    do {
      const params = this.#params()
      params.set('limit', String(PAGE_OBJECTS))
      if (next !== '') params.set('continue', next)
      const page = await this.#get(params)
      for (const item of page.at('items').list()) found.set(keyOf(item), item)
      next = page.at('metadata', 'continue').text
      version = page.at('metadata', 'resourceVersion').text
    } while (next !== '')
    this.objects.clear()
    for (const [key, item] of found) this.objects.set(key, item)
    this.#version = version
    this.isSynced = true
    this.#options.onChange()
  }

  /** Takes events until the server ends the watch; an outdated version empties `#version`, so that a list follows. */
  async #watch(): Promise<void> {
    const params = this.#params()
    params.set('watch', '1')
    params.set('allowWatchBookmarks', 'true')
    params.set('resourceVersion', this.#version)
    // Between 5 and 10 minutes, so that watches of many processes do not end at once. Source: client-go reflector.
    params.set('timeoutSeconds', String(Math.floor(300 * (1 + Math.random()))))
    const lines = new LineSplitter((line) => this.#take(line))
    const { client, url } = this.#options
    const { status } = await client.get(`${url}?${params.toString()}`, {
      headers: HEADERS,
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_PAGE_BYTES,
      signal: this.#abort.signal,
      onData: (chunk) => lines.push(chunk),
    })
    if (status === 410) this.#version = ''
    else if (status !== 200) throw failed(url, status)
  }

  #take(line: string): void {
    const event = Json.parse(Buffer.from(line), 'a watch event')
    const type = event.at('type').text
    const object = event.at('object')
    if (type === 'ERROR') {
      // 410 Gone, mostly: what we hold is too old to go on from.
      this.#version = ''
      if (object.at('code').number !== 410) this.#options.warn(failed(this.#options.url, object.at('code').number))
      return
    }
    const version = object.at('metadata', 'resourceVersion').text
    if (version !== '' && this.#version !== '') this.#version = version
    if (type === 'BOOKMARK') return
    if (type === 'DELETED') this.objects.delete(keyOf(object))
    else this.objects.set(keyOf(object), object)
    this.#options.onChange()
  }

  #params(): URLSearchParams {
    const { selector } = this.#options
    const params = new URLSearchParams()
    if (selector !== undefined && selector.label !== '') params.set('labelSelector', selector.label)
    if (selector !== undefined && selector.field !== '') params.set('fieldSelector', selector.field)
    return params
  }

  async #get(params: URLSearchParams): Promise<Json> {
    const { client, url } = this.#options
    const { status, body } = await client.get(`${url}?${params.toString()}`, {
      headers: HEADERS,
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_PAGE_BYTES,
      signal: this.#abort.signal,
    })
    if (status !== 200) throw failed(url, status)
    return Json.parse(body, `the list of ${url}`)
  }
}

// 500 objects a page: what the API's documentation proposes.
const PAGE_OBJECTS = 500
const HEADERS = { accept: 'application/json', 'user-agent': 'Oriel' }
const TIMEOUT_MS = 60_000
// 256 MiB: 500 objects at half the largest size that etcd takes.
const MAX_PAGE_BYTES = 256 * 2 ** 20
const FIRST_PAUSE_MS = 800
const MAX_PAUSE_MS = 30_000
// 16 MiB: an object has 1.5 MiB at most.
const MAX_LINE_CHARS = 16 * 2 ** 20

/** How an object is found again. */
export function keyOf(object: Json): string {
  const namespace = object.at('metadata', 'namespace').text
  const name = object.at('metadata', 'name').text
  return namespace === '' ? name : `${namespace}/${name}`
}

class LineSplitter {
  readonly #take: (line: string) => void
  readonly #decoder = new TextDecoder()
  #rest = ''

  constructor(take: (line: string) => void) {
    this.#take = take
  }

  push(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n')
    this.#rest = lines.pop() ?? ''
    if (this.#rest.length > MAX_LINE_CHARS) throw failed('a watch event is too long', 0)
    for (const line of lines) if (line.trim() !== '') this.#take(line)
  }
}

async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      resolve()
    }
    // Half of it by chance: many must not come back at one time.
    const timer = setTimeout(done, durationMs * (0.5 + Math.random() / 2))
    timer.unref()
    signal.addEventListener('abort', done, { once: true })
    if (signal.aborted) done()
  })
}

function failed(url: string, status: number): IngestError {
  return new IngestError('INGEST_SCRAPE_FAILED', `cannot discover targets: ${url} answers with HTTP status ${status}`)
}
