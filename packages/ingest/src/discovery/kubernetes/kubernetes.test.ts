import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { parsePrometheusConfig } from '../../prometheus-config.ts'
import type { TargetGroup, TargetLabels } from '../groups.ts'
import type { Surroundings } from './access.ts'
import type { KubernetesConfig } from './config.ts'
import { startKubernetes } from './kubernetes.ts'
import { FakeCluster } from './testing.ts'
import { checkFieldSelector, checkLabelSelector } from './selectors.ts'

const closers: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

function configOf(yaml: string): KubernetesConfig {
  const [discovery] = parsePrometheusConfig(`scrape_configs: [{ job_name: k, kubernetes_sd_configs: [${yaml}] }]`).jobs[0]!
    .discoveries
  if (discovery?.kind !== 'kubernetes') throw new Error('no kubernetes discovery')
  return discovery
}

function fake(): FakeCluster {
  const cluster = new FakeCluster()
  closers.push(() => cluster.close())
  return cluster
}

interface Watched {
  groups: readonly TargetGroup[]
  readonly warnings: string[]
}

function watch(yaml: string, surroundings?: Surroundings): Watched {
  const watched: Watched = { groups: [], warnings: [] }
  const sink = {
    update: (groups: readonly TargetGroup[]) => {
      watched.groups = groups
    },
    warn: (error: unknown) => void watched.warnings.push(String(error)),
  }
  const discovery = startKubernetes(configOf(yaml), sink, surroundings)
  closers.push(() => discovery.stop())
  return watched
}

/** Labels without the prefix that all of them have. */
function short(labels: TargetLabels | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(labels ?? {}).map(([name, value]) => [name.replace('__meta_kubernetes_', ''), value]))
}

const META = { namespace: 'default', uid: 'abc123' }
const POD = {
  metadata: {
    ...META,
    name: 'testpod',
    labels: { 'test/label': 'testvalue' },
    annotations: { 'test/annotation': 'testannotationvalue' },
    ownerReferences: [{ kind: 'ReplicaSet', name: 'rs-1', controller: true }],
  },
  spec: {
    nodeName: 'testnode',
    containers: [
      {
        name: 'c0',
        image: 'c0:latest',
        ports: [
          { name: 'port0', protocol: 'TCP', containerPort: 9000 },
          { name: 'port1', protocol: 'UDP', containerPort: 9001 },
        ],
      },
      { name: 'c1', image: 'c1:latest' },
    ],
    initContainers: [{ name: 'i0', image: 'i0:latest' }],
  },
  status: {
    podIP: '1.2.3.4',
    hostIP: '2.3.4.5',
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: [{ name: 'c0', containerID: 'docker://a1' }],
  },
}
const POD_LABELS = {
  pod_name: 'testpod',
  pod_ip: '1.2.3.4',
  pod_ready: 'true',
  pod_phase: 'Running',
  pod_node_name: 'testnode',
  pod_host_ip: '2.3.4.5',
  pod_uid: 'abc123',
  pod_label_test_label: 'testvalue',
  pod_labelpresent_test_label: 'true',
  pod_annotation_test_annotation: 'testannotationvalue',
  pod_annotationpresent_test_annotation: 'true',
  pod_controller_kind: 'ReplicaSet',
  pod_controller_name: 'rs-1',
}

test('a pod is a target for each port, and one for a container without any', async () => {
  const cluster = await fake().hold('/api/v1/pods', POD).start()
  const watched = watch(`{ role: pod, api_server: "${cluster.url}" }`)
  await vi.waitFor(() => expect(watched.groups).toHaveLength(1))
  const [group] = watched.groups
  expect(short(group?.labels)).toEqual({ ...POD_LABELS, namespace: 'default' })
  expect(group?.targets.map(short)).toEqual([
    {
      __address__: '1.2.3.4:9000',
      pod_container_name: 'c0',
      pod_container_id: 'docker://a1',
      pod_container_image: 'c0:latest',
      pod_container_init: 'false',
      pod_container_port_number: '9000',
      pod_container_port_name: 'port0',
      pod_container_port_protocol: 'TCP',
    },
    expect.objectContaining({ __address__: '1.2.3.4:9001', pod_container_port_protocol: 'UDP' }),
    {
      __address__: '1.2.3.4',
      pod_container_name: 'c1',
      pod_container_id: '',
      pod_container_image: 'c1:latest',
      pod_container_init: 'false',
    },
    {
      __address__: '1.2.3.4',
      pod_container_name: 'i0',
      pod_container_id: '',
      pod_container_image: 'i0:latest',
      pod_container_init: 'true',
    },
  ])
})

