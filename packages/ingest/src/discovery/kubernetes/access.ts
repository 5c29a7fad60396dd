// How to reach an API server: from inside a cluster, by a kubeconfig, or as configured.

import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { openConfig } from '../../config-reader.ts'
import type { ConfigReader } from '../../config-reader.ts'
import { IngestError } from '../../errors.ts'
import { DEFAULT_HTTP_CONFIG } from '../../prometheus-http-config.ts'
import type { HttpClientConfig, Secret } from '../../prometheus-http-config.ts'
import type { KubernetesConfig } from './config.ts'

/** Where the API server is and how it is talked to. */
export interface Access {
  /** Without a slash at the end. */
  readonly server: string
  readonly http: HttpClientConfig
  /** The namespace of this process, '' where it has none or none is asked for. */
  readonly ownNamespace: string
}

/** What of this process's surroundings is looked at. */
export interface Surroundings {
  readonly variables: NodeJS.ProcessEnv
  /** Where a pod finds its account. */
  readonly accountDir: string
}

const SURROUNDINGS: Surroundings = {
  variables: process.env,
  accountDir: '/var/run/secrets/kubernetes.io/serviceaccount',
}

/** Finds out how to reach the server. Throws `IngestError` INGEST_BAD_CONFIG, naming the file or what is missing. */
export function findAccess(config: KubernetesConfig, surroundings: Surroundings = SURROUNDINGS): Access {
  if (config.kubeconfigFile !== '') return readKubeconfig(config.kubeconfigFile)
  if (config.apiServer === '') return inCluster(config, surroundings)
  return { server: config.apiServer.replace(/\/+$/, ''), http: config.http, ownNamespace: '' }
}

function inCluster({ ownNamespace }: KubernetesConfig, { variables, accountDir }: Surroundings): Access {
  const [host = '', port = ''] = [variables['KUBERNETES_SERVICE_HOST'], variables['KUBERNETES_SERVICE_PORT']]
  if (host === '' || port === '')
    throw failed('not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; say api_server')
  const file = (name: string): Secret => ({ kind: 'file', path: resolve(accountDir, name) })
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    http: {
      ...DEFAULT_HTTP_CONFIG,
      authorization: { type: 'Bearer', credentials: file('token') },
      tls: { ...DEFAULT_HTTP_CONFIG.tls, ca: file('ca.crt') },
    },
    ownNamespace: ownNamespace ? readText(resolve(accountDir, 'namespace')).trim() : '',
  }
}

function readKubeconfig(file: string): Access {
  const root = openConfig(file, readText(file), [], dirname(file))
  const current = root.string('current-context', '')
  const context = named(root, 'contexts', current, 'context')
  const cluster = named(root, 'clusters', context.string('cluster', ''), 'cluster')
  const user = named(root, 'users', context.string('user', ''), 'user')
  for (const key of ['exec', 'auth-provider'])
    if (user.has(key)) throw user.error('credentials by other programs are not supported; use token or client-certificate', key)
  const token = secretOf(user, 'token', 'tokenFile')
  const [username, password] = [user.string('username', ''), user.string('password', '')]
  return {
    server: cluster.url('server').replace(/\/+$/, ''),
    ownNamespace: '',
    http: {
      ...DEFAULT_HTTP_CONFIG,
      authorization: token === undefined ? undefined : { type: 'Bearer', credentials: token },
      basicAuth: username === '' ? undefined : { username: value(username), password: value(password) },
      proxy: { ...DEFAULT_HTTP_CONFIG.proxy, url: cluster.string('proxy-url', '') },
      tls: {
        ...DEFAULT_HTTP_CONFIG.tls,
        ca: pemOf(cluster, 'certificate-authority'),
        cert: pemOf(user, 'client-certificate'),
        key: pemOf(user, 'client-key'),
        serverName: cluster.string('tls-server-name', ''),
        isInsecure: cluster.boolean('insecure-skip-tls-verify', false),
      },
    },
  }
}

function named(root: ConfigReader, list: string, name: string, key: string): ConfigReader {
  const entry = root.list(list).find((one) => one.string('name', '') === name)
  const found = entry?.child(key)
  if (found === undefined) throw root.error(`there is none called ${JSON.stringify(name)}`, list)
  return found
}

function pemOf(config: ConfigReader, key: string): Secret | undefined {
  const data = config.string(`${key}-data`, '')
  return data === '' ? secretOf(config, '', key) : value(Buffer.from(data, 'base64').toString('utf8'))
}

function secretOf(config: ConfigReader, key: string, fileKey: string): Secret | undefined {
  const text = key === '' ? '' : config.string(key, '')
  if (text !== '') return value(text)
  const path = config.path(fileKey)
  return path === '' ? undefined : { kind: 'file', path }
}

function value(text: string): Secret {
  return { kind: 'value', value: text }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw failed(`cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

function failed(reason: string): IngestError {
  return new IngestError('INGEST_BAD_CONFIG', `cannot reach Kubernetes: ${reason}`)
}
