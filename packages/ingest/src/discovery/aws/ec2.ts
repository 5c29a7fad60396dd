// Source: Prometheus 3.14 discovery/aws/ec2.go.

import type { TargetGroup, TargetLabels } from '../groups.ts'
import { hostPort, prefixed } from '../labels.ts'
import type { Discovery, DiscoverySink } from '../poll.ts'
import { poll } from '../poll.ts'
import { processEnvironment } from './credentials.ts'
import type { AwsEnvironment } from './credentials.ts'
import type { Ec2Config } from './ec2-config.ts'
import { Ec2Query } from './query.ts'
import type { Xml } from './xml.ts'

/** Instances of EC2. `environment` is where credentials are looked for. */
export function startEc2(
  config: Ec2Config,
  sink: DiscoverySink,
  environment: (signal: AbortSignal) => AwsEnvironment = processEnvironment,
): Discovery {
  const query = new Ec2Query(config)
  // Asked for once: zones come and go with years.
  let zones: ReadonlyMap<string, string> | undefined
  return poll(
    config.refreshMs,
    async (signal) => {
      const context = environment(signal)
      zones ??= await readZones(query, context).catch(() => undefined)
      return [await readInstances(query, config, context, zones ?? new Map())]
    },
    sink,
    () => query.close(),
  )
}

async function readZones(query: Ec2Query, environment: AwsEnvironment): Promise<Map<string, string>> {
  const answer = await query.ask('DescribeAvailabilityZones', new Map(), environment)
  const zones = answer.at('DescribeAvailabilityZonesResponse', 'availabilityZoneInfo').items()
  return new Map(zones.map((zone) => [zone.at('zoneName').text, zone.at('zoneId').text]))
}

async function readInstances(
  query: Ec2Query,
  { filters, port }: Ec2Config,
  environment: AwsEnvironment,
  zones: ReadonlyMap<string, string>,
): Promise<TargetGroup> {
  const parameters = new Map<string, string>()
  for (const [i, { name, values }] of filters.entries()) {
    parameters.set(`Filter.${i + 1}.Name`, name)
    for (const [j, value] of values.entries()) parameters.set(`Filter.${i + 1}.Value.${j + 1}`, value)
  }
  const targets: TargetLabels[] = []
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer = (await query.ask('DescribeInstances', parameters, environment)).at('DescribeInstancesResponse')
    for (const reservation of answer.at('reservationSet').items())
      for (const instance of reservation.at('instancesSet').items()) {
        const owner = reservation.at('ownerId').text
        const target = instanceTarget(instance, { port, owner, zones, region: query.region })
        if (target !== undefined) targets.push(target)
      }
    const next = answer.at('nextToken').text
    if (next === '') break
    parameters.set('NextToken', next)
  }
  return { targets, labels: {} }
}

// 1,000 instances a page: a million is more than an account has.
const MAX_PAGES = 1_000
const PREFIX = '__meta_ec2_'

interface Place {
  readonly port: number
  readonly owner: string
  readonly region: string
  readonly zones: ReadonlyMap<string, string>
}

/** The target of an instance; `undefined` for one without an address. */
function instanceTarget(instance: Xml, { port, owner, region, zones }: Place): TargetLabels | undefined {
  const interfaces = instance.at('networkInterfaceSet').items()
  const ipv6 = addressesOf(interfaces)
  const privateIp = instance.at('privateIpAddress').text
  const host = privateIp || ipv6.first
  if (host === '') return undefined
  const zone = instance.at('placement', 'availabilityZone').text
  const isPublic = instance.at('ipAddress').text !== ''
  const isInVpc = instance.at('vpcId').text !== ''
  const tags = instance.at('tagSet').items()
  return {
    __address__: hostPort(host, port),
    [`${PREFIX}instance_id`]: instance.at('instanceId').text,
    [`${PREFIX}region`]: region,
    [`${PREFIX}ami`]: instance.at('imageId').text,
    [`${PREFIX}availability_zone`]: zone,
    [`${PREFIX}availability_zone_id`]: zones.get(zone) ?? '',
    [`${PREFIX}instance_state`]: instance.at('instanceState', 'name').text,
    [`${PREFIX}instance_type`]: instance.at('instanceType').text,
    ...whereGiven({
      owner_id: owner,
      default_ipv6_address: ipv6.first,
      private_ip: privateIp,
      private_dns_name: instance.at('privateDnsName').text,
      platform: instance.at('platform').text,
      primary_ipv6_addresses: listed(ipv6.primary),
      ipv6_addresses: listed(ipv6.all),
      instance_lifecycle: instance.at('instanceLifecycle').text,
      architecture: instance.at('architecture').text,
    }),
    ...(isPublic && {
      [`${PREFIX}public_ip`]: instance.at('ipAddress').text,
      [`${PREFIX}public_dns_name`]: instance.at('dnsName').text,
    }),
    ...(isInVpc && {
      [`${PREFIX}vpc_id`]: instance.at('vpcId').text,
      [`${PREFIX}primary_subnet_id`]: instance.at('subnetId').text,
      [`${PREFIX}subnet_id`]: listed(subnetsOf(interfaces)) || ',,',
    }),
    ...prefixed(
      `${PREFIX}tag_`,
      tags.map((tag) => [tag.at('key').text, tag.at('value').text]),
    ),
  }
}

function whereGiven(labels: Readonly<Record<string, string>>): TargetLabels {
  return Object.fromEntries(Object.entries(labels).flatMap(([name, value]) => (value === '' ? [] : [[PREFIX + name, value]])))
}

/** Values with commas around each, so that a rule can match one of them whole. */
function listed(values: readonly string[]): string {
  return values.length === 0 ? '' : `,${values.join(',')},`
}

function subnetsOf(interfaces: readonly Xml[]): string[] {
  return [...new Set(interfaces.map((one) => one.at('subnetId').text).filter((subnet) => subnet !== ''))]
}

interface Addresses {
  readonly first: string
  readonly primary: readonly string[]
  readonly all: readonly string[]
}

/** IPv6 addresses: those of interfaces marked primary stand at the place of their interface's index, with '' between. */
function addressesOf(interfaces: readonly Xml[]): Addresses {
  const primary: string[] = []
  const all: string[] = []
  for (const one of interfaces) {
    if (one.at('subnetId').text === '') continue
    const index = Number(one.at('attachment', 'deviceIndex').text)
    for (const entry of one.at('ipv6AddressesSet').items()) {
      const address = entry.at('ipv6Address').text
      all.push(address)
      if (entry.at('isPrimaryIpv6').text !== 'true' || !(index < MAX_INTERFACES)) continue
      while (primary.length <= index) primary.push('')
      primary[index] = address
    }
  }
  return { first: [...primary, ...all].find((address) => address !== '') ?? '', primary, all }
}

// 64: more than any instance type has.
const MAX_INTERFACES = 64
