import { createVerify, generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import { afterEach, expect, test } from 'vitest'
import { parsePrometheusConfig } from '../prometheus-config.ts'
import { HttpClient } from './client.ts'
import type { Fetched } from './client.ts'
import { isProxied } from './proxy.ts'

const closers: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const address: AddressInfo | string | null = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

function serve(answer: RequestListener): Promise<number> {
  return listen(createServer(answer))
}

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'oriel-fetch-'))
  closers.push(() => rm(path, { recursive: true }))
  return path
}

/** A client as a job's `<http_config>` says, its files in `dir`. */
function clientOf(yaml: string, dir = '.'): HttpClient {
  const text = `scrape_configs:\n  - job_name: j\n${yaml.replaceAll(/^/gm, '    ')}`
  const client = new HttpClient(parsePrometheusConfig(text, join(dir, 'prometheus.yml')).jobs[0]!.http)
  closers.push(() => client.close())
  return client
}

function get(client: HttpClient, url: string, timeoutMs = 2_000): Promise<Fetched> {
  return client.get(url, { headers: {}, timeoutMs, maxBytes: 10_000, signal: new AbortController().signal })
}

/** What a server was sent: the value of one header of each request. */
async function headersSeen(yaml: string, name: string, requests = 1, dir = '.'): Promise<(string | undefined)[]> {
  const seen: (string | undefined)[] = []
  const port = await serve(({ headers }, response) => {
    const value = headers[name]
    seen.push(Array.isArray(value) ? value.join() : value)
    response.end('ok')
  })
  const client = clientOf(yaml, dir)
  for (let i = 0; i < requests; i++) await get(client, `http://127.0.0.1:${port}/`)
  return seen
}

test('credentials are sent as the configuration says, and files are read anew', async () => {
  const dir = await directory()
  await writeFile(join(dir, 'token'), 'first\n')
  expect(await headersSeen('basic_auth: { username: u, password: "p w" }', 'authorization')).toEqual(['Basic dTpwIHc='])
  expect(await headersSeen('authorization: { type: Token, credentials: t }', 'authorization')).toEqual(['Token t'])
  expect(await headersSeen('bearer_token_file: token', 'authorization', 1, dir)).toEqual(['Bearer first'])
  await writeFile(join(dir, 'token'), 'second')
  expect(await headersSeen('authorization: { credentials_file: token }', 'authorization', 1, dir)).toEqual(['Bearer second'])
  expect(await headersSeen('http_headers: { X-A: { values: [v], secrets: [s], files: [token] } }', 'x-a', 1, dir)).toEqual([
    'v, s, second',
  ])
})

test('a redirect is followed, but credentials stay with their host', async () => {
  const seen: (string | undefined)[] = []
  const other = await serve(({ headers }, response) => {
    seen.push(headers.authorization)
    response.end('there')
  })
  const port = await serve(({ url, headers }, response) => {
    seen.push(headers.authorization)
    const location = url === '/a' ? '/b' : `http://127.0.0.1:${other}/c`
    response.writeHead(302, { location }).end()
  })
  const answer = await get(clientOf('bearer_token: t'), `http://127.0.0.1:${port}/a`)
  expect(Buffer.from(answer.body).toString()).toBe('there')
  expect(seen).toEqual(['Bearer t', 'Bearer t', undefined])
  const unmoved = await get(clientOf('follow_redirects: false'), `http://127.0.0.1:${port}/a`)
  expect(unmoved.status).toBe(302)
})

test('an OAuth 2.0 token is fetched once for many requests, and again when it has ended', async () => {
  const forms: string[] = []
  let lifeSeconds = 3_600
  const token = await serve((request, response) => {
    void bodyOf(request).then((form) => {
      forms.push(`${request.headers.authorization} ${form}`)
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ access_token: `t${forms.length}`, token_type: 'bearer', expires_in: lifeSeconds }))
    })
  })
  const yaml = `oauth2: { client_id: id, client_secret: s, scopes: [a, b], endpoint_params: { x: y }, token_url: "http://127.0.0.1:${token}/" }`
  expect(await headersSeen(yaml, 'authorization', 3)).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t1'])
  expect(forms).toEqual([`Basic ${Buffer.from('id:s').toString('base64')} grant_type=client_credentials&scope=a+b&x=y`])
  lifeSeconds = 10
  expect(await headersSeen(yaml, 'authorization', 2)).toEqual(['Bearer t2', 'Bearer t3'])
})

test('a token server that reads no header is asked in the body, and what it refuses is told', async () => {
  let isBroken = false
  const token = await serve((request, response) => {
    void bodyOf(request).then((form) => {
      const isGood = form.includes('client_secret=s') && !isBroken
      response.writeHead(isGood ? 200 : 401).end(isGood ? 'access_token=t&token_type=mac' : 'no such client')
    })
  })
  const yaml = `oauth2: { client_id: id, client_secret: s, token_url: "http://127.0.0.1:${token}/" }`
  expect(await headersSeen(yaml, 'authorization')).toEqual(['mac t'])
  isBroken = true
  await expect(headersSeen(yaml, 'authorization')).rejects.toThrow(/no OAuth 2.0 token: HTTP status 401: no such client/)
})

