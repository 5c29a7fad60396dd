import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'

/** What the embedded engine may use. */
export interface EngineResources {
  /** Memory the engine may take for data, in bytes. */
  readonly memoryBytes: number
}

/** 40 % of the machine, at least 1 GiB: the rest is for us and for the page cache, which the engine lives on. */
export function defaultResources(): EngineResources {
  return { memoryBytes: Math.max(2 ** 30, Math.floor(0.4 * totalmem())) }
}

/** The name of the user that all real work goes through. */
export const ENGINE_USER = 'oriel'

/** What the configuration says of files: where snapshots go, and disks beside the engine's own. */
interface Places {
  readonly snapshotsDir: string
  readonly storageXml: string
}

/** Writes the engine's configuration for one start into `dir`; returns the path of the main file. Only the hash of the password is kept. */
export function writeEngineConfig(dir: string, password: string, { memoryBytes }: EngineResources, places: Places): string {
  mkdirSync(dir, { recursive: true })
  const usersPath = join(dir, 'users.xml')
  const configPath = join(dir, 'config.xml')
  writeFileSync(usersPath, usersXml(password, memoryBytes), { mode: 0o600 })
  writeFileSync(configPath, configXml(usersPath, memoryBytes, places), { mode: 0o600 })
  return configPath
}

// Caches: defaults are 5 GiB of marks and as much of everything else; a laptop's store needs a hundredth.
// Merged parts are synced, so their sources may go after 60 s instead of 480: an hour of 50 commits a second otherwise keeps 24,000
// directories around. Pools: the smallest that keep merges going on two cores. Log tables: off, we have our own telemetry.
function configXml(usersPath: string, memoryBytes: number, { snapshotsDir, storageXml }: Places): string {
  return `<clickhouse>
  <users_config>${escapeXml(usersPath)}</users_config>
  <logger><level>none</level></logger>
  <max_server_memory_usage>${memoryBytes}</max_server_memory_usage>
  <mark_cache_size>67108864</mark_cache_size>
  <index_mark_cache_size>16777216</index_mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <index_uncompressed_cache_size>0</index_uncompressed_cache_size>
  <primary_index_cache_size>67108864</primary_index_cache_size>
  <query_condition_cache_size>16777216</query_condition_cache_size>
  <mmap_cache_size>64</mmap_cache_size>
  <compiled_expression_cache_size>16777216</compiled_expression_cache_size>
  <background_pool_size>2</background_pool_size>
  <background_merges_mutations_concurrency_ratio>1</background_merges_mutations_concurrency_ratio>
  <background_schedule_pool_size>4</background_schedule_pool_size>
  <background_common_pool_size>2</background_common_pool_size>
  <background_move_pool_size>1</background_move_pool_size>
  <background_fetches_pool_size>1</background_fetches_pool_size>
  <background_distributed_schedule_pool_size>1</background_distributed_schedule_pool_size>
  <background_message_broker_schedule_pool_size>1</background_message_broker_schedule_pool_size>
  <tables_loader_foreground_pool_size>2</tables_loader_foreground_pool_size>
  <tables_loader_background_pool_size>2</tables_loader_background_pool_size>
  <max_concurrent_queries>100</max_concurrent_queries>
  <max_connections>256</max_connections>
  <keep_alive_timeout>3600</keep_alive_timeout>
  <async_load_databases>true</async_load_databases>
  <backups><allowed_path>${escapeXml(snapshotsDir)}</allowed_path></backups>
${storageXml}  <merge_tree>
    <old_parts_lifetime>60</old_parts_lifetime>
    <min_rows_to_fsync_after_merge>1</min_rows_to_fsync_after_merge>
    <number_of_free_entries_in_pool_to_execute_mutation>1</number_of_free_entries_in_pool_to_execute_mutation>
    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>1</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>1</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
  </merge_tree>
</clickhouse>
`
}

// The process's own session signs in as `default`, without a password: that cannot be changed. So `default` may run its two
// statements (start listening; wait on standard input) and then nothing more: the quota is spent for any other local program.
function usersXml(password: string, memoryBytes: number): string {
  const hash = createHash('sha256').update(password).digest('hex')
  return `<clickhouse>
  <profiles>
    <default>
      <log_queries>0</log_queries>
      <log_profile_events>0</log_profile_events>
      <send_logs_level>none</send_logs_level>
      <max_memory_usage>${Math.floor(QUERY_MEMORY_SHARE * memoryBytes)}</max_memory_usage>
    </default>
  </profiles>
  <quotas>
    <default></default>
    <waiting><interval><duration>2000000000</duration><queries>2</queries><read_bytes>1</read_bytes></interval></waiting>
  </quotas>
  <users>
    <default>
      <password></password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>waiting</quota>
      <grants>
        <query>GRANT SYSTEM LISTEN, CREATE TEMPORARY TABLE ON *.*</query>
        <query>GRANT READ ON FILE</query>
      </grants>
    </default>
    <${ENGINE_USER}>
      <password_sha256_hex>${hash}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <access_management>1</access_management>
    </${ENGINE_USER}>
  </users>
</clickhouse>
`
}

// A query that takes more is refused, so that inserts and other queries keep room.
const QUERY_MEMORY_SHARE = 0.6

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
