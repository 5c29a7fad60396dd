import type { Json } from '../json.ts'
import type { AttachMetadata } from './config.ts'
import type { Informer } from './informer.ts'
import { annotationLabels, controllerOf, objectLabels } from './meta.ts'
import type { Labels } from './meta.ts'

/** Kinds that are copied, with where their collections are. */
export const COLLECTIONS = {
  nodes: { api: '/api/v1', isNamespaced: false },
  namespaces: { api: '/api/v1', isNamespaced: false },
  pods: { api: '/api/v1', isNamespaced: true },
  services: { api: '/api/v1', isNamespaced: true },
  endpoints: { api: '/api/v1', isNamespaced: true },
  endpointslices: { api: '/apis/discovery.k8s.io/v1', isNamespaced: true },
  ingresses: { api: '/apis/networking.k8s.io/v1', isNamespaced: true },
  replicasets: { api: '/apis/apps/v1', isNamespaced: true },
  jobs: { api: '/apis/batch/v1', isNamespaced: true },
} as const

export type Collection = keyof typeof COLLECTIONS

/** What is known of a cluster. */
export class Cluster {
  readonly attach: AttachMetadata
  readonly #informers: ReadonlyMap<Collection, readonly Informer[]>

  constructor(attach: AttachMetadata, informers: ReadonlyMap<Collection, readonly Informer[]>) {
    this.attach = attach
    this.#informers = informers
  }

  /** Whether every kind has been listed. */
  get isSynced(): boolean {
    return [...this.#informers.values()].every((informers) => informers.every(({ isSynced }) => isSynced))
  }

  /** Every object of a kind, with how it is found again. */
  all(collection: Collection): [string, Json][] {
    return (this.#informers.get(collection) ?? []).flatMap(({ objects }) => [...objects])
  }

  get(collection: Collection, key: string): Json | undefined {
    for (const { objects } of this.#informers.get(collection) ?? []) {
      const found = objects.get(key)
      if (found !== undefined) return found
    }
    return undefined
  }

  has(collection: Collection, key: string): boolean {
    return this.get(collection, key) !== undefined
  }

  /** Labels of a node, where they are to be attached and it is known. */
  nodeLabels(name: string): Labels {
    const node = this.attach.node ? this.get('nodes', name) : undefined
    return node === undefined ? {} : objectLabels(node, 'node')
  }

  /** Labels of a namespace, where they are to be attached and it is known. */
  namespaceLabels(name: string): Labels {
    const namespace = this.attach.namespace ? this.get('namespaces', name) : undefined
    return namespace === undefined ? {} : annotationLabels(namespace, 'namespace')
  }

  /** The name of the controller of an object, where it is of that kind. */
  ownerOf(collection: Collection, key: string, kind: string): string | undefined {
    const object = this.get(collection, key)
    const owner = object === undefined ? undefined : controllerOf(object)
    return owner?.at('kind').text === kind ? owner.at('name').text : undefined
  }
}
