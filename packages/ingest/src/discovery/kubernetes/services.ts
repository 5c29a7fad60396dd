// Source: Prometheus 3.14 discovery/kubernetes/service.go, ingress.go and node.go.

import type { TargetGroup } from '../groups.ts'
import type { Json } from '../json.ts'
import { hostPort, labelNameOf } from '../labels.ts'
import type { Cluster } from './cluster.ts'
import { given, namespaceOf, objectLabels, PREFIX } from './meta.ts'
import type { Labels } from './meta.ts'

/** What is known of a service, wherever it is behind a target. */
export function serviceLabels(service: Json): Labels {
  return { [`${PREFIX}namespace`]: namespaceOf(service), ...objectLabels(service, 'service') }
}

/** The ports of a service. */
export function serviceGroup(service: Json, cluster: Cluster): TargetGroup {
  const namespace = namespaceOf(service)
  const type = service.at('spec', 'type').text
  const targets = service
    .at('spec', 'ports')
    .list()
    .map((port) => ({
      __address__: hostPort(`${service.at('metadata', 'name').text}.${namespace}.svc`, port.at('port').number),
      [`${PREFIX}service_port_name`]: port.at('name').text,
      [`${PREFIX}service_port_number`]: String(port.at('port').number),
      [`${PREFIX}service_port_protocol`]: port.at('protocol').text,
      [`${PREFIX}service_type`]: type,
      ...(type === 'ExternalName'
        ? { [`${PREFIX}service_external_name`]: service.at('spec', 'externalName').text }
        : { [`${PREFIX}service_cluster_ip`]: service.at('spec', 'clusterIP').text }),
      ...(type === 'LoadBalancer' && { [`${PREFIX}service_loadbalancer_ip`]: loadBalancerIps(service) }),
    }))
  return { targets, labels: { ...serviceLabels(service), ...cluster.namespaceLabels(namespace) } }
}

function loadBalancerIps(service: Json): string {
  const ips = service
    .at('status', 'loadBalancer', 'ingress')
    .list()
    .map((one) => one.at('ip').text)
    .filter((ip) => ip !== '')
  return ips.join(',') || service.at('spec', 'loadBalancerIP').text
}

/** The paths of an ingress. */
export function ingressGroup(ingress: Json, cluster: Cluster): TargetGroup {
  const secure = ingress
    .at('spec', 'tls')
    .list()
    .flatMap((tls) => tls.at('hosts').list())
  const targets = ingress
    .at('spec', 'rules')
    .list()
    .flatMap((rule) => {
      const host = rule.at('host').text
      const isSecure = secure.some(({ text }) => matchesHost(text, host))
      const http = rule.at('http')
      const paths = http.isThere
        ? http
            .at('paths')
            .list()
            .map((path) => path.at('path').text || '/')
        : ['/']
      return paths.map((path) => ({
        __address__: host,
        [`${PREFIX}ingress_scheme`]: isSecure ? 'https' : 'http',
        [`${PREFIX}ingress_host`]: host,
        [`${PREFIX}ingress_path`]: path,
      }))
    })
  const namespace = namespaceOf(ingress)
  const labels = {
    [`${PREFIX}namespace`]: namespace,
    ...given('ingress_class_name', ingress.at('spec', 'ingressClassName')),
    ...objectLabels(ingress, 'ingress'),
    ...cluster.namespaceLabels(namespace),
  }
  return { targets, labels }
}

/** Whether a certificate's host, which may begin with `*.`, covers `host`. */
function matchesHost(pattern: string, host: string): boolean {
  if (pattern === host) return true
  const [first, ...rest] = pattern.split('.')
  const [, ...own] = host.split('.')
  return first === '*' && rest.length === own.length && rest.every((part, i) => part === own[i])
}

/** The kubelet of a node. */
export function nodeGroup(node: Json): TargetGroup | undefined {
  const addresses = new Map<string, string>()
  for (const address of node.at('status', 'addresses').list()) {
    const type = address.at('type').text
    if (!addresses.has(type)) addresses.set(type, address.at('address').text)
  }
  const host = NODE_ADDRESSES.map((type) => addresses.get(type)).find((address) => address !== undefined)
  if (host === undefined) return undefined
  const labels: Labels = { [`${PREFIX}node_provider_id`]: node.at('spec', 'providerID').text }
  for (const condition of node.at('status', 'conditions').list())
    labels[`${PREFIX}node_condition_${labelNameOf(condition.at('type').text.toLowerCase())}`] = condition
      .at('status')
      .text.toLowerCase()
  const target: Labels = {
    __address__: hostPort(host, node.at('status', 'daemonEndpoints', 'kubeletEndpoint', 'Port').number),
    instance: node.at('metadata', 'name').text,
  }
  for (const [type, address] of addresses) target[labelNameOf(`${PREFIX}node_address_${type}`)] = address
  return { targets: [target], labels: { ...labels, ...objectLabels(node, 'node') } }
}

const NODE_ADDRESSES = ['InternalIP', 'InternalDNS', 'ExternalIP', 'ExternalDNS', 'LegacyHostIP', 'Hostname']
