import { createSocket } from 'node:dgram'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { afterEach, expect, test, vi } from 'vitest'
import { parsePrometheusConfig } from '../prometheus-config.ts'
import { startEc2 } from './aws/ec2.ts'
import { signForm } from './aws/sign.ts'
import { parseXml } from './aws/xml.ts'
import type { DiscoveryConfig } from './config.ts'
import { startConsul } from './consul.ts'
import { startDns } from './dns.ts'
import type { TargetGroup } from './groups.ts'
import type { Discovery, DiscoverySink } from './poll.ts'

const closers: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
}

function discoveryOf<Kind extends DiscoveryConfig['kind']>(kind: Kind, yaml: string): Extract<DiscoveryConfig, { kind: Kind }> {
  const found = parsePrometheusConfig(`scrape_configs: [{ job_name: j, ${kind}_sd_configs: [${yaml}] }]`).jobs[0]!.discoveries[0]!
  const isWanted = (config: DiscoveryConfig): config is Extract<DiscoveryConfig, { kind: Kind }> => config.kind === kind
  if (!isWanted(found)) throw new Error(`no ${kind} discovery`)
  return found
}

interface Watched {
  groups: readonly TargetGroup[] | undefined
  readonly warnings: string[]
}

function watch(start: (sink: DiscoverySink) => Discovery): Watched {
  const watched: Watched = { groups: undefined, warnings: [] }
  const discovery = start({
    update: (groups) => {
      watched.groups = groups
    },
    warn: (error) => void watched.warnings.push(String(error)),
  })
  closers.push(() => discovery.stop())
  return watched
}

const CONSUL_SERVICE = [
  {
    Node: { Node: 'node1', Address: '1.1.1.1', TaggedAddresses: { lan: '192.168.10.10' }, Meta: { 'rack-name': '2304' } },
    Service: {
      ID: 'test',
      Tags: ['tag1'],
      Address: '',
      Meta: { version: '1.0.0' },
      Port: 3341,
      Namespace: 'ns',
      Partition: 'p',
    },
    Checks: [
      { CheckID: 'serfHealth', Status: 'passing' },
      { CheckID: 'web', Status: 'warning' },
    ],
  },
]

test('services of a Consul catalog, with a blocking query for what comes', async () => {
  const requests: string[] = []
  const address = await serve(({ url = '', headers }, response) => {
    requests.push(`${url} ${String(headers['x-consul-token'])}`)
    response.setHeader('x-consul-index', '1')
    if (url.includes('index=')) return
    if (url.startsWith('/c/v1/agent/self')) response.end('{"Config": {"Datacenter": "test-dc"}}')
    else if (url.startsWith('/c/v1/catalog/services')) response.end('{"test": ["tag1", "tag2"], "other": ["tag2"]}')
    else response.end(JSON.stringify(CONSUL_SERVICE))
  })
  const config = discoveryOf(
    'consul',
    `{ server: "${address}", path_prefix: /c, token: t, tags: [tag1], node_meta: { rack: a }, health_filter: F, refresh_interval: 20ms }`,
  )
  const watched = watch((sink) => startConsul(config, sink))
  await vi.waitFor(() => expect(watched.groups?.[0]?.targets).toHaveLength(1))
  expect(watched.groups).toEqual([
    {
      labels: { __meta_consul_service: 'test', __meta_consul_dc: 'test-dc' },
      targets: [
        {
          __address__: '1.1.1.1:3341',
          __meta_consul_address: '1.1.1.1',
          __meta_consul_node: 'node1',
          __meta_consul_namespace: 'ns',
          __meta_consul_partition: 'p',
          __meta_consul_tags: ',tag1,',
          __meta_consul_service_address: '',
          __meta_consul_service_port: '3341',
          __meta_consul_service_id: 'test',
          __meta_consul_health: 'warning',
          __meta_consul_metadata_rack_name: '2304',
          __meta_consul_service_metadata_version: '1.0.0',
          __meta_consul_tagged_address_lan: '192.168.10.10',
        },
      ],
    },
  ])
  const health = '/c/v1/health/service/test?tag=tag1&dc=test-dc&stale=&filter=F&node-meta=rack%3Aa&wait=120000ms t'
  expect(requests).toContain(health.replace('dc=test-dc&', ''))
  await vi.waitFor(() => expect(requests.some((url) => url.includes('index=1'))).toBe(true))
})

test('a Consul that does not answer is told, and asked again later', async () => {
  const address = await serve((_request, response) => void response.writeHead(500).end())
  const watched = watch((sink) => startConsul(discoveryOf('consul', `{ server: "${address}" }`), sink))
  await vi.waitFor(() => expect(watched.warnings[0]).toMatch(/Consul answers \/v1\/agent\/self with HTTP status 500/))
})

