// Source: Prometheus 3.14 discovery/moby/docker.go.

import type { DockerConfig } from './docker-config.ts'
import { DockerClient, labelsAt } from './docker-client.ts'
import type { TargetGroup, TargetLabels } from './groups.ts'
import type { Json } from './json.ts'
import { hostPort } from './labels.ts'
import type { Discovery, DiscoverySink } from './poll.ts'
import { poll } from './poll.ts'

/** Containers of a Docker daemon: a target for each TCP port and network. */
export function startDocker(config: DockerConfig, sink: DiscoverySink): Discovery {
  const client = new DockerClient(config.daemon, config.refreshMs)
  return poll(
    config.refreshMs,
    async (signal) => {
      const containers = await client.list('/containers/json', signal, { isFiltered: true })
      return [containerGroup(containers, await client.networkLabels('__meta_docker_', signal), config)]
    },
    sink,
    () => client.close(),
  )
}

/** The targets of a list of containers. `networks` are labels by a network's id. */
export function containerGroup(
  containers: readonly Json[],
  networks: ReadonlyMap<string, TargetLabels>,
  config: DockerConfig,
): TargetGroup {
  const byId = new Map(containers.map((container) => [container.at('Id').text, container]))
  const targets = containers
    .filter((container) => container.at('Names').list().length > 0)
    .flatMap((container) =>
      networksOf(container, byId, config.matchesFirstNetwork).flatMap((network) =>
        networkTargets(container, network, config).map((labels) => ({
          ...labels,
          ...commonLabels(container),
          ...networks.get(network.at('NetworkID').text),
        })),
      ),
    )
  return { targets, labels: {} }
}

function commonLabels(container: Json): TargetLabels {
  const [image, imageId] = [container.at('Image').text, container.at('ImageID').text]
  return {
    __meta_docker_container_id: container.at('Id').text,
    __meta_docker_container_name: container.at('Names').list()[0]?.text ?? '',
    __meta_docker_container_network_mode: container.at('HostConfig', 'NetworkMode').text,
    ...(image === '' ? {} : { __meta_docker_container_image: image }),
    ...(imageId === '' ? {} : { __meta_docker_container_image_id: imageId }),
    ...labelsAt('__meta_docker_container_label_', container.at('Labels')),
  }
}

/** A container that shares another's network has none of its own. */
function networksOf(container: Json, byId: ReadonlyMap<string, Json>, isFirstOnly: boolean): Json[] {
  let networks = container.at('NetworkSettings', 'Networks').entries()
  let mode = container.at('HostConfig', 'NetworkMode').text
  // At most once a container, should they point at each other.
  for (let i = 0; networks.length === 0 && mode.startsWith('container:') && i < byId.size; i++) {
    const other = byId.get(mode.slice('container:'.length))
    if (other === undefined) break
    networks = other.at('NetworkSettings', 'Networks').entries()
    mode = other.at('HostConfig', 'NetworkMode').text
  }
  const there = networks.filter(([, network]) => network.isThere)
  if (!isFirstOnly || there.length < 2) return there.map(([, network]) => network)
  return there
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, 1)
    .map(([, network]) => network)
}

function networkTargets(container: Json, network: Json, { port, hostNetworkingHost }: DockerConfig): TargetLabels[] {
  const ip = network.at('IPAddress').text || network.at('GlobalIPv6Address').text
  const ports = container
    .at('Ports')
    .list()
    .filter((exposed) => exposed.at('Type').text === 'tcp')
  if (ports.length === 0) {
    const isHost = container.at('HostConfig', 'NetworkMode').text === 'host'
    return [{ __address__: isHost ? hostNetworkingHost : hostPort(ip, port), __meta_docker_network_ip: ip }]
  }
  return ports.map((exposed) => {
    const own = exposed.at('PrivatePort').text
    const labels = { __address__: hostPort(ip, own), __meta_docker_network_ip: ip, __meta_docker_port_private: own }
    if (exposed.at('PublicPort').number === 0) return labels
    return {
      ...labels,
      __meta_docker_port_public: exposed.at('PublicPort').text,
      __meta_docker_port_public_ip: exposed.at('IP').text,
    }
  })
}
