import type { ConfigReader } from './config-reader.ts'

/** A secret given as it is, or by the file that holds it (read at every use, so that it may be rotated). */
export type Secret = { readonly kind: 'value'; readonly value: string } | { readonly kind: 'file'; readonly path: string }

/** How to reach an HTTP server: Prometheus's `<http_config>` as far as we honour it. */
export interface HttpClientConfig {
  readonly basicAuth: { readonly username: Secret; readonly password: Secret } | undefined
  /** `type` is what stands before the credentials in the header: Bearer. */
  readonly authorization: { readonly type: string; readonly credentials: Secret } | undefined
  readonly followsRedirects: boolean
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly tls: TlsConfig
}

/** Keys and certificates in PEM, by value or file. */
export interface TlsConfig {
  readonly ca: Secret | undefined
  readonly cert: Secret | undefined
  readonly key: Secret | undefined
  readonly serverName: string
  readonly isInsecure: boolean
}

/** Reads the `<http_config>` keys of a job or discovery. What we cannot honour is noted, as its requests will fail. */
export function readHttpConfig(config: ConfigReader): HttpClientConfig {
  const basic = config.child('basic_auth')
  const authorization = config.child('authorization')
  const bearer = readSecret(config, 'bearer_token')
  const given = [basic, authorization, bearer, config.has('oauth2') || undefined].filter((way) => way !== undefined)
  if (given.length > 1) throw config.error('at most one of basic_auth, authorization, oauth2 and bearer_token may be set')
  const http: HttpClientConfig = {
    basicAuth: basic === undefined ? undefined : readBasicAuth(basic),
    authorization: authorization === undefined ? bearerAuthorization(bearer) : readAuthorization(authorization),
    followsRedirects: config.boolean('follow_redirects', true),
    headers: readHeaders(config),
    tls: readTls(config.child('tls_config')),
  }
  // HTTP/1.1 serves every target that HTTP/2 does.
  config.ignore('enable_http2')
  return http
}

function readBasicAuth(config: ConfigReader): HttpClientConfig['basicAuth'] {
  const auth = { username: readSecret(config, 'username') ?? EMPTY, password: readSecret(config, 'password') ?? EMPTY }
  config.finish()
  return auth
}

function readAuthorization(config: ConfigReader): HttpClientConfig['authorization'] {
  const type = config.string('type', 'Bearer')
  if (type.toLowerCase() === 'basic') throw config.error('for Basic use basic_auth', 'type')
  const authorization = { type, credentials: readSecret(config, 'credentials') ?? EMPTY }
  config.finish()
  return authorization
}

function bearerAuthorization(credentials: Secret | undefined): HttpClientConfig['authorization'] {
  return credentials === undefined ? undefined : { type: 'Bearer', credentials }
}

function readHeaders(config: ConfigReader): Record<string, string[]> {
  const child = config.child('http_headers')
  const headers: Record<string, string[]> = {}
  for (const name of child?.keys() ?? []) {
    const header = child?.child(name)
    headers[name] = [...(header?.strings('values') ?? []), ...(header?.strings('secrets') ?? [])]
    header?.finish()
  }
  return headers
}

function readTls(config: ConfigReader | undefined): TlsConfig {
  if (config === undefined) return { ca: undefined, cert: undefined, key: undefined, serverName: '', isInsecure: false }
  const tls = {
    ca: readSecret(config, 'ca'),
    cert: readSecret(config, 'cert'),
    key: readSecret(config, 'key'),
    serverName: config.string('server_name', ''),
    isInsecure: config.boolean('insecure_skip_verify', false),
  }
  config.finish()
  return tls
}

/** `key` or `key_file`, not both. */
function readSecret(config: ConfigReader, key: string): Secret | undefined {
  const value = config.string(key, '')
  const path = config.string(`${key}_file`, '')
  if (value !== '' && path !== '') throw config.error(`only one of ${key} and ${key}_file may be set`, key)
  if (path !== '') return { kind: 'file', path }
  return value === '' ? undefined : { kind: 'value', value }
}

const EMPTY: Secret = { kind: 'value', value: '' }