test('lists come page by page, and changes by watch', async () => {
  const other = { ...POD, metadata: { ...META, name: 'other' } }
  const cluster = await fake().hold('/api/v1/pods', POD, other).start()
  const watched = watch(`{ role: pod, api_server: "${cluster.url}", selectors: [{ role: pod, label: "app in (a,b)" }] }`)
  const names = (): string[] => watched.groups.map(({ labels }) => short(labels)['pod_name'] ?? '').sort()
  await vi.waitFor(() => expect(names()).toEqual(['other', 'testpod']))
  expect(cluster.requests.every((url) => url.includes('labelSelector=app+in+%28a%2Cb%29'))).toBe(true)
  await vi.waitFor(() => expect(cluster.watched).toEqual(['/api/v1/pods']))
  cluster.tell('/api/v1/pods', 'BOOKMARK', { metadata: { resourceVersion: '200' } })
  cluster.tell('/api/v1/pods', 'ADDED', { ...POD, metadata: { ...META, name: 'third', resourceVersion: '201' } })
  cluster.tell('/api/v1/pods', 'DELETED', other)
  await vi.waitFor(() => expect(names()).toEqual(['testpod', 'third']))
  // Too old a version: everything is listed anew.
  cluster.hold('/api/v1/pods', POD)
  cluster.tell('/api/v1/pods', 'ERROR', { code: 410 })
  await vi.waitFor(() => expect(names()).toEqual(['testpod']))
  expect(watched.warnings).toEqual([])
})

test('endpoints are targets with their service, pod, and the other ports of the pod', async () => {
  const endpoints = {
    metadata: { name: 'svc', namespace: 'default', labels: { a: 'b' } },
    subsets: [
      {
        addresses: [
          { ip: '4.3.2.1', hostname: 'h', nodeName: 'n', targetRef: { kind: 'Pod', name: 'testpod', namespace: 'default' } },
        ],
        notReadyAddresses: [{ ip: '5.5.5.5' }],
        ports: [{ name: 'main', port: 9000, protocol: 'TCP' }],
      },
    ],
  }
  const cluster = await fake()
    .hold('/api/v1/endpoints', endpoints)
    .hold('/api/v1/services', { metadata: { name: 'svc', namespace: 'default', labels: { app: 'x' } } })
    .hold('/api/v1/pods', POD)
    .start()
  const watched = watch(`{ role: endpoints, api_server: "${cluster.url}" }`)
  await vi.waitFor(() => expect(watched.groups[0]?.targets).toHaveLength(3))
  const [group] = watched.groups
  expect(short(group?.labels)).toEqual({
    namespace: 'default',
    endpoints_name: 'svc',
    endpoints_label_a: 'b',
    endpoints_labelpresent_a: 'true',
    service_name: 'svc',
    service_label_app: 'x',
    service_labelpresent_app: 'true',
  })
  const container = {
    pod_container_name: 'c0',
    pod_container_image: 'c0:latest',
    pod_container_port_name: 'port0',
    pod_container_port_number: '9000',
    pod_container_port_protocol: 'TCP',
    pod_container_init: 'false',
  }
  const [ready, notReady, extra] = group?.targets.map(short) ?? []
  expect(ready).toEqual({
    __address__: '4.3.2.1:9000',
    endpoint_port_name: 'main',
    endpoint_port_protocol: 'TCP',
    endpoint_ready: 'true',
    endpoint_hostname: 'h',
    endpoint_node_name: 'n',
    endpoint_address_target_kind: 'Pod',
    endpoint_address_target_name: 'testpod',
    ...POD_LABELS,
    ...container,
  })
  expect(notReady).toEqual({
    __address__: '5.5.5.5:9000',
    endpoint_port_name: 'main',
    endpoint_port_protocol: 'TCP',
    endpoint_ready: 'false',
  })
  expect(extra).toEqual({
    __address__: '1.2.3.4:9001',
    ...POD_LABELS,
    ...container,
    pod_container_port_name: 'port1',
    pod_container_port_number: '9001',
    pod_container_port_protocol: 'UDP',
  })
})

