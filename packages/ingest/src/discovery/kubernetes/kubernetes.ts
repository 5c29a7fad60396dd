// Targets of a Kubernetes cluster. Source: Prometheus 3.14 discovery/kubernetes/kubernetes.go.

import { HttpClient } from '../../fetch/client.ts'
import type { TargetGroup } from '../groups.ts'
import type { Json } from '../json.ts'
import type { Discovery, DiscoverySink } from '../poll.ts'
import { findAccess } from './access.ts'
import type { Surroundings } from './access.ts'
import { Cluster, COLLECTIONS } from './cluster.ts'
import type { Collection } from './cluster.ts'
import type { AttachMetadata, KubernetesConfig, KubernetesRole } from './config.ts'
import { endpointSliceGroup, endpointsGroup } from './endpoints.ts'
import { Informer } from './informer.ts'
import { podGroup } from './pods.ts'
import { ingressGroup, nodeGroup, serviceGroup } from './services.ts'

/** What a role's targets are made of: the kind itself first, then what it needs to know beside. */
interface Role {
  readonly collections: readonly Collection[]
  readonly group: (object: Json, cluster: Cluster) => TargetGroup | undefined
}

const ROLES: Readonly<Record<KubernetesRole, Role>> = {
  node: { collections: ['nodes'], group: nodeGroup },
  pod: { collections: ['pods'], group: podGroup },
  service: { collections: ['services'], group: serviceGroup },
  ingress: { collections: ['ingresses'], group: ingressGroup },
  endpoints: { collections: ['endpoints', 'services', 'pods'], group: endpointsGroup },
  endpointslice: { collections: ['endpointslices', 'services', 'pods'], group: endpointSliceGroup },
}

const SELECTED_BY: Readonly<Partial<Record<Collection, KubernetesRole>>> = {
  nodes: 'node',
  pods: 'pod',
  services: 'service',
  endpoints: 'endpoints',
  endpointslices: 'endpointslice',
  ingresses: 'ingress',
}

// 250 ms: a rollout is hundreds of events, and each pass builds every group of the role.
const SETTLE_MS = 250

/** Targets of a cluster, kept by list and watch. */
export function startKubernetes(config: KubernetesConfig, sink: DiscoverySink, surroundings?: Surroundings): Discovery {
  try {
    const watch = new ClusterWatch(config, sink, surroundings)
    return { stop: () => watch.stop() }
  } catch (error) {
    // As when a server does not answer: the job goes on without these targets and says why.
    sink.warn(error)
    return { stop() {} }
  }
}

class ClusterWatch {
  readonly #role: Role
  readonly #sink: DiscoverySink
  readonly #client: HttpClient
  readonly #cluster: Cluster
  readonly #informers = new Map<Collection, Informer[]>()
  #groups = new Map<string, { readonly text: string; readonly group: TargetGroup }>()
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(config: KubernetesConfig, sink: DiscoverySink, surroundings?: Surroundings) {
    const { server, http, ownNamespace } = findAccess(config, surroundings)
    this.#role = ROLES[config.role]
    this.#sink = sink
    this.#client = new HttpClient(http)
    const names = [...config.namespaces, ...(ownNamespace === '' ? [] : [ownNamespace])]
    for (const collection of collectionsOf(config.role, config.attach)) {
      const { api, isNamespaced } = COLLECTIONS[collection]
      const bases = isNamespaced && names.length > 0 ? names.map((name) => `${api}/namespaces/${name}`) : [api]
      const role = SELECTED_BY[collection]
      this.#informers.set(
        collection,
        bases.map(
          (base) =>
            new Informer({
              client: this.#client,
              url: `${server}${base}/${collection}`,
              selector: role === undefined ? undefined : config.selectors[role],
              onChange: () => this.#schedule(),
              warn: (error) => sink.warn(error, collection),
            }),
        ),
      )
    }
    this.#cluster = new Cluster(config.attach, this.#informers)
    for (const informer of [...this.#informers.values()].flat()) void informer.run()
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
    for (const informer of [...this.#informers.values()].flat()) informer.stop()
    void this.#client.close()
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#isStopped || !this.#cluster.isSynced) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#publish()
    }, SETTLE_MS)
    this.#timer.unref()
  }

  /** A group that says what it said before stays the same object: nothing needs to be done about it further on. */
  #publish(): void {
    const groups = new Map<string, { readonly text: string; readonly group: TargetGroup }>()
    for (const [key, object] of this.#cluster.all(this.#role.collections[0] ?? 'pods')) {
      const group = this.#role.group(object, this.#cluster)
      if (group === undefined) continue
      const text = JSON.stringify(group)
      const known = this.#groups.get(key)
      groups.set(key, known?.text === text ? known : { text, group })
    }
    this.#groups = groups
    this.#sink.update([...groups.values()].map(({ group }) => group))
  }
}

function collectionsOf(role: KubernetesRole, attach: AttachMetadata): Set<Collection> {
  const collections = new Set<Collection>(ROLES[role].collections)
  const hasPods = collections.has('pods')
  if (attach.node && hasPods) collections.add('nodes')
  if (attach.namespace && role !== 'node') collections.add('namespaces')
  if (attach.deployment && hasPods) collections.add('replicasets')
  if ((attach.job || attach.cronjob) && hasPods) collections.add('jobs')
  return collections
}