const INSTANCES = `<?xml version="1.0"?><DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet>
<item><ownerId>owner</ownerId><instancesSet><item>
 <instanceId>i-1</instanceId><imageId>ami-1</imageId><instanceState><code>16</code><name>running</name></instanceState>
 <privateDnsName>private.dns</privateDnsName><dnsName>public.dns</dnsName><instanceType>t3</instanceType><architecture>arm64</architecture>
 <placement><availabilityZone>a-1</availabilityZone></placement><privateIpAddress>1.2.3.4</privateIpAddress><ipAddress>42.42.42.2</ipAddress>
 <subnetId>sub-1</subnetId><vpcId>vpc-1</vpcId>
 <networkInterfaceSet><item><subnetId>sub-1</subnetId><attachment><deviceIndex>1</deviceIndex></attachment><ipv6AddressesSet>
   <item><ipv6Address>2001:db8::1</ipv6Address><isPrimaryIpv6>true</isPrimaryIpv6></item><item><ipv6Address>2001:db8::2</ipv6Address></item>
 </ipv6AddressesSet></item><item><subnetId>sub-2</subnetId></item></networkInterfaceSet>
 <tagSet><item><key>Team Name</key><value>a &amp; b</value></item></tagSet>
</item><item><instanceId>i-without-address</instanceId></item></instancesSet></item></reservationSet><nextToken>NEXT</nextToken></DescribeInstancesResponse>`

test('instances of EC2, page by page, signed, with credentials and region of the instance', async () => {
  const forms: string[] = []
  const address = await serve((request, response) => {
    const { url = '', headers } = request
    if (url === '/latest/api/token') response.end('metadata-token')
    else if (url === '/latest/meta-data/placement/region') response.end('eu-west-1')
    else if (url === '/latest/meta-data/iam/security-credentials/') response.end('role\n')
    else if (url.startsWith('/latest/')) response.end('{"AccessKeyId":"AK","SecretAccessKey":"SK","Token":"ST"}')
    else {
      let form = ''
      request.on('data', (chunk: Buffer) => {
        form += chunk.toString()
      })
      request.on('end', () => {
        forms.push(form)
        expect(String(headers.authorization)).toMatch(
          /^AWS4-HMAC-SHA256 Credential=AK\/\d{8}\/eu-west-1\/ec2\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
        )
        if (form.includes('DescribeAvailabilityZones'))
          response.end(
            '<DescribeAvailabilityZonesResponse><availabilityZoneInfo><item><zoneName>a-1</zoneName><zoneId>id-1</zoneId></item></availabilityZoneInfo></DescribeAvailabilityZonesResponse>',
          )
        else response.end(form.includes('NextToken=NEXT') ? '<DescribeInstancesResponse/>' : INSTANCES)
      })
    }
  })
  const config = discoveryOf('ec2', `{ endpoint: "http://${address}", port: 4242, filters: [{ name: "tag:x", values: [a, b] }] }`)
  const environment = (signal: AbortSignal) => ({ variables: { HOME: '/none' }, metadataUrl: `http://${address}`, signal })
  const watched = watch((sink) => startEc2(config, sink, environment))
  await vi.waitFor(() => expect(watched.groups).toBeDefined())
  expect(watched.groups?.[0]?.targets).toEqual([
    {
      __address__: '1.2.3.4:4242',
      __meta_ec2_instance_id: 'i-1',
      __meta_ec2_region: 'eu-west-1',
      __meta_ec2_owner_id: 'owner',
      __meta_ec2_ami: 'ami-1',
      __meta_ec2_architecture: 'arm64',
      __meta_ec2_availability_zone: 'a-1',
      __meta_ec2_availability_zone_id: 'id-1',
      __meta_ec2_instance_state: 'running',
      __meta_ec2_instance_type: 't3',
      __meta_ec2_private_dns_name: 'private.dns',
      __meta_ec2_private_ip: '1.2.3.4',
      __meta_ec2_public_dns_name: 'public.dns',
      __meta_ec2_public_ip: '42.42.42.2',
      __meta_ec2_vpc_id: 'vpc-1',
      __meta_ec2_primary_subnet_id: 'sub-1',
      __meta_ec2_subnet_id: ',sub-1,sub-2,',
      __meta_ec2_default_ipv6_address: '2001:db8::1',
      __meta_ec2_primary_ipv6_addresses: ',,2001:db8::1,',
      __meta_ec2_ipv6_addresses: ',2001:db8::1,2001:db8::2,',
      __meta_ec2_tag_Team_Name: 'a & b',
    },
  ])
  expect(forms.filter((form) => form.includes('DescribeInstances'))[0]).toContain(
    'Filter.1.Name=tag%3Ax&Filter.1.Value.1=a&Filter.1.Value.2=b',
  )
  expect(watched.warnings).toEqual([])
})

