// Source: Prometheus 3.14 discovery/moby/{nodes,services,tasks}.go.

import type { DockerSwarmConfig } from './docker-config.ts'
import { DockerClient, labelsAt } from './docker-client.ts'
import type { TargetLabels } from './groups.ts'
import type { Json } from './json.ts'
import { hostPort } from './labels.ts'
import type { Discovery, DiscoverySink } from './poll.ts'
import { poll } from './poll.ts'

const PREFIX = '__meta_dockerswarm_'

/** Nodes, services or tasks of a Docker swarm. */
export function startDockerSwarm(config: DockerSwarmConfig, sink: DiscoverySink): Discovery {
  const client = new DockerClient(config.daemon, config.refreshMs)
  const read = READERS[config.role]
  return poll(
    config.refreshMs,
    async (signal) => [{ targets: await read(client, signal, config.port), labels: {} }],
    sink,
    () => client.close(),
  )
}

type ReadRole = (client: DockerClient, signal: AbortSignal, port: number) => Promise<TargetLabels[]>

const READERS: Readonly<Record<DockerSwarmConfig['role'], ReadRole>> = {
  nodes: readNodes,
  services: readServices,
  tasks: readTasks,
}

const FILTERED = { isFiltered: true }

async function readNodes(client: DockerClient, signal: AbortSignal, port: number): Promise<TargetLabels[]> {
  const nodes = await client.list('/nodes', signal, FILTERED)
  return nodes.map((node) => {
    const manager = node.at('ManagerStatus')
    return {
      __address__: hostPort(node.at('Status', 'Addr').text, port),
      ...nodeLabels(node),
      [`${PREFIX}node_engine_version`]: node.at('Description', 'Engine', 'EngineVersion').text,
      ...(manager.isThere && {
        [`${PREFIX}node_manager_leader`]: String(manager.at('Leader').isTrue),
        [`${PREFIX}node_manager_reachability`]: manager.at('Reachability').text,
        [`${PREFIX}node_manager_address`]: manager.at('Addr').text,
      }),
    }
  })
}

function nodeLabels(node: Json): TargetLabels {
  return {
    [`${PREFIX}node_id`]: node.at('ID').text,
    [`${PREFIX}node_role`]: node.at('Spec', 'Role').text,
    [`${PREFIX}node_address`]: node.at('Status', 'Addr').text,
    [`${PREFIX}node_availability`]: node.at('Spec', 'Availability').text,
    [`${PREFIX}node_hostname`]: node.at('Description', 'Hostname').text,
    [`${PREFIX}node_platform_architecture`]: node.at('Description', 'Platform', 'Architecture').text,
    [`${PREFIX}node_platform_os`]: node.at('Description', 'Platform', 'OS').text,
    [`${PREFIX}node_status`]: node.at('Status', 'State').text,
    ...labelsAt(`${PREFIX}node_label_`, node.at('Spec', 'Labels')),
  }
}

async function readServices(client: DockerClient, signal: AbortSignal, port: number): Promise<TargetLabels[]> {
  const services = await client.list('/services', signal, FILTERED)
  const networks = await client.networkLabels(PREFIX, signal)
  return services.flatMap((service) => {
    const update = service.at('UpdateStatus')
    const container = service.at('Spec', 'TaskTemplate', 'ContainerSpec')
    const common = {
      ...serviceLabels(service),
      ...(container.isThere && {
        [`${PREFIX}service_task_container_hostname`]: container.at('Hostname').text,
        [`${PREFIX}service_task_container_image`]: container.at('Image').text,
      }),
      ...(update.isThere && { [`${PREFIX}service_updating_status`]: update.at('State').text }),
    }
    return service
      .at('Endpoint', 'VirtualIPs')
      .list()
      .flatMap((virtual) => {
        const ip = withoutPrefix(virtual.at('Addr').text)
        const labels = { ...common, ...networks.get(virtual.at('NetworkID').text) }
        const ports = tcpPorts(service.at('Endpoint', 'Ports'))
        if (ports.length === 0) return [{ ...labels, __address__: hostPort(ip, port) }]
        return ports.map((exposed) => ({
          ...labels,
          __address__: hostPort(ip, exposed.at('PublishedPort').number),
          [`${PREFIX}service_endpoint_port_name`]: exposed.at('Name').text,
          [`${PREFIX}service_endpoint_port_publish_mode`]: exposed.at('PublishMode').text,
        }))
      })
  })
}