test('endpoint slices carry conditions, zone and topology; of a second address family none is a target', async () => {
  const slice = {
    metadata: { name: 'svc-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'svc' } },
    addressType: 'IPv4',
    endpoints: [
      {
        addresses: ['4.3.2.1'],
        conditions: { ready: true, serving: true, terminating: false },
        hostname: 'h',
        nodeName: 'n',
        zone: 'z',
        deprecatedTopology: { 'a.b': 'c' },
        targetRef: { kind: 'Node', name: 'barbaz' },
      },
    ],
    ports: [{ name: 'p', protocol: 'TCP', port: 9000, appProtocol: 'http' }],
  }
  const second = { ...slice, metadata: { ...slice.metadata, name: 'svc-2' }, addressType: 'IPv6' }
  const spec = { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4', 'IPv6'] }
  const cluster = await fake()
    .hold('/apis/discovery.k8s.io/v1/endpointslices', slice, second)
    .hold('/api/v1/services', { metadata: { name: 'svc', namespace: 'default' }, spec })
    .hold('/api/v1/pods')
    .hold('/api/v1/nodes', { metadata: { name: 'barbaz', labels: { zone: 'a' } } })
    .start()
  const watched = watch(`{ role: endpointslice, api_server: "${cluster.url}", attach_metadata: { node: true } }`)
  await vi.waitFor(() => expect(watched.groups).toHaveLength(2))
  const [first, other] = watched.groups
  expect(other?.targets).toEqual([])
  expect(short(first?.labels)).toMatchObject({
    endpointslice_name: 'svc-1',
    endpointslice_address_type: 'IPv4',
    service_name: 'svc',
  })
  expect(first?.targets.map(short)).toEqual([
    {
      __address__: '4.3.2.1:9000',
      endpointslice_port_name: 'p',
      endpointslice_port_protocol: 'TCP',
      endpointslice_port: '9000',
      endpointslice_port_app_protocol: 'http',
      endpointslice_endpoint_conditions_ready: 'true',
      endpointslice_endpoint_conditions_serving: 'true',
      endpointslice_endpoint_conditions_terminating: 'false',
      endpointslice_endpoint_hostname: 'h',
      endpointslice_address_target_kind: 'Node',
      endpointslice_address_target_name: 'barbaz',
      endpointslice_endpoint_node_name: 'n',
      endpointslice_endpoint_zone: 'z',
      endpointslice_endpoint_topology_a_b: 'c',
      endpointslice_endpoint_topology_present_a_b: 'true',
      node_name: 'barbaz',
      node_label_zone: 'a',
      node_labelpresent_zone: 'true',
    },
  ])
})

test('services, ingresses and nodes', async () => {
  const cluster = await fake()
    .hold('/api/v1/namespaces/shop/services', {
      metadata: { name: 's', namespace: 'shop' },
      spec: { type: 'LoadBalancer', clusterIP: '10.0.0.1', ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
      status: { loadBalancer: { ingress: [{ ip: '1.1.1.1' }, { ip: '2.2.2.2' }] } },
    })
    .hold('/apis/networking.k8s.io/v1/ingresses', {
      metadata: { name: 'i', namespace: 'shop' },
      spec: {
        ingressClassName: 'nginx',
        tls: [{ hosts: ['*.example.com'] }],
        rules: [{ host: 'a.example.com', http: { paths: [{ path: '/x' }, {}] } }, { host: 'example.org' }],
      },
    })
    .hold('/api/v1/nodes', {
      metadata: { name: 'n1', labels: { 'a-b': 'c' } },
      spec: { providerID: 'aws:///i-1' },
      status: {
        addresses: [
          { type: 'Hostname', address: 'n1.local' },
          { type: 'InternalIP', address: '10.1.1.1' },
        ],
        conditions: [{ type: 'Ready', status: 'True' }],
        daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
      },
    })
    .start()
  const services = watch(`{ role: service, api_server: "${cluster.url}", namespaces: { names: [shop] } }`)
  const ingresses = watch(`{ role: ingress, api_server: "${cluster.url}" }`)
  const nodes = watch(`{ role: node, api_server: "${cluster.url}" }`)
  await vi.waitFor(() => expect([services, ingresses, nodes].map(({ groups }) => groups.length)).toEqual([1, 1, 1]))
  expect(services.groups[0]?.targets.map(short)).toEqual([
    {
      __address__: 's.shop.svc:80',
      service_port_name: 'http',
      service_port_number: '80',
      service_port_protocol: 'TCP',
      service_type: 'LoadBalancer',
      service_cluster_ip: '10.0.0.1',
      service_loadbalancer_ip: '1.1.1.1,2.2.2.2',
    },
  ])
  expect(ingresses.groups[0]?.targets.map(short)).toEqual([
    { __address__: 'a.example.com', ingress_scheme: 'https', ingress_host: 'a.example.com', ingress_path: '/x' },
    { __address__: 'a.example.com', ingress_scheme: 'https', ingress_host: 'a.example.com', ingress_path: '/' },
    { __address__: 'example.org', ingress_scheme: 'http', ingress_host: 'example.org', ingress_path: '/' },
  ])
  expect(short(ingresses.groups[0]?.labels)).toEqual({ namespace: 'shop', ingress_name: 'i', ingress_class_name: 'nginx' })
  expect(nodes.groups[0]?.targets.map(short)).toEqual([
    { __address__: '10.1.1.1:10250', instance: 'n1', node_address_Hostname: 'n1.local', node_address_InternalIP: '10.1.1.1' },
  ])
  expect(short(nodes.groups[0]?.labels)).toEqual({
    node_name: 'n1',
    node_provider_id: 'aws:///i-1',
    node_condition_ready: 'true',
    node_label_a_b: 'c',
    node_labelpresent_a_b: 'true',
  })
})

test('deployments and namespaces are attached, and a pod waits for its node', async () => {
  const cluster = await fake()
    .hold('/api/v1/pods', POD)
    .hold('/api/v1/nodes')
    .hold('/api/v1/namespaces', { metadata: { name: 'default', labels: { team: 'a' } } })
    .hold('/apis/apps/v1/replicasets', {
      metadata: { name: 'rs-1', namespace: 'default', ownerReferences: [{ kind: 'Deployment', name: 'd', controller: true }] },
    })
    .start()
  const watched = watch(
    `{ role: pod, api_server: "${cluster.url}", attach_metadata: { node: true, namespace: true, deployment: true } }`,
  )
  await vi.waitFor(() => expect(watched.groups).toEqual([{ targets: [], labels: {} }]))
  await vi.waitFor(() => expect(cluster.watched).toContain('/api/v1/nodes'))
  cluster.tell('/api/v1/nodes', 'ADDED', { metadata: { name: 'testnode', labels: { zone: 'z' } } })
  await vi.waitFor(() => expect(watched.groups[0]?.targets).toHaveLength(4))
  expect(short(watched.groups[0]?.labels)).toMatchObject({
    pod_deployment_name: 'd',
    namespace_label_team: 'a',
    node_name: 'testnode',
    node_label_zone: 'z',
  })
})

test('a kubeconfig says where the server is and who asks; what it cannot say is refused by name', async () => {
  const cluster = await fake().hold('/api/v1/pods', POD).start()
  const dir = await mkdtemp(join(tmpdir(), 'oriel-kube-'))
  closers.push(() => rm(dir, { recursive: true }))
  const file = join(dir, 'config')
  const contexts = 'current-context: c\ncontexts: [{ name: c, context: { cluster: k, user: u } }]\n'
  await writeFile(
    file,
    `${contexts}clusters: [{ name: k, cluster: { server: "${cluster.url}" } }]\nusers: [{ name: u, user: { token: secret } }]\n`,
  )
  const watched = watch(`{ role: pod, kubeconfig_file: "${file}" }`)
  await vi.waitFor(() => expect(watched.groups).toHaveLength(1))
  expect(new Set(cluster.tokens)).toEqual(new Set(['Bearer secret']))
  await writeFile(
    file,
    `${contexts}clusters: [{ name: k, cluster: { server: "${cluster.url}" } }]\nusers: [{ name: u, user: { exec: { command: aws } } }]\n`,
  )
  expect(watch(`{ role: pod, kubeconfig_file: "${file}" }`).warnings[0]).toMatch(
    /credentials by other programs are not supported/,
  )
})

test('inside a cluster the account of the pod is used; outside it is told that there is none', () => {
  expect(watch('{ role: pod }', { variables: {}, accountDir: '/none' }).warnings[0]).toMatch(/not in a cluster/)
  const own = { variables: { KUBERNETES_SERVICE_HOST: 'h', KUBERNETES_SERVICE_PORT: '1' }, accountDir: '/none' }
  expect(watch('{ role: pod, namespaces: { own_namespace: true } }', own).warnings[0]).toMatch(/cannot read \/none\/namespace/)
})

test('selectors are checked before a server is asked', () => {
  for (const good of ['', 'a=b', 'a==b,c!=d', 'a in (b, c),!d', 'a notin (b)', 'a.b/c', 'n>5'])
    expect(checkLabelSelector(good)).toBe(undefined)
  for (const bad of ['a in b', 'a b', '=b', 'a=(b']) expect(checkLabelSelector(bad)).toMatch(/cannot understand/)
  expect(checkFieldSelector('metadata.name=x,status.phase!=Running')).toBe(undefined)
  expect(checkFieldSelector('metadata.status-Running')).toMatch(/cannot understand "metadata.status-Running"/)
})