test('a JWT that the token server can verify is sent for jwt-bearer', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const dir = await directory()
  await writeFile(join(dir, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  let claims: unknown
  const token = await serve((request, response) => {
    void bodyOf(request).then((form) => {
      const [head = '', body = '', signature = ''] = (new URLSearchParams(form).get('assertion') ?? '').split('.')
      const isSigned = createVerify('RSA-SHA384').update(`${head}.${body}`).verify(publicKey, signature, 'base64url')
      claims = JSON.parse(Buffer.from(body, 'base64url').toString())
      response.writeHead(isSigned ? 200 : 401).end('{"access_token":"t"}')
    })
  })
  const yaml = `oauth2: { client_id: id, client_certificate_key_file: key.pem, grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", signature_algorithm: RS384, claims: { team: a }, token_url: "http://127.0.0.1:${token}/" }`
  expect(await headersSeen(yaml, 'authorization', 1, dir)).toEqual(['Bearer t'])
  expect(claims).toMatchObject({ iss: 'id', sub: 'id', aud: `http://127.0.0.1:${token}/`, team: 'a' })
})

test('requests go through a proxy, https ones through a tunnel', async () => {
  const paths: string[] = []
  const proxy = createServer(({ url = '' }, response) => {
    paths.push(url)
    response.end('by proxy')
  })
  proxy.on('connect', ({ url = '', headers }, socket) => {
    paths.push(`CONNECT ${url} ${String(headers['x-p'])}`)
    const upstream = connect(Number(url.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      upstream.pipe(socket).pipe(upstream)
    })
  })
  const port = await listen(proxy)
  const client = clientOf(
    `proxy_url: http://127.0.0.1:${port}\nproxy_connect_header: { X-P: [v] }\ntls_config: { insecure_skip_verify: true }`,
  )
  expect(Buffer.from((await get(client, 'http://target.example:9100/metrics')).body).toString()).toBe('by proxy')
  const { port: secure } = await secureServer()
  await get(client, `https://127.0.0.1:${secure}/metrics`)
  expect(paths).toEqual(['http://target.example:9100/metrics', `CONNECT 127.0.0.1:${secure} v`])
})

test('hosts in no_proxy, and loopback where there is such a list, are reached without a proxy', () => {
  const list = '10.0.0.0/8, example.com, .inner.net, 192.168.1.1, *.star.org, only.port:8080'
  const check = (url: string): boolean => isProxied(new URL(url), list)
  expect(
    ['http://10.1.2.3/', 'http://example.com/', 'http://a.example.com/', 'http://a.inner.net/', 'http://192.168.1.1:90/'].map(
      check,
    ),
  ).toEqual([false, false, false, false, false])
  expect(
    ['http://a.star.org/', 'http://only.port:8080/', 'http://localhost:1/', 'http://127.0.0.9/', 'http://[::1]/'].map(check),
  ).toEqual([false, false, false, false, false])
  expect(['http://11.1.2.3/', 'http://notexample.com/', 'http://inner.net/', 'http://only.port/'].map(check)).toEqual([
    true,
    true,
    true,
    true,
  ])
  expect(isProxied(new URL('http://any.where/'), '*')).toBe(false)
})

test('certificates are checked against the ca, names against server_name, versions against their bounds', async () => {
  const { port, dir, version } = await secureServer()
  const url = `https://127.0.0.1:${port}/`
  await expect(get(clientOf(''), url)).rejects.toThrow(/self-signed|certificate/)
  await expect(get(clientOf('tls_config: { ca_file: cert.pem }', dir), url)).rejects.toThrow(/altnames|IP/i)
  expect((await get(clientOf('tls_config: { ca_file: cert.pem, server_name: target.test }', dir), url)).status).toBe(200)
  await get(clientOf('tls_config: { insecure_skip_verify: true, max_version: TLS12 }'), url)
  expect(version()).toBe('TLSv1.2')
  await expect(
    get(
      clientOf('tls_config: { insecure_skip_verify: true, min_version: TLS13, max_version: TLS13, ca_file: none.pem }', dir),
      url,
    ),
  ).rejects.toThrow(/ENOENT/)
})

test('a kept connection that the other side closed is tried once more', async () => {
  let requests = 0
  const port = await serve((_request, response) => {
    requests++
    // The second request of a connection meets a closed door.
    if (requests === 2) response.socket?.destroy()
    else response.end('ok')
  })
  const client = clientOf('')
  await get(client, `http://127.0.0.1:${port}/`)
  expect((await get(client, `http://127.0.0.1:${port}/`)).status).toBe(200)
  expect(requests).toBe(3)
})

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of request) if (chunk instanceof Uint8Array) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** A server for `target.test` with a certificate of its own, which is in `dir`. */
async function secureServer(): Promise<{ port: number; dir: string; version: () => string }> {
  const dir = await directory()
  const names = ['-subj', '/CN=target.test', '-addext', 'subjectAltName=DNS:target.test']
  const files = ['-keyout', join(dir, 'key.pem'), '-out', join(dir, 'cert.pem')]
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', ...names, ...files],
    { stdio: 'ignore' },
  )
  const { readFileSync } = await import('node:fs')
  let version = ''
  const server = createSecureServer(
    { key: readFileSync(join(dir, 'key.pem')), cert: readFileSync(join(dir, 'cert.pem')) },
    (request, response) => {
      version =
        'getProtocol' in request.socket && typeof request.socket.getProtocol === 'function'
          ? String(request.socket.getProtocol())
          : ''
      response.end('ok')
    },
  )
  return { port: await listen(server), dir, version: () => version }
}
