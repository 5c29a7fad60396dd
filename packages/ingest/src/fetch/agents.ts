// Connections: kept open, with the certificates and through the proxy that a job is configured with. What makes them is loaded by the
// first request that needs it: 80 ms of a start, and plain targets go without.

import type { Agent, buildConnector, Dispatcher } from 'undici'
import type { HttpClientConfig, Secret } from '../prometheus-http-config.ts'
import { proxyFor } from './proxy.ts'
import { readHeaderSecrets, readSecretText } from './secrets.ts'

/** The agents of one client: one for each proxy, made anew when files of keys change. */
export class Agents {
  readonly #config: HttpClientConfig
  readonly #socketPath: string
  readonly #hasProxy: boolean
  readonly #hasTlsFiles: boolean
  readonly #agents = new Map<string, Dispatcher>()
  #direct: Agent | undefined
  #tlsText = ''

  constructor(config: HttpClientConfig, socketPath: string) {
    this.#config = config
    this.#socketPath = socketPath
    this.#hasProxy = config.proxy.url !== '' || config.proxy.isFromEnvironment
    const { ca, cert, key } = config.tls
    this.#hasTlsFiles = [ca, cert, key].some((secret) => secret?.kind === 'file')
  }

  /** The agent that a request to `url` goes through. Rejects when a file of keys cannot be read. */
  async for(url: URL): Promise<Dispatcher> {
    const proxy = this.#hasProxy ? proxyFor(this.#config.proxy, url, process.env) : ''
    if (this.#direct !== undefined && proxy === '' && !this.#hasTlsFiles) return this.#direct
    const tls = await this.#readTls()
    if (proxy === '') {
      const { Agent } = await import('undici')
      this.#direct ??= new Agent({
        ...LIMITS,
        allowH2: this.#config.allowsHttp2,
        connect: this.#socketPath === '' ? tls : { socketPath: this.#socketPath },
      })
      return this.#direct
    }
    const key = `${url.protocol} ${proxy}`
    const agent = this.#agents.get(key) ?? (await this.#proxyAgent(proxy, tls, url.protocol === 'https:'))
    this.#agents.set(key, agent)
    return agent
  }

  /** Ends all connections, with what is under way on them. */
  async close(): Promise<void> {
    await Promise.all(this.#takeAll().map((agent) => agent.destroy()))
  }

  /** Ends all connections when what is under way on them is done. */
  async retire(): Promise<void> {
    await Promise.all(this.#takeAll().map((agent) => agent.close()))
  }

  #takeAll(): Dispatcher[] {
    const all = [...this.#agents.values(), ...(this.#direct === undefined ? [] : [this.#direct])]
    this.#agents.clear()
    this.#direct = undefined
    return all
  }

  async #proxyAgent(proxy: string, tls: buildConnector.BuildOptions, isTunnel: boolean): Promise<Dispatcher> {
    const { username, password } = new URL(proxy)
    const { ProxyAgent, Socks5ProxyAgent, buildConnector } = await import('undici')
    if (proxy.startsWith('socks5'))
      return new Socks5ProxyAgent(proxy, { ...LIMITS, username, password, connect: buildConnector(tls) })
    const basic = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
    return new ProxyAgent({
      ...LIMITS,
      uri: proxy,
      // Go asks for a tunnel for https only.
      proxyTunnel: isTunnel,
      headers: await readHeaderSecrets(this.#config.proxy.connectHeaders),
      ...(username === '' ? {} : { token: `Basic ${basic}` }),
      requestTls: tls,
    })
  }

  /** What a connection is secured with; closes the agents when it is not what it was. */
  async #readTls(): Promise<buildConnector.BuildOptions> {
    const { ca, cert, key, serverName, isInsecure, minVersion, maxVersion } = this.#config.tls
    const texts = await Promise.all([ca, cert, key].map(readOptional))
    const text = JSON.stringify(texts)
    if (text !== this.#tlsText) {
      void this.retire()
      this.#tlsText = text
    }
    const [caText, certText, keyText] = texts
    return {
      ...(caText === undefined ? {} : { ca: caText }),
      ...(certText === undefined ? {} : { cert: certText }),
      ...(keyText === undefined ? {} : { key: keyText }),
      ...(serverName === '' ? {} : { servername: serverName }),
      ...(minVersion === undefined ? {} : { minVersion }),
      ...(maxVersion === undefined ? {} : { maxVersion }),
      rejectUnauthorized: !isInsecure,
    }
  }
}

const LIMITS = {
  maxHeaderSize: 32_768,
  // 5 min: longer than scrape intervals, as in Prometheus, so that a target is connected to once.
  keepAliveTimeout: 300_000,
  keepAliveMaxTimeout: 300_000,
} as const

async function readOptional(secret: Secret | undefined): Promise<string | undefined> {
  return secret === undefined ? undefined : readSecretText(secret)
}
