// Tokens by OAuth 2.0: fetched when needed, used until shortly before they end.
//
// Sources: RFC 6749 4.4 (client credentials), RFC 7523 2.1 (JWT bearer), prometheus/common config/http_config.go.

import { createSign, randomUUID } from 'node:crypto'
import { IngestError } from '../errors.ts'
import type { OAuth2Config } from '../prometheus-http-config.ts'
import type { Fetched, FetchOptions, HttpClient } from './client.ts'
import { readSecretText } from './secrets.ts'

/** Tokens of one configuration. */
export class TokenSource {
  readonly #config: OAuth2Config
  readonly #client: HttpClient
  #credential = ''
  #header = ''
  #validUntilMs = 0
  #pending: Promise<void> | undefined

  /** `client` is closed with it. */
  constructor(config: OAuth2Config, client: HttpClient) {
    this.#config = config
    this.#client = client
  }

  /** The value of the Authorization header. Rejects with `IngestError` INGEST_SCRAPE_FAILED where no token is to be had. */
  async header(options: FetchOptions): Promise<string> {
    const credential = await readSecretText(this.#config.credential)
    const isValid = this.#header !== '' && credential === this.#credential && Date.now() < this.#validUntilMs
    if (isValid) return this.#header
    // Many targets of a job come at once: they share one request.
    this.#pending ??= this.#fetch(credential, options).finally(() => {
      this.#pending = undefined
    })
    await this.#pending
    return this.#header
  }

  async close(): Promise<void> {
    await this.#client.close()
  }

  async #fetch(credential: string, { timeoutMs, signal }: FetchOptions): Promise<void> {
    const params = this.#params(credential)
    const post = (content: string, headers: Record<string, string>): Promise<Fetched> =>
      this.#client.get(this.#config.tokenUrl, {
        method: 'POST',
        content,
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        timeoutMs,
        maxBytes: MAX_TOKEN_BYTES,
        signal,
      })
    let answer: Fetched
    if (this.#config.grant === 'jwt-bearer') answer = await post(params.toString(), {})
    else {
      // As Go does: first in the header, then, for servers that do not read it there, in the body.
      const pair = `${encodeForm(this.#config.clientId)}:${encodeForm(credential)}`
      answer = await post(params.toString(), { authorization: `Basic ${Buffer.from(pair).toString('base64')}` })
      if (answer.status >= 400) {
        params.set('client_id', this.#config.clientId)
        params.set('client_secret', credential)
        answer = await post(params.toString(), {})
      }
    }
    this.#take(answer, credential)
  }

  #params(credential: string): URLSearchParams {
    const { grant, scopes, endpointParams } = this.#config
    const params = new URLSearchParams()
    if (grant === 'jwt-bearer') {
      params.set('grant_type', 'urn:ietf:params:oauth:grant-type:jwt-bearer')
      params.set('assertion', this.#assertion(credential))
    } else params.set('grant_type', 'client_credentials')
    if (scopes.length > 0) params.set('scope', scopes.join(' '))
    for (const [name, value] of Object.entries(endpointParams)) params.set(name, value)
    return params
  }

  #assertion(privateKey: string): string {
    const { algorithm, keyId, issuer, clientId, audience, scopes, claims } = this.#config
    const nowSeconds = Math.floor(Date.now() / 1_000)
    const header = { alg: algorithm, typ: 'JWT', ...(keyId === '' ? {} : { kid: keyId }) }
    const body = {
      iss: issuer,
      sub: clientId,
      jti: randomUUID(),
      aud: audience,
      iat: nowSeconds,
      exp: nowSeconds + ASSERTION_SECONDS,
      ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
      ...claims,
    }
    const text = `${base64url(header)}.${base64url(body)}`
    return `${text}.${createSign(`RSA-SHA${algorithm.slice(2)}`)
      .update(text)
      .sign(privateKey, 'base64url')}`
  }

  #take({ status, body }: Fetched, credential: string): void {
    const text = Buffer.from(body).toString('utf8')
    if (status < 200 || status > 299) throw failed(`HTTP status ${status}: ${text.slice(0, 200)}`)
    const { token, type, seconds } = readToken(text)
    if (token === '') throw failed('the answer has no access_token')
    this.#credential = credential
    this.#header = `${/^bearer$/i.test(type) || type === '' ? 'Bearer' : type} ${token}`
    this.#validUntilMs = seconds > 0 ? Date.now() + (seconds - EARLY_SECONDS) * 1_000 : Infinity
  }
}

// 1 MiB: what Go reads of it at most.
const MAX_TOKEN_BYTES = 1_048_576
// 10 s before its end a token counts as ended. Source: golang.org/x/oauth2 defaultExpiryDelta.
const EARLY_SECONDS = 10
const ASSERTION_SECONDS = 600

function readToken(text: string): { readonly token: string; readonly type: string; readonly seconds: number } {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    answer = Object.fromEntries(new URLSearchParams(text))
  }
  if (typeof answer !== 'object' || answer === null) throw failed('the answer is no object')
  const fields = new Map<string, unknown>(Object.entries(answer))
  const token = fields.get('access_token')
  const type = fields.get('token_type')
  return {
    token: typeof token === 'string' ? token : '',
    type: typeof type === 'string' ? type : '',
    seconds: Number(fields.get('expires_in') ?? 0),
  }
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function encodeForm(text: string): string {
  return encodeURIComponent(text).replaceAll('%20', '+')
}

function failed(reason: string): IngestError {
  return new IngestError('INGEST_SCRAPE_FAILED', `cannot scrape: no OAuth 2.0 token: ${reason}`)
}
