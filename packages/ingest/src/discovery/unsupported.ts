// Discoveries that Prometheus 3.14 has and we have not: their configurations are read and checked, so that a file is refused or taken
// as Prometheus does, and their targets are not scraped. A uniform list.
//
// Source: Prometheus 3.14 discovery/*/*.go SDConfig.

import { checkAtMostOne, checkKeys, checkOneOf } from '../config-keys.ts'
import type { ConfigReader } from '../config-reader.ts'
import { readHttpConfig, readTls } from '../prometheus-http-config.ts'

interface Kind {
  readonly keys: string
  readonly hasHttp: boolean
  readonly check?: (config: ConfigReader) => void
}

/** Whether `key` is a discovery that Prometheus has and we have not. */
export function isUnsupportedKind(key: string): boolean {
  return Object.hasOwn(KINDS, key)
}

/** Throws `IngestError` INGEST_BAD_CONFIG where Prometheus would refuse the configuration. */
export function checkUnsupported(key: string, config: ConfigReader): void {
  const kind = KINDS[key]
  if (kind === undefined) return
  kind.check?.(config)
  checkKeys(config, kind.keys)
  if (kind.hasHttp) readHttpConfig(config)
  config.finish()
}

const COMMON = 'refresh_interval:duration port:integer'
const AWS = `${COMMON} region:text endpoint:text access_key:text secret_key:text profile:text role_arn:text external_id:text`
const CLUSTERS = `${AWS} clusters:list request_concurrency:integer`

const KINDS: Readonly<Record<string, Kind>> = {
  azure_sd_configs: {
    keys: `${COMMON} environment:text subscription_id!:text tenant_id:text client_id:text client_secret:text resource_group:text authentication_method:OAuth|ManagedIdentity|SDK|WorkloadIdentity`,
    hasHttp: true,
    check: (config) => {
      if (config.string('authentication_method', 'OAuth') === 'OAuth')
        checkKeys(config, 'subscription_id!:text tenant_id!:text client_id!:text client_secret!:text')
    },
  },
  digitalocean_sd_configs: { keys: `${COMMON} role:droplets|databases`, hasHttp: true },
  ecs_sd_configs: { keys: CLUSTERS, hasHttp: true },
  elasticache_sd_configs: { keys: CLUSTERS, hasHttp: true },
  eureka_sd_configs: { keys: 'server!:url refresh_interval:duration', hasHttp: true },
  gce_sd_configs: { keys: `${COMMON} project!:text zone!:text filter:text tag_separator:text`, hasHttp: false },
  hetzner_sd_configs: { keys: `${COMMON} role!:robot|hcloud label_selector:text`, hasHttp: true },
  ionos_sd_configs: { keys: `${COMMON} datacenter_id!:text`, hasHttp: true },
  kuma_sd_configs: { keys: 'server!:url refresh_interval:duration fetch_timeout:duration client_id:text', hasHttp: true },
  lightsail_sd_configs: { keys: AWS, hasHttp: true },
  linode_sd_configs: { keys: `${COMMON} tag_separator:text region:text`, hasHttp: true },
  marathon_sd_configs: {
    keys: 'servers!:list refresh_interval:duration auth_token:text auth_token_file:text',
    hasHttp: true,
    check: (config) => {
      for (const other of ['auth_token_file', 'basic_auth', 'bearer_token', 'bearer_token_file', 'authorization'])
        checkAtMostOne(config, 'auth_token', other)
      for (const other of ['basic_auth', 'bearer_token', 'bearer_token_file', 'authorization'])
        checkAtMostOne(config, 'auth_token_file', other)
    },
  },
  msk_sd_configs: { keys: CLUSTERS, hasHttp: true },
  nerve_sd_configs: { keys: 'servers!:list paths!:list timeout:duration', hasHttp: false },
  nomad_sd_configs: {
    keys: 'allow_stale:boolean namespace:text refresh_interval:duration region:text server:text tag_separator:text',
    hasHttp: true,
  },
  oci_sd_configs: {
    keys: `${COMMON} auth:api_key|instance_principal tenancy:text user:text fingerprint:text key_file:text key_passphrase:text key_passphrase_file:text region:text compartments:list`,
    hasHttp: true,
  },
  openstack_sd_configs: {
    keys: `${COMMON} identity_endpoint:text username:text userid:text password:text project_name:text project_id:text domain_name:text domain_id:text application_credential_name:text application_credential_id:text application_credential_secret:text role!:hypervisor|instance|loadbalancer region!:text all_tenants:boolean availability:public|internal|admin`,
    hasHttp: false,
    check: (config) => void readTls(config.child('tls_config')),
  },
  outscale_sd_configs: {
    keys: `${COMMON} endpoint:text region!:text access_key!:text secret_key:text secret_key_file:text`,
    hasHttp: true,
    check: checkSecretKey,
  },
  ovhcloud_sd_configs: {
    keys: 'endpoint!:text application_key!:text application_secret!:text consumer_key!:text refresh_interval:duration service!:dedicated_server|vps',
    hasHttp: false,
  },
  puppetdb_sd_configs: { keys: `${COMMON} url!:url query!:text include_parameters:boolean`, hasHttp: true },
  rds_sd_configs: {
    keys: CLUSTERS,
    hasHttp: true,
    check: (config) => {
      for (const filter of config.list('filters')) checkKeys(filter, 'name:text values!:list')
    },
  },
  scaleway_sd_configs: {
    keys: `${COMMON} project_id!:text api_url:text zone:text access_key!:text secret_key:text secret_key_file:text name_filter:text tags_filter:list role!:instance|baremetal`,
    hasHttp: true,
    check: checkSecretKey,
  },
  serverset_sd_configs: { keys: 'servers!:list paths!:list timeout:duration', hasHttp: false },
  stackit_sd_configs: {
    keys: `${COMMON} project:text region:text endpoint:url service_account_key:text private_key:text service_account_key_path:text private_key_path:text credentials_file_path:text`,
    hasHttp: true,
  },
  triton_sd_configs: {
    keys: `${COMMON} account!:text role:container|cn dns_suffix!:text endpoint!:text groups:list version:integer`,
    hasHttp: false,
    check: (config) => void readTls(config.child('tls_config')),
  },
  uyuni_sd_configs: {
    keys: 'server!:text username!:text password!:text entitlement:text separator:text refresh_interval:duration',
    hasHttp: true,
  },
  vultr_sd_configs: { keys: COMMON, hasHttp: true },
}

function checkSecretKey(config: ConfigReader): void {
  checkAtMostOne(config, 'secret_key', 'secret_key_file')
  checkOneOf(config, 'secret_key', 'secret_key_file')
}
