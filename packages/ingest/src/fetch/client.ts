// One HTTP request to a target or a discovery, within bounds: a server that hangs, floods or lies must not hurt. Most scrapes go a
// shorter way: repeated.ts.

import type { SocketConnectOpts } from 'node:net'
import { decompress } from '@oriel/wire'
import type { Dispatcher } from 'undici'
import type { HttpClientConfig } from '../prometheus-http-config.ts'
import { Agents } from './agents.ts'
import { BodyCollector } from './body.ts'
import { failed, fetchError } from './failure.ts'
import { readHeaderSecrets, readSecretText } from './secrets.ts'
import { TokenSource } from './oauth2.ts'

/** What came back. */
export interface Fetched {
  readonly status: number
  readonly contentType: string
  /** Every header, by its lower-case name. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Decompressed. */
  readonly body: Uint8Array
}

export interface FetchOptions {
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** Of the body, as sent and decompressed. */
  readonly maxBytes: number
  readonly signal: AbortSignal
  readonly method?: 'GET' | 'POST' | 'PUT'
  readonly content?: string
  /** About how large the body is decompressed, for one allocation of the right size. */
  readonly expectedBytes?: number
  /**
   * Called with each piece of the body of a 200 as it comes, instead of gathering it; pieces are the callee's until it returns.
   * `timeoutMs` then counts until the headers.
   */
  readonly onData?: (chunk: Uint8Array) => void
}

/** An HTTP client for the targets of one job, with connections kept open. */
export class HttpClient {
  readonly #config: HttpClientConfig
  readonly #socketPath: string
  readonly #agents: Agents
  readonly #tokens: TokenSource | undefined
  readonly #hasCredentials: boolean

  /** With `socketPath`, all requests go through that Unix socket. */
  constructor(config: HttpClientConfig, { socketPath = '' }: { readonly socketPath?: string } = {}) {
    this.#config = config
    this.#socketPath = socketPath
    this.#agents = new Agents(config, socketPath)
    const { basicAuth, authorization, oauth2, headers } = config
    this.#hasCredentials = [basicAuth, authorization, oauth2].some((way) => way !== undefined) || Object.keys(headers).length > 0
    if (oauth2 !== undefined) {
      const { tls, proxy } = oauth2
      this.#tokens = new TokenSource(oauth2, new HttpClient({ ...PLAIN, tls, proxy }))
    }
  }

  /** Requests `url`, following redirects. Rejects with `IngestError` INGEST_SCRAPE_FAILED, whatever went wrong. */
  async get(url: string, options: FetchOptions): Promise<Fetched> {
    try {
      return await this.#follow(url, options)
    } catch (error) {
      throw fetchError(error)
    }
  }

  /** Where a request to `url` goes over plain HTTP/1.1, with nothing added to it and nobody between; `undefined` where it does not. */
  plainAddress(url: string): SocketConnectOpts | undefined {
    const { protocol, hostname, port, username, password } = new URL(url)
    const { proxy } = this.#config
    if (protocol !== 'http:' || this.#hasCredentials || username !== '' || password !== '') return undefined
    if (proxy.url !== '' || proxy.isFromEnvironment) return undefined
    if (this.#socketPath !== '') return { path: this.#socketPath }
    return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) }
  }

  /** Ends connections at once; requests under way reject. */
  async close(): Promise<void> {
    await Promise.all([this.#agents.close(), this.#tokens?.close()])
  }

  /** Ends connections when requests under way are answered. No new ones may follow. */
  async retire(): Promise<void> {
    await this.#agents.retire()
    await this.#tokens?.close()
  }

  async #follow(first: string, options: FetchOptions): Promise<Fetched> {
    const deadlineMs = performance.now() + options.timeoutMs
    let url = new URL(first)
    const { host } = url
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      // Credentials go only to the host that they were configured for.
      const own = this.#hasCredentials && url.host === host ? await this.#credentials(options) : undefined
      const answer = await this.#request(url, own, options, deadlineMs)
      const location = textOf(answer.headers['location'])
      if (!REDIRECTS.has(answer.status) || location === '' || !this.#config.followsRedirects) return finished(answer, options)
      url = new URL(location, url)
      if (!/^https?:$/.test(url.protocol)) throw failed(`redirected to ${url.href}`)
    }
    throw failed(`more than ${MAX_REDIRECTS} redirects`)
  }

  /** One exchange. A connection that was kept open may have been closed by the other side just now: that is worth a second try. */
  async #request(
    url: URL,
    own: Readonly<Record<string, string | string[]>> | undefined,
    options: FetchOptions,
    deadlineMs: number,
  ): Promise<BodyCollector> {
    const agent = await this.#agents.for(url)
    const request: Dispatcher.DispatchOptions = {
      origin: url.origin,
      path: url.pathname + url.search,
      method: options.method ?? 'GET',
      headers: own === undefined ? options.headers : { ...options.headers, ...own },
      body: options.content ?? null,
      // The deadline is the only clock.
      headersTimeout: 0,
      bodyTimeout: 0,
    }
    for (let isRetry = false; ; isRetry = true) {
      const leftMs = deadlineMs - performance.now()
      const collector = new BodyCollector(options, { leftMs })
      try {
        await collector.run(agent, request)
        return collector
      } catch (error) {
        if (isRetry || collector.hasBegun || !isClosedConnection(error)) throw error
      }
    }
  }

  async #credentials(options: FetchOptions): Promise<Record<string, string | string[]>> {
    const { basicAuth, authorization, headers } = this.#config
    const all: Record<string, string | string[]> = await readHeaderSecrets(headers)
    if (basicAuth !== undefined) {
      const pair = `${await readSecretText(basicAuth.username)}:${await readSecretText(basicAuth.password)}`
      all['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`
    } else if (authorization !== undefined)
      all['authorization'] = `${authorization.type} ${await readSecretText(authorization.credentials)}`
    else if (this.#tokens !== undefined) all['authorization'] = await this.#tokens.header(options)
    return all
  }
}

// 10: what Go's client follows.
const MAX_REDIRECTS = 10
const REDIRECTS = new Set([301, 302, 303, 307, 308])

const PLAIN = {
  basicAuth: undefined,
  authorization: undefined,
  oauth2: undefined,
  followsRedirects: true,
  allowsHttp2: false,
  headers: {},
} as const

function finished({ status, headers, body }: BodyCollector, { maxBytes, expectedBytes }: FetchOptions): Fetched {
  return {
    status,
    headers,
    contentType: textOf(headers['content-type']),
    body: decompress(body(), textOf(headers['content-encoding']), {
      maxBytes,
      ...(expectedBytes !== undefined && { expectedBytes }),
    }),
  }
}

function isClosedConnection(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false
  return error.code === 'UND_ERR_SOCKET' || error.code === 'ECONNRESET' || error.code === 'EPIPE'
}

function textOf(header: string | string[] | undefined): string {
  return typeof header === 'string' ? header : (header?.[0] ?? '')
}
