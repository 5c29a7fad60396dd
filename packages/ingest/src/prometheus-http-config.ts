// How to reach an HTTP server: Prometheus's `<http_config>`, shared by jobs and discoveries.
//
// Source: Prometheus 3.14 docs/configuration/configuration.md, prometheus/common config/http_config.go.

import type { ConfigReader } from './config-reader.ts'

/** A secret given as it is, or by the file that holds it (read at every use, so that it may be rotated). */
export type Secret = { readonly kind: 'value'; readonly value: string } | { readonly kind: 'file'; readonly path: string }

/** How requests are sent. Paths are absolute, or relative to the process where the file's were. */
export interface HttpClientConfig {
  readonly basicAuth: { readonly username: Secret; readonly password: Secret } | undefined
  /** `type` is what stands before the credentials in the header: Bearer. */
  readonly authorization: { readonly type: string; readonly credentials: Secret } | undefined
  readonly oauth2: OAuth2Config | undefined
  readonly followsRedirects: boolean
  readonly allowsHttp2: boolean
  readonly headers: Readonly<Record<string, readonly Secret[]>>
  readonly tls: TlsConfig
  readonly proxy: ProxyConfig
}

/** Keys and certificates in PEM, by value or file. */
export interface TlsConfig {
  readonly ca: Secret | undefined
  readonly cert: Secret | undefined
  readonly key: Secret | undefined
  readonly serverName: string
  readonly isInsecure: boolean
  readonly minVersion: TlsVersion | undefined
  readonly maxVersion: TlsVersion | undefined
}

/** As Node names them. */
export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'

export interface ProxyConfig {
  /** '' for none. */
  readonly url: string
  /** Hosts that are reached without it: see `isProxied`. */
  readonly noProxy: string
  /** HTTP_PROXY, HTTPS_PROXY and NO_PROXY of the process say where requests go. */
  readonly isFromEnvironment: boolean
  /** Sent to the proxy with CONNECT. */
  readonly connectHeaders: Readonly<Record<string, readonly Secret[]>>
}

export interface OAuth2Config {
  readonly clientId: string
  /** The client's secret, or for `jwt-bearer` its private key in PEM. */
  readonly credential: Secret
  readonly grant: 'client_credentials' | 'jwt-bearer'
  readonly keyId: string
  readonly algorithm: 'RS256' | 'RS384' | 'RS512'
  readonly issuer: string
  readonly audience: string
  readonly claims: Readonly<Record<string, string>>
  readonly scopes: readonly string[]
  readonly tokenUrl: string
  readonly endpointParams: Readonly<Record<string, string>>
  readonly tls: TlsConfig
  readonly proxy: ProxyConfig
}

/** Reads the `<http_config>` keys of a job or discovery. */
export function readHttpConfig(config: ConfigReader): HttpClientConfig {
  const basic = config.child('basic_auth')
  const authorization = config.child('authorization')
  const oauth2 = config.child('oauth2')
  const bearer = readSecret(config, 'bearer_token')
  const given = [basic, authorization, bearer, oauth2].filter((way) => way !== undefined)
  if (given.length > 1) throw config.error('at most one of basic_auth, authorization, oauth2 and bearer_token may be set')
  return {
    basicAuth: basic === undefined ? undefined : readBasicAuth(basic),
    authorization: authorization === undefined ? bearerAuthorization(bearer) : readAuthorization(authorization),
    oauth2: oauth2 === undefined ? undefined : readOAuth2(oauth2),
    followsRedirects: config.boolean('follow_redirects', true),
    allowsHttp2: config.boolean('enable_http2', true),
    headers: readHeaders(config),
    tls: readTls(config.child('tls_config')),
    proxy: readProxy(config),
  }
}

/** Whether nothing of it was set: what `readHttpConfig` gives for an empty mapping. */
export function isDefaultHttpConfig(http: HttpClientConfig): boolean {
  return JSON.stringify(http) === DEFAULT_TEXT
}

/** A client that adds nothing to its requests. */
export const DEFAULT_HTTP_CONFIG: HttpClientConfig = {
  basicAuth: undefined,
  authorization: undefined,
  oauth2: undefined,
  followsRedirects: true,
  allowsHttp2: true,
  headers: {},
  tls: {
    ca: undefined,
    cert: undefined,
    key: undefined,
    serverName: '',
    isInsecure: false,
    minVersion: undefined,
    maxVersion: undefined,
  },
  proxy: { url: '', noProxy: '', isFromEnvironment: false, connectHeaders: {} },
}
const DEFAULT_TEXT = JSON.stringify(DEFAULT_HTTP_CONFIG)

/** Reads a `<tls_config>`. */
export function readTls(config: ConfigReader | undefined): TlsConfig {
  if (config === undefined) return DEFAULT_HTTP_CONFIG.tls
  const tls = {
    ca: readSecret(config, 'ca'),
    cert: readSecret(config, 'cert'),
    key: readSecret(config, 'key'),
    serverName: config.string('server_name', ''),
    isInsecure: config.boolean('insecure_skip_verify', false),
    minVersion: readTlsVersion(config, 'min_version'),
    maxVersion: readTlsVersion(config, 'max_version'),
  }
  if ((tls.cert === undefined) !== (tls.key === undefined))
    throw config.error('a client certificate needs both cert and key', tls.cert === undefined ? 'key' : 'cert')
  config.finish()
  return tls
}

/** `key`, or what is in the file at `key_file`; not both. */
export function readSecret(config: ConfigReader, key: string): Secret | undefined {
  const value = config.string(key, '')
  const path = config.path(`${key}_file`)
  if (config.string(`${key}_ref`, '') !== '')
    throw config.error('secrets by reference need a secret manager, which is not supported', `${key}_ref`)
  if (value !== '' && path !== '') throw config.error(`only one of ${key} and ${key}_file may be set`, key)
  if (path !== '') return { kind: 'file', path }
  return value === '' ? undefined : { kind: 'value', value }
}

