// Source: Prometheus 3.14 discovery/kubernetes/pod.go.

import type { TargetGroup } from '../groups.ts'
import type { Json } from '../json.ts'
import { hostPort } from '../labels.ts'
import type { Cluster } from './cluster.ts'
import { controllerOf, namespaceOf, objectLabels, PREFIX } from './meta.ts'
import type { Labels } from './meta.ts'

/** A port of a container of a pod. */
export interface ContainerPort {
  readonly container: Json
  readonly port: Json
  readonly isInit: boolean
}

/** The targets of a pod: one for each port, one for a container without any. */
export function podGroup(pod: Json, cluster: Cluster): TargetGroup {
  const ip = pod.at('status', 'podIP').text
  const none: TargetGroup = { targets: [], labels: {} }
  if (ip === '') return none
  const nodeName = pod.at('spec', 'nodeName').text
  // Its node is not known yet: it will be.
  if (cluster.attach.node && !cluster.has('nodes', nodeName)) return none
  const labels = {
    ...podLabels(pod, cluster),
    [`${PREFIX}namespace`]: namespaceOf(pod),
    ...cluster.nodeLabels(nodeName),
    ...cluster.namespaceLabels(namespaceOf(pod)),
  }
  const targets = containersOf(pod).flatMap(({ container, isInit }) => {
    const common = {
      [`${PREFIX}pod_container_name`]: container.at('name').text,
      [`${PREFIX}pod_container_id`]: containerId(pod, container.at('name').text, isInit),
      [`${PREFIX}pod_container_image`]: container.at('image').text,
      [`${PREFIX}pod_container_init`]: String(isInit),
    }
    const ports = container.at('ports').list()
    if (ports.length === 0) return [{ __address__: ip, ...common }]
    return ports.map((port) => ({
      __address__: hostPort(ip, port.at('containerPort').number),
      ...common,
      [`${PREFIX}pod_container_port_number`]: String(port.at('containerPort').number),
      [`${PREFIX}pod_container_port_name`]: port.at('name').text,
      [`${PREFIX}pod_container_port_protocol`]: port.at('protocol').text,
    }))
  })
  return { targets, labels }
}

/** What is known of a pod, wherever it is a target. */
export function podLabels(pod: Json, cluster: Cluster): Labels {
  const ready = pod
    .at('status', 'conditions')
    .list()
    .find((condition) => condition.at('type').text === 'Ready')
  return {
    [`${PREFIX}pod_ip`]: pod.at('status', 'podIP').text,
    [`${PREFIX}pod_ready`]: (ready?.at('status').text ?? 'Unknown').toLowerCase(),
    [`${PREFIX}pod_phase`]: pod.at('status', 'phase').text,
    [`${PREFIX}pod_node_name`]: pod.at('spec', 'nodeName').text,
    [`${PREFIX}pod_host_ip`]: pod.at('status', 'hostIP').text,
    [`${PREFIX}pod_uid`]: pod.at('metadata', 'uid').text,
    ...objectLabels(pod, 'pod'),
    ...ownerLabels(pod, cluster),
  }
}

function ownerLabels(pod: Json, cluster: Cluster): Labels {
  const owner = controllerOf(pod)
  if (owner === undefined) return {}
  const [kind, name] = [owner.at('kind').text, owner.at('name').text]
  const { attach } = cluster
  const labels: Labels = {}
  if (kind !== '') labels[`${PREFIX}pod_controller_kind`] = kind
  if (name !== '') labels[`${PREFIX}pod_controller_name`] = name
  if (kind === 'ReplicaSet' && attach.deployment) {
    const deployment = cluster.ownerOf('replicasets', `${namespaceOf(pod)}/${name}`, 'Deployment')
    if (deployment !== undefined) labels[`${PREFIX}pod_deployment_name`] = deployment
  }
  if (kind === 'Job' && attach.job) labels[`${PREFIX}pod_job_name`] = name
  if (kind === 'Job' && attach.cronjob) {
    const cronjob = cluster.ownerOf('jobs', `${namespaceOf(pod)}/${name}`, 'CronJob')
    if (cronjob !== undefined) labels[`${PREFIX}pod_cronjob_name`] = cronjob
  }
  return labels
}

function containersOf(pod: Json): { readonly container: Json; readonly isInit: boolean }[] {
  const of = (key: string, isInit: boolean) =>
    pod
      .at('spec', key)
      .list()
      .map((container) => ({ container, isInit }))
  return [...of('containers', false), ...of('initContainers', true)]
}

/** Every declared port of a pod. */
export function portsOf(pod: Json): ContainerPort[] {
  return containersOf(pod).flatMap(({ container, isInit }) =>
    container
      .at('ports')
      .list()
      .map((port) => ({ container, port, isInit })),
  )
}

/** Labels of a pod's port. `protocol` is what the caller holds for it. */
export function containerPortLabels({ container, port, isInit }: ContainerPort, protocol: string): Labels {
  return {
    [`${PREFIX}pod_container_name`]: container.at('name').text,
    [`${PREFIX}pod_container_image`]: container.at('image').text,
    [`${PREFIX}pod_container_port_name`]: port.at('name').text,
    [`${PREFIX}pod_container_port_number`]: String(port.at('containerPort').number),
    [`${PREFIX}pod_container_port_protocol`]: protocol,
    [`${PREFIX}pod_container_init`]: String(isInit),
  }
}

function containerId(pod: Json, name: string, isInit: boolean): string {
  const statuses = pod.at('status', isInit ? 'initContainerStatuses' : 'containerStatuses').list()
  return statuses.find((status) => status.at('name').text === name)?.at('containerID').text ?? ''
}
