import { unreachable } from '@oriel/model'
import type { DiscoveryConfig } from './config.ts'
import { startConsul } from './consul.ts'
import { startDns } from './dns.ts'
import { startDockerSwarm } from './docker-swarm.ts'
import { startDocker } from './docker.ts'
import { startEc2 } from './aws/ec2.ts'
import { startFiles } from './file.ts'
import { startHttp } from './http.ts'
import { startKubernetes } from './kubernetes/kubernetes.ts'
import type { Discovery, DiscoverySink } from './poll.ts'

/** Starts a source of targets, which goes on in the background and tells `sink` what it finds. */
export function startDiscovery(config: DiscoveryConfig, sink: DiscoverySink): Discovery {
  switch (config.kind) {
    case 'static':
      sink.update(config.groups)
      return { stop() {} }
    case 'file':
      return startFiles(config, sink)
    case 'http':
      return startHttp(config, sink)
    case 'dns':
      return startDns(config, sink)
    case 'consul':
      return startConsul(config, sink)
    case 'docker':
      return startDocker(config, sink)
    case 'dockerswarm':
      return startDockerSwarm(config, sink)
    case 'ec2':
      return startEc2(config, sink)
    case 'kubernetes':
      return startKubernetes(config, sink)
    default:
      return unreachable(config)
  }
}
