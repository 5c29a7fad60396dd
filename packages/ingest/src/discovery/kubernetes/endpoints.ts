// Source: Prometheus 3.14 discovery/kubernetes/endpoints.go and endpointslice.go.

import type { TargetGroup } from '../groups.ts'
import type { Json } from '../json.ts'
import { hostPort, labelNameOf } from '../labels.ts'
import type { Cluster } from './cluster.ts'
import { given, namespaceOf, objectLabels, PREFIX } from './meta.ts'
import type { Labels } from './meta.ts'
import { containerPortLabels, podLabels, portsOf } from './pods.ts'
import { serviceLabels } from './services.ts'

/** The targets of an Endpoints object: its addresses, and what else the pods behind them declare. */
export function endpointsGroup(endpoints: Json, cluster: Cluster): TargetGroup {
  const namespace = namespaceOf(endpoints)
  const service = cluster.get('services', `${namespace}/${endpoints.at('metadata', 'name').text}`)
  const labels = {
    [`${PREFIX}namespace`]: namespace,
    ...(service !== undefined && serviceLabels(service)),
    ...objectLabels(endpoints, 'endpoints'),
    ...cluster.namespaceLabels(namespace),
  }
  const pods = new SeenPods(cluster)
  const targets = endpoints
    .at('subsets')
    .list()
    .flatMap((subset) =>
      subset
        .at('ports')
        .list()
        .flatMap((port) => [
          ...subset
            .at('addresses')
            .list()
            .map((address) => endpointTarget(address, port, { ready: 'true', cluster, pods })),
          ...subset
            .at('notReadyAddresses')
            .list()
            .map((address) => endpointTarget(address, port, { ready: 'false', cluster, pods })),
        ]),
    )
  return { targets: [...targets, ...pods.otherPorts()], labels }
}

interface EndpointOptions {
  readonly ready: string
  readonly cluster: Cluster
  readonly pods: SeenPods
}

function endpointTarget(address: Json, port: Json, { ready, cluster, pods }: EndpointOptions): Labels {
  const ref = address.at('targetRef')
  const node = address.at('nodeName')
  const hostname = address.at('hostname').text
  const target: Labels = {
    __address__: hostPort(address.at('ip').text, port.at('port').number),
    [`${PREFIX}endpoint_port_name`]: port.at('name').text,
    [`${PREFIX}endpoint_port_protocol`]: port.at('protocol').text,
    [`${PREFIX}endpoint_ready`]: ready,
    ...refLabels('endpoint', ref),
    ...given('endpoint_node_name', node),
    ...(hostname !== '' && { [`${PREFIX}endpoint_hostname`]: hostname }),
    ...cluster.nodeLabels(node.isThere ? node.text : nodeOf(ref)),
  }
  return { ...target, ...pods.labelsOf(ref, port, port.at('protocol').text) }
}

/** The targets of an EndpointSlice. */
export function endpointSliceGroup(slice: Json, cluster: Cluster): TargetGroup {
  const namespace = namespaceOf(slice)
  const serviceName = slice.at('metadata', 'labels', 'kubernetes.io/service-name').text
  const service = serviceName === '' ? undefined : cluster.get('services', `${namespace}/${serviceName}`)
  const labels = {
    [`${PREFIX}namespace`]: namespace,
    [`${PREFIX}endpointslice_address_type`]: slice.at('addressType').text,
    ...objectLabels(slice, 'endpointslice'),
    ...(service !== undefined && serviceLabels(service)),
    ...cluster.namespaceLabels(namespace),
  }
  if (isOtherFamily(slice, service)) return { targets: [], labels }
  const pods = new SeenPods(cluster)
  const targets = slice
    .at('endpoints')
    .list()
    .flatMap((endpoint) =>
      slice
        .at('ports')
        .list()
        .flatMap((port) =>
          endpoint
            .at('addresses')
            .list()
            .map(({ text }) => sliceTarget(text, endpoint, port, { cluster, pods })),
        ),
    )
  return { targets: [...targets, ...pods.otherPorts()], labels }
}