test('what EC2 refuses is told in its words', async () => {
  const body =
    '<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You may not.</Message></Error></Errors></Response>'
  const address = await serve((_request, response) => void response.writeHead(403).end(body))
  const config = discoveryOf('ec2', `{ endpoint: "http://${address}", region: r, access_key: a, secret_key: b }`)
  const watched = watch((sink) => startEc2(config, sink))
  await vi.waitFor(() =>
    expect(watched.warnings[0]).toMatch(/DescribeInstances: HTTP status 403 UnauthorizedOperation You may not\./),
  )
})

test('a request is signed as in the test suite of AWS (post-x-www-form-urlencoded)', () => {
  const credentials = {
    accessKey: 'AKIDEXAMPLE',
    secretKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
    sessionToken: '',
    expiresMs: Infinity,
  }
  const options = { credentials, region: 'us-east-1', service: 'service', nowMs: Date.UTC(2015, 7, 30, 12, 36) }
  expect(signForm(new URL('https://example.amazonaws.com/'), 'Param1=value1', options)['authorization']).toBe(
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  )
})

test('XML that does not close is refused', () => {
  expect(parseXml('<a b="c"><d/><e>1 &lt; &#50;</e></a>').at('a', 'e').text).toBe('1 < 2')
  for (const bad of ['<a>', '<a></b>', '</a>', '<a><b></a></b>']) expect(() => parseXml(bad)).toThrow(/no XML/)
})

test('records of DNS become targets; a name that does not exist has none, a server that fails keeps the last ones', async () => {
  const server = await dnsServer()
  const records = watch((sink) =>
    startDns(discoveryOf('dns', '{ names: [a.test, none.test], type: A, port: 80, refresh_interval: 30ms }'), sink, [
      server.address,
    ]),
  )
  await vi.waitFor(() => expect(records.groups).toHaveLength(2))
  const rest = {
    __meta_dns_srv_record_target: '',
    __meta_dns_srv_record_port: '',
    __meta_dns_mx_record_target: '',
    __meta_dns_ns_record_target: '',
  }
  expect(records.groups).toEqual([
    { labels: {}, targets: [{ __address__: '192.0.2.2:80', __meta_dns_name: 'a.test', ...rest }] },
    { labels: {}, targets: [] },
  ])
  server.fails = true
  await vi.waitFor(() => expect(records.warnings[0]).toMatch(/cannot resolve/), { timeout: 5_000 })
  expect(records.groups?.[0]?.targets).toHaveLength(1)
  server.fails = false
  const services = watch((sink) => startDns(discoveryOf('dns', '{ names: [srv.test] }'), sink, [server.address]))
  await vi.waitFor(() => expect(services.groups).toBeDefined(), { timeout: 5_000 })
  expect(services.groups?.[0]?.targets).toEqual([
    {
      ...rest,
      __address__: 'db.test:3306',
      __meta_dns_name: 'srv.test',
      __meta_dns_srv_record_target: 'db.test.',
      __meta_dns_srv_record_port: '3306',
    },
  ])
})

/** A name server that knows `a.test` (A) and `srv.test` (SRV). Source: RFC 1035 4.1, RFC 2782. */
async function dnsServer(): Promise<{ readonly address: string; fails: boolean }> {
  const socket = createSocket('udp4')
  const state = { address: '', fails: false }
  socket.on('message', (query, { port, address }) => {
    const end = query.indexOf(0, 12) + 5
    const name = query.subarray(13, 13 + query[12]!).toString()
    const found = name === 'a' ? record(1, Buffer.from([192, 0, 2, 2])) : name === 'srv' ? record(33, srvData()) : undefined
    // SERVFAIL, no error, or NXDOMAIN.
    const code = state.fails ? 2 : found === undefined ? 3 : 0
    const head = Buffer.alloc(12)
    query.copy(head, 0, 0, 2)
    head.writeUInt16BE(0x8180 | code, 2)
    head.writeUInt16BE(1, 4)
    head.writeUInt16BE(code === 0 ? 1 : 0, 6)
    socket.send(
      Buffer.concat([head, query.subarray(12, end), ...(code === 0 && found !== undefined ? [found] : [])]),
      port,
      address,
    )
  })
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve)
  })
  closers.push(() => void socket.close())
  state.address = `127.0.0.1:${socket.address().port}`
  return state
}

function record(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12)
  // The name is that of the question, at byte 12.
  head.writeUInt16BE(0xc00c, 0)
  head.writeUInt16BE(type, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt32BE(60, 6)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

function srvData(): Buffer {
  return Buffer.concat([
    Buffer.from([0, 0, 0, 0, 3306 >> 8, 3306 & 255, 2]),
    Buffer.from('db'),
    Buffer.from([4]),
    Buffer.from('test'),
    Buffer.from([0]),
  ])
}
