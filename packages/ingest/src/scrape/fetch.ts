// One HTTP request to a target or a discovery, within bounds: a target that hangs, floods or lies must not hurt.

import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { decompress, WireError } from '@oriel/wire'
import { Agent, request } from 'undici'
import { IngestError } from '../errors.ts'
import type { HttpClientConfig, Secret } from '../prometheus-http-config.ts'

/** What came back. */
export interface Fetched {
  readonly status: number
  readonly contentType: string
  /** Decompressed. */
  readonly body: Uint8Array
}

export interface FetchOptions {
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** Of the body, as sent and decompressed. */
  readonly maxBytes: number
  readonly signal: AbortSignal
}

/** An HTTP client for the targets of one job, with connections kept open. */
export class HttpClient {
  readonly #config: HttpClientConfig
  readonly #directory: string
  #agent: Agent | undefined
  #tlsFiles = ''

  /** Files of secrets and keys are relative to `directory`. */
  constructor(config: HttpClientConfig, directory: string) {
    this.#config = config
    this.#directory = directory
  }

  /** GETs `url`, following redirects. Rejects with `IngestError` INGEST_SCRAPE_FAILED, whatever went wrong. */
  async get(url: string, options: FetchOptions): Promise<Fetched> {
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)])
    try {
      return await this.#follow(url, { ...options, signal })
    } catch (error) {
      if (error instanceof IngestError) throw error
      if (error instanceof WireError) throw failed(error.message, error)
      const isTimeout = signal.aborted && !options.signal.aborted
      throw failed(isTimeout ? `timed out: no whole answer within ${options.timeoutMs} ms` : reasonOf(error), error)
    }
  }

  async close(): Promise<void> {
    await this.#agent?.destroy()
  }

  async #follow(first: string, options: FetchOptions): Promise<Fetched> {
    const { origin } = new URL(first)
    let url = first
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      // Credentials go only to the server that they were configured for.
      const own = new URL(url).origin === origin ? await this.#credentials() : {}
      const answer = await request(url, {
        method: 'GET',
        headers: { ...options.headers, ...own },
        dispatcher: await this.#dispatcher(),
        signal: options.signal,
        // The signal is the only clock.
        headersTimeout: 0,
        bodyTimeout: 0,
      })
      const location = textOf(answer.headers['location'])
      if (!REDIRECTS.has(answer.statusCode) || location === '' || !this.#config.followsRedirects)
        return await readAnswer(answer, options.maxBytes)
      answer.body.destroy()
      url = new URL(location, url).href
      if (!/^https?:/.test(url)) throw failed(`redirected to ${url}`)
    }
    throw failed(`more than ${MAX_REDIRECTS} redirects`)
  }

  async #credentials(): Promise<Record<string, string | string[]>> {
    const { basicAuth, authorization, headers } = this.#config
    const all: Record<string, string | string[]> = {}
    for (const [name, values] of Object.entries(headers)) all[name] = [...values]
    if (basicAuth !== undefined) {
      const pair = `${await this.#secret(basicAuth.username)}:${await this.#secret(basicAuth.password)}`
      all['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`
    } else if (authorization !== undefined)
      all['authorization'] = `${authorization.type} ${await this.#secret(authorization.credentials)}`
    return all
  }

  async #secret(secret: Secret): Promise<string> {
    return secret.kind === 'value' ? secret.value : (await readFile(resolve(this.#directory, secret.path), 'utf8')).trim()
  }

  /** The agent; a new one when files of keys have changed. */
  async #dispatcher(): Promise<Agent> {
    const { ca, cert, key, serverName, isInsecure } = this.#config.tls
    const [caText, certText, keyText] = await Promise.all(
      [ca, cert, key].map(async (secret) => (secret === undefined ? undefined : this.#secret(secret))),
    )
    const files = JSON.stringify([caText, certText, keyText])
    if (this.#agent !== undefined && files === this.#tlsFiles) return this.#agent
    void this.#agent?.close()
    this.#tlsFiles = files
    this.#agent = new Agent({
      connect: {
        ...(caText === undefined ? {} : { ca: caText }),
        ...(certText === undefined ? {} : { cert: certText }),
        ...(keyText === undefined ? {} : { key: keyText }),
        ...(serverName === '' ? {} : { servername: serverName }),
        rejectUnauthorized: !isInsecure,
      },
      maxHeaderSize: MAX_HEADER_BYTES,
    })
    return this.#agent
  }
}

// 10: what Go's client follows.
const MAX_REDIRECTS = 10
const REDIRECTS = new Set([301, 302, 303, 307, 308])
const MAX_HEADER_BYTES = 32_768

type Answer = Awaited<ReturnType<typeof request>>

async function readAnswer({ statusCode, headers, body }: Answer, maxBytes: number): Promise<Fetched> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of body) {
      if (!Buffer.isBuffer(chunk)) continue
      bytes += chunk.length
      if (bytes > maxBytes) throw failed(`body size limit exceeded: more than ${maxBytes} bytes`)
      chunks.push(chunk)
    }
  } finally {
    body.destroy()
  }
  return {
    status: statusCode,
    contentType: textOf(headers['content-type']),
    body: decompress(Buffer.concat(chunks, bytes), textOf(headers['content-encoding']), { maxBytes }),
  }
}

function textOf(header: string | string[] | undefined): string {
  return typeof header === 'string' ? header : (header?.[0] ?? '')
}

function failed(reason: string, cause?: unknown): IngestError {
  return new IngestError('INGEST_SCRAPE_FAILED', `cannot scrape: ${reason}`, { cause })
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message === '' && error.cause instanceof Error ? error.cause.message : error.message
}