function readBasicAuth(config: ConfigReader): HttpClientConfig['basicAuth'] {
  const auth = { username: readSecret(config, 'username') ?? EMPTY, password: readSecret(config, 'password') ?? EMPTY }
  config.finish()
  return auth
}

function readAuthorization(config: ConfigReader): HttpClientConfig['authorization'] {
  const type = config.string('type', '').trim() || 'Bearer'
  if (type.toLowerCase() === 'basic') throw config.error('for Basic use basic_auth', 'type')
  const authorization = { type, credentials: readSecret(config, 'credentials') ?? EMPTY }
  config.finish()
  return authorization
}

function bearerAuthorization(credentials: Secret | undefined): HttpClientConfig['authorization'] {
  return credentials === undefined ? undefined : { type: 'Bearer', credentials }
}

const JWT_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

function readOAuth2(config: ConfigReader): OAuth2Config {
  const clientId = config.string('client_id', '')
  if (clientId === '') throw config.error('oauth2 needs a client_id', 'client_id')
  const tokenUrl = config.url('token_url')
  if (tokenUrl === '') throw config.error('oauth2 needs a token_url', 'token_url')
  const isJwt = config.choice('grant_type', ['', 'client_credentials', JWT_GRANT], '') === JWT_GRANT
  const secret = readSecret(config, 'client_secret')
  const key = readSecret(config, 'client_certificate_key')
  const oauth2: OAuth2Config = {
    clientId,
    tokenUrl,
    credential: (isJwt ? key : secret) ?? EMPTY,
    grant: isJwt ? 'jwt-bearer' : 'client_credentials',
    keyId: config.string('client_certificate_key_id', ''),
    algorithm: config.choice('signature_algorithm', ['RS256', 'RS384', 'RS512'], 'RS256'),
    issuer: config.string('iss', clientId) || clientId,
    audience: config.string('audience', tokenUrl) || tokenUrl,
    claims: config.record('claims'),
    scopes: config.strings('scopes'),
    endpointParams: config.record('endpoint_params'),
    tls: readTls(config.child('tls_config')),
    proxy: readProxy(config),
  }
  config.finish()
  return oauth2
}

function readHeaders(config: ConfigReader): Record<string, Secret[]> {
  const child = config.child('http_headers')
  const headers: Record<string, Secret[]> = {}
  for (const name of child?.keys() ?? []) {
    if (RESERVED_HEADERS.has(name.toLowerCase()) || name.toLowerCase() === SCRAPE_TIMEOUT_HEADER)
      throw config.error(`header ${name} may not be set`, 'http_headers')
    const header = child?.child(name)
    if (header === undefined) continue
    headers[name] = [...header.strings('values'), ...header.strings('secrets')].map((value) => ({ kind: 'value', value }))
    headers[name].push(...header.paths('files').map((path): Secret => ({ kind: 'file', path })))
    header.finish()
  }
  return headers
}

function readProxy(config: ConfigReader): ProxyConfig {
  const url = config.string('proxy_url', '')
  const proxy = {
    url,
    noProxy: config.string('no_proxy', ''),
    isFromEnvironment: config.boolean('proxy_from_environment', false),
    connectHeaders: readProxyHeaders(config),
  }
  if (url !== '' && !(URL.canParse(url) && /^(https?|socks5h?):$/.test(new URL(url).protocol)))
    throw config.error('expected an address such as http://proxy:3128', 'proxy_url')
  if (proxy.isFromEnvironment && (url !== '' || proxy.noProxy !== ''))
    throw config.error('with proxy_from_environment neither proxy_url nor no_proxy may be set', 'proxy_from_environment')
  if (url === '' && proxy.noProxy !== '') throw config.error('no_proxy needs a proxy_url', 'no_proxy')
  if (Object.keys(proxy.connectHeaders).length > 0 && url === '' && !proxy.isFromEnvironment)
    throw config.error('proxy_connect_header needs a proxy_url or proxy_from_environment', 'proxy_connect_header')
  return proxy
}

function readProxyHeaders(config: ConfigReader): Record<string, Secret[]> {
  const child = config.child('proxy_connect_header')
  const headers: Record<string, Secret[]> = {}
  for (const name of child?.keys() ?? []) headers[name] = (child?.strings(name) ?? []).map((value) => ({ kind: 'value', value }))
  return headers
}

const TLS_VERSIONS: Readonly<Record<string, TlsVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
}

function readTlsVersion(config: ConfigReader, key: string): TlsVersion | undefined {
  const text = config.string(key, '')
  if (text === '') return undefined
  const version = TLS_VERSIONS[text]
  if (version === undefined) throw config.error(`unknown TLS version ${JSON.stringify(text)}, expected TLS10 to TLS13`, key)
  return version
}

const EMPTY: Secret = { kind: 'value', value: '' }

/** Made by every scrape; remote storage may have it set. */
const SCRAPE_TIMEOUT_HEADER = 'x-prometheus-scrape-timeout-seconds'

/** Headers that the connection or other settings make, lower case. Source: prometheus/common config/headers.go ReservedHeaders. */
export const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'host',
  'content-encoding',
  'content-length',
  'content-type',
  'user-agent',
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'www-authenticate',
  'accept-encoding',
  'x-prometheus-remote-write-version',
  'x-prometheus-remote-read-version',
  'x-amz-date',
  'x-amz-security-token',
  'x-amz-content-sha256',
])
