// Source: Prometheus 3.14 discovery/kubernetes/kubernetes.go SDConfig.

import type { ConfigReader } from '../../config-reader.ts'
import { isDefaultHttpConfig, readHttpConfig } from '../../prometheus-http-config.ts'
import type { HttpClientConfig } from '../../prometheus-http-config.ts'
import { checkFieldSelector, checkLabelSelector } from './selectors.ts'

/** What targets are made of. */
export type KubernetesRole = 'node' | 'pod' | 'service' | 'endpoints' | 'endpointslice' | 'ingress'

/** `kubernetes_sd_configs`. */
export interface KubernetesConfig {
  readonly kind: 'kubernetes'
  readonly role: KubernetesRole
  /** '' for the cluster that this process runs in, or the kubeconfig's. */
  readonly apiServer: string
  /** '' for none. */
  readonly kubeconfigFile: string
  readonly http: HttpClientConfig
  /** Empty for all; `ownNamespace` adds the one of this process. */
  readonly namespaces: readonly string[]
  readonly ownNamespace: boolean
  readonly selectors: Readonly<Partial<Record<KubernetesRole, { readonly label: string; readonly field: string }>>>
  readonly attach: AttachMetadata
}

/** What else a target is told of. */
export interface AttachMetadata {
  readonly node: boolean
  readonly namespace: boolean
  readonly deployment: boolean
  readonly job: boolean
  readonly cronjob: boolean
}

/** Reads one entry of `kubernetes_sd_configs`. */
export function readKubernetesConfig(config: ConfigReader): KubernetesConfig {
  if (!config.has('role')) throw config.error(`role missing (one of: ${ROLES.join(', ')})`, 'role')
  const role = config.choice('role', ROLES, 'pod')
  const http = readHttpConfig(config)
  const apiServer = config.string('api_server', '')
  const kubeconfigFile = config.path('kubeconfig_file')
  const space = config.child('namespaces')
  const ownNamespace = space?.boolean('own_namespace', false) ?? false
  const namespaces = space?.strings('names') ?? []
  space?.finish()
  checkWays(config, { apiServer, kubeconfigFile, ownNamespace, isPlain: isDefaultHttpConfig(http) })
  const selectors = readSelectors(config, role)
  return {
    kind: 'kubernetes',
    role,
    apiServer,
    kubeconfigFile,
    http,
    namespaces,
    ownNamespace,
    selectors,
    attach: readAttach(config),
  }
}

const ROLES: readonly KubernetesRole[] = ['pod', 'service', 'endpoints', 'endpointslice', 'node', 'ingress']

interface Ways {
  readonly apiServer: string
  readonly kubeconfigFile: string
  readonly ownNamespace: boolean
  readonly isPlain: boolean
}

function checkWays(config: ConfigReader, { apiServer, kubeconfigFile, ownNamespace, isPlain }: Ways): void {
  const refuse = (isWrong: boolean, reason: string, key: string): void => {
    if (isWrong) throw config.error(reason, key)
  }
  refuse(apiServer !== '' && !URL.canParse(apiServer), `${JSON.stringify(apiServer)} is no address`, 'api_server')
  refuse(apiServer !== '' && kubeconfigFile !== '', 'kubeconfig_file and api_server cannot both be set', 'kubeconfig_file')
  refuse(kubeconfigFile !== '' && !isPlain, 'with kubeconfig_file, how requests are sent is said there', 'kubeconfig_file')
  refuse(apiServer === '' && !isPlain, 'to say how requests are sent, api_server must be set', 'role')
  refuse(apiServer !== '' && ownNamespace, 'api_server and own_namespace cannot both be set', 'namespaces')
  refuse(kubeconfigFile !== '' && ownNamespace, 'kubeconfig_file and own_namespace cannot both be set', 'namespaces')
}

const ALLOWED_SELECTORS: Readonly<Record<KubernetesRole, readonly KubernetesRole[]>> = {
  pod: ['pod', 'node'],
  service: ['service'],
  endpointslice: ['pod', 'service', 'endpointslice'],
  endpoints: ['pod', 'service', 'endpoints'],
  node: ['node'],
  ingress: ['ingress'],
}

function readSelectors(config: ConfigReader, role: KubernetesRole): KubernetesConfig['selectors'] {
  const selectors: Partial<Record<KubernetesRole, { label: string; field: string }>> = {}
  for (const child of config.list('selectors')) {
    const of = child.choice('role', ROLES, 'pod')
    if (selectors[of] !== undefined) throw child.error(`a second selector for role ${of}`, 'role')
    if (!ALLOWED_SELECTORS[role].includes(of))
      throw child.error(`role ${role} takes selectors for ${ALLOWED_SELECTORS[role].join(', ')} only`, 'role')
    const [label, field] = [child.string('label', ''), child.string('field', '')]
    const problem = checkFieldSelector(field) ?? checkLabelSelector(label)
    if (problem !== undefined) throw child.error(problem, 'role')
    selectors[of] = { label, field }
    child.finish()
  }
  return selectors
}

function readAttach(config: ConfigReader): AttachMetadata {
  const child = config.child('attach_metadata')
  const is = (key: string): boolean => child?.boolean(key, false) ?? false
  const attach = {
    node: is('node'),
    namespace: is('namespace'),
    deployment: is('deployment'),
    job: is('job'),
    cronjob: is('cronjob'),
  }
  child?.finish()
  return attach
}