function serviceLabels(service: Json): TargetLabels {
  return {
    [`${PREFIX}service_id`]: service.at('ID').text,
    [`${PREFIX}service_name`]: service.at('Spec', 'Name').text,
    [`${PREFIX}service_mode`]: modeOf(service.at('Spec', 'Mode')),
    ...labelsAt(`${PREFIX}service_label_`, service.at('Spec', 'Labels')),
  }
}

function modeOf(mode: Json): string {
  if (mode.at('Global').isThere) return 'global'
  return mode.at('Replicated').isThere ? 'replicated' : ''
}

async function readTasks(client: DockerClient, signal: AbortSignal, port: number): Promise<TargetLabels[]> {
  const tasks = await client.list('/tasks', signal, FILTERED)
  const services = new Map((await client.list('/services', signal)).map((service) => [service.at('ID').text, service]))
  const nodes = new Map((await client.list('/nodes', signal)).map((node) => [node.at('ID').text, nodeLabels(node)]))
  const networks = await client.networkLabels(PREFIX, signal)
  return tasks.flatMap((task) => {
    const service = services.get(task.at('ServiceID').text)
    const node = nodes.get(task.at('NodeID').text)
    const common = { ...taskLabels(task), ...(service !== undefined && serviceLabels(service)), ...node }
    const own = tcpPorts(task.at('Status', 'PortStatus', 'Ports')).map((exposed) => ({
      ...common,
      [`${PREFIX}task_port_publish_mode`]: exposed.at('PublishMode').text,
      __address__: hostPort(node?.[`${PREFIX}node_address`] ?? '', exposed.at('PublishedPort').number),
    }))
    const ports = service === undefined ? [] : tcpPorts(service.at('Endpoint', 'Ports'))
    const attached = task.at('NetworksAttachments').list()
    return [...own, ...attached.flatMap((attachment) => attachedTargets(attachment, { common, ports, networks, port }))]
  })
}

interface Attached {
  readonly common: TargetLabels
  readonly ports: readonly Json[]
  readonly networks: ReadonlyMap<string, TargetLabels>
  readonly port: number
}

function attachedTargets(attachment: Json, { common, ports, networks, port }: Attached): TargetLabels[] {
  const labels = { ...common, ...networks.get(attachment.at('Network', 'ID').text) }
  return attachment
    .at('Addresses')
    .list()
    .flatMap(({ text }) => {
      const ip = withoutPrefix(text)
      if (ports.length === 0) return [{ ...labels, __address__: hostPort(ip, port) }]
      return ports.map((exposed) => ({
        ...labels,
        [`${PREFIX}task_port_publish_mode`]: exposed.at('PublishMode').text,
        __address__: hostPort(ip, exposed.at('PublishedPort').number),
      }))
    })
}

function taskLabels(task: Json): TargetLabels {
  const container = task.at('Status', 'ContainerStatus')
  return {
    [`${PREFIX}task_id`]: task.at('ID').text,
    [`${PREFIX}task_desired_state`]: task.at('DesiredState').text,
    [`${PREFIX}task_state`]: task.at('Status', 'State').text,
    [`${PREFIX}task_slot`]: String(task.at('Slot').number),
    ...(container.isThere && { [`${PREFIX}task_container_id`]: container.at('ContainerID').text }),
    ...labelsAt(`${PREFIX}container_label_`, task.at('Spec', 'ContainerSpec', 'Labels')),
  }
}

function tcpPorts(ports: Json): Json[] {
  return ports.list().filter((exposed) => exposed.at('Protocol').text === 'tcp')
}

/** 10.0.0.1 of 10.0.0.1/24. */
function withoutPrefix(address: string): string {
  return address.split('/')[0] ?? ''
}