function sliceTarget(
  address: string,
  endpoint: Json,
  port: Json,
  { cluster, pods }: { readonly cluster: Cluster; readonly pods: SeenPods },
): Labels {
  const ref = endpoint.at('targetRef')
  const number = port.at('port')
  const conditions = endpoint.at('conditions')
  const topology: Labels = {}
  for (const [name, value] of endpoint.at('deprecatedTopology').entries()) {
    topology[`${PREFIX}endpointslice_endpoint_topology_${labelNameOf(name)}`] = value.text
    topology[`${PREFIX}endpointslice_endpoint_topology_present_${labelNameOf(name)}`] = 'true'
  }
  const target: Labels = {
    __address__: number.isThere ? hostPort(address, number.number) : address,
    ...given('endpointslice_port_name', port.at('name')),
    ...given('endpointslice_port_protocol', port.at('protocol')),
    ...given('endpointslice_port', number),
    ...given('endpointslice_port_app_protocol', port.at('appProtocol')),
    ...given('endpointslice_endpoint_conditions_ready', conditions.at('ready')),
    ...given('endpointslice_endpoint_conditions_serving', conditions.at('serving')),
    ...given('endpointslice_endpoint_conditions_terminating', conditions.at('terminating')),
    ...given('endpointslice_endpoint_hostname', endpoint.at('hostname')),
    ...refLabels('endpointslice', ref),
    ...given('endpointslice_endpoint_node_name', endpoint.at('nodeName')),
    ...given('endpointslice_endpoint_zone', endpoint.at('zone')),
    ...topology,
    ...cluster.nodeLabels(nodeOf(ref) || endpoint.at('nodeName').text),
  }
  return { ...target, ...pods.labelsOf(ref, port) }
}

/** Of a service in two address families only the first's slices count: each pod must be one target. */
function isOtherFamily(slice: Json, service: Json | undefined): boolean {
  if (service === undefined || !/^(Prefer|Require)DualStack$/.test(service.at('spec', 'ipFamilyPolicy').text)) return false
  const family = service.at('spec', 'ipFamilies').list()[0]
  return family !== undefined && family.text !== slice.at('addressType').text
}

function refLabels(kind: string, ref: Json): Labels {
  if (!ref.isThere) return {}
  return {
    [`${PREFIX}${kind}_address_target_kind`]: ref.at('kind').text,
    [`${PREFIX}${kind}_address_target_name`]: ref.at('name').text,
  }
}

function nodeOf(ref: Json): string {
  return ref.at('kind').text === 'Node' ? ref.at('name').text : ''
}

/** Pods that addresses lead to, and which of their ports have become targets. */
class SeenPods {
  readonly #cluster: Cluster
  readonly #pods = new Map<string, { readonly pod: Json; readonly ports: Set<number> }>()

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** Labels of the pod behind an address and of its port; none where there is no pod. */
  labelsOf(ref: Json, port: Json, protocol?: string): Labels {
    if (ref.at('kind').text !== 'Pod') return {}
    const key = `${ref.at('namespace').text}/${ref.at('name').text}`
    const pod = this.#cluster.get('pods', key)
    if (pod === undefined) return {}
    const seen = this.#pods.get(key) ?? { pod, ports: new Set() }
    this.#pods.set(key, seen)
    const labels = podLabels(pod, this.#cluster)
    const number = port.at('port')
    if (!number.isThere) return labels
    seen.ports.add(number.number)
    for (const declared of portsOf(pod))
      if (declared.port.at('containerPort').number === number.number)
        Object.assign(labels, containerPortLabels(declared, protocol ?? declared.port.at('protocol').text))
    return labels
  }

  /** Targets for ports that pods declare and no address has. */
  otherPorts(): Labels[] {
    return [...this.#pods.values()].flatMap(({ pod, ports }) => {
      const ip = pod.at('status', 'podIP').text
      if (ip === '') return []
      return portsOf(pod)
        .filter(({ port }) => !ports.has(port.at('containerPort').number))
        .map((declared) => ({
          __address__: hostPort(ip, declared.port.at('containerPort').number),
          ...containerPortLabels(declared, declared.port.at('protocol').text),
          ...podLabels(pod, this.#cluster),
        }))
    })
  }
}
