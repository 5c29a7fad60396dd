import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'

type KubeObject = Readonly<Record<string, unknown>>

/** An API server: lists what it holds, page by page, and tells watchers of changes. */
export class FakeCluster {
  readonly requests: string[] = []
  readonly tokens: (string | undefined)[] = []
  readonly #objects = new Map<string, KubeObject[]>()
  readonly #watchers = new Map<string, ServerResponse[]>()
  version: number = 100
  url: string = ''
  #server: Server | undefined

  /** Listens on loopback; `url` says where. */
  async start(): Promise<this> {
    const server = createServer((request, response) => this.#answer(request, response))
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    this.#server = server
    const address = server.address()
    this.url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
    return this
  }

  /** Ends it and all watches. */
  close(): void {
    this.#server?.closeAllConnections()
    this.#server?.close()
  }

  /** Holds objects of a collection from the start on. */
  hold(path: string, ...objects: KubeObject[]): this {
    this.#objects.set(path, objects)
    return this
  }

  /** Tells the watchers of a collection. */
  tell(path: string, type: string, object: KubeObject): void {
    const watchers = this.#watchers.get(path) ?? []
    for (const watcher of watchers) watcher.write(`${JSON.stringify({ type, object })}\n`)
    // As a real one does.
    if (type === 'ERROR') for (const watcher of watchers) watcher.end()
  }

  /** Collections that somebody watches. */
  get watched(): string[] {
    return [...this.#watchers.keys()].sort()
  }

  #answer({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, this.url)
    this.requests.push(url)
    this.tokens.push(headers.authorization)
    response.setHeader('content-type', 'application/json')
    if (searchParams.get('watch') === '1') {
      this.#watchers.set(pathname, [...(this.#watchers.get(pathname) ?? []), response])
      response.flushHeaders()
      return
    }
    const all = this.#objects.get(pathname)
    if (all === undefined) {
      response.writeHead(404).end('{}')
      return
    }
    // One object a page.
    const from = Number(searchParams.get('continue') ?? 0)
    const next = from + 1 < all.length ? String(from + 1) : ''
    const metadata = { resourceVersion: String(this.version), continue: next }
    response.end(JSON.stringify({ metadata, items: all.slice(from, from + 1) }))
  }
}
