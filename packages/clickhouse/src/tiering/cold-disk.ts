// The bucket that old days of samples move to, as a disk of the engine.

import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TimeRange } from '@oriel/model'
import { MS_PER_DAY, sampleDay } from '@oriel/model'
import { StoreError } from '@oriel/store'
import { ClickhouseError } from '../errors.ts'

/** A bucket of an S3-compatible store, and how to sign requests to it; without keys those of the environment (AWS_...) count. */
export interface Bucket {
  /** `https://host/bucket/prefix/`. */
  readonly endpoint: string
  readonly region?: string
  readonly accessKeyId?: string
  readonly secretAccessKey?: string
}

/** The disk and the volume of the engine's storage policy that hold what is cold, and the policy. */
export const COLD = 'cold'
export const TIERED = 'tiered'

/** What one start of the engine gets: a piece of its configuration, and variables of its environment. */
export interface StorageConfig {
  readonly xml: string
  readonly env: Readonly<Record<string, string>>
}

/**
 * The cold disk over several starts of the engine.
 *
 * The engine reads a few bytes of every part when it opens a table, so it would not start without its bucket. Then an empty disk
 * stands in for it: what is in the bucket is hidden, and reads of those days are refused, until a start finds the bucket again.
 */
export class ColdDisk {
  readonly #enginePath: string
  readonly #bucket: Bucket | undefined
  #hidden: ReadonlySet<number> = new Set()
  #why: string | undefined
  #isSilent = false

  constructor(enginePath: string, bucket: Bucket | undefined) {
    this.#enginePath = enginePath
    this.#bucket = bucket
  }

  /** Why the bucket is not used at the moment; undefined when it is. */
  get away(): string | undefined {
    return this.#why
  }

  /** Whether samples of a day (since 1970) are in a bucket that is not used at the moment. */
  hides(day: number): boolean {
    return this.#hidden.has(day)
  }

  /** Throws STORE_UNAVAILABLE where samples of the range are hidden. */
  check({ startMs, endMs }: TimeRange): void {
    const day = [...this.#hidden].find((of) => of >= sampleDay(startMs) && of <= sampleDay(endMs))
    if (day === undefined) return
    const date = new Date(day * MS_PER_DAY).toISOString().slice(0, 10)
    throw new StoreError('STORE_UNAVAILABLE', `cannot read samples of ${date}: ${this.#why}. Later days can be read`)
  }

  /** What to start the engine with. Throws CLICKHOUSE_START_FAILED where samples are in a bucket that nothing names any more. */
  async choose(): Promise<StorageConfig> {
    this.#why = undefined
    this.#hidden = new Set()
    const bucket = this.#bucket
    const cold = partsUnder(join(this.#enginePath, 'disks', COLD, 'store'))
    if (bucket === undefined) {
      if (cold.length > 0) throw forgotten(cold)
      // Tables may still have the policy.
      return existsSync(join(this.#enginePath, 'disks', COLD)) ? this.#standInConfig() : { xml: '', env: {} }
    }
    this.#isSilent = cold.length > 0 && !(await isAnswering(bucket))
    return this.#isSilent ? this.standIn(`${bucket.endpoint} does not answer`) : bucketConfig(bucket)
  }

  /** Leaves the bucket out. Throws CLICKHOUSE_START_FAILED where samples written meanwhile could be taken for older ones. */
  standIn(why: string): StorageConfig {
    const cold = partsUnder(join(this.#enginePath, 'disks', COLD, 'store'))
    // The engine numbers what is written by the highest number it knows: without the bucket's parts that must not be a lower one.
    for (const table of new Set(cold.map((part) => part.table))) {
      const newest = (parts: readonly Part[]) =>
        Math.max(0, ...parts.filter((part) => part.table === table).map(({ last }) => last))
      if (newest(partsUnder(join(this.#enginePath, 'store'))) < newest(cold))
        throw new ClickhouseError('CLICKHOUSE_START_FAILED', `cannot start engine: ${why}, and nothing newer is on the disk`)
    }
    this.#why = why
    this.#hidden = new Set(cold.map(({ day }) => day))
    return this.#standInConfig()
  }

  /** Whether a bucket that was silent answers by now. One that refuses us is asked again at the next start of the engine, not before. */
  async isBack(): Promise<boolean> {
    return this.#isSilent && this.#bucket !== undefined && (await isAnswering(this.#bucket))
  }

  #standInConfig(): StorageConfig {
    const path = join(this.#enginePath, '..', 'engine-config', 'no-bucket/')
    mkdirSync(path, { recursive: true })
    // More room than there is must stay free: nothing is ever written there.
    return {
      xml: policyXml(
        `<type>local</type><path>${escapeXml(path)}</path><keep_free_space_bytes>${2 ** 60}</keep_free_space_bytes>`,
      ),
      env: {},
    }
  }
}

function forgotten(parts: readonly Part[]): ClickhouseError {
  const days = new Set(parts.map(({ day }) => day)).size
  return new ClickhouseError(
    'CLICKHOUSE_START_FAILED',
    `cannot start engine: samples of ${days} days are in a bucket, and no bucket is configured. Set storage.cold as it was`,
  )
}

// With the engine's own 500 tries a query would hang for minutes on a bucket that is away; with 3 it fails after 1.5 s (2026-11).
const PATIENCE =
  '<s3_retry_attempts>3</s3_retry_attempts><connect_timeout_ms>3000</connect_timeout_ms><request_timeout_ms>30000</request_timeout_ms>'

function bucketConfig({ endpoint, region, accessKeyId, secretAccessKey }: Bucket): StorageConfig {
  const hasKeys = accessKeyId !== undefined && secretAccessKey !== undefined
  // Secrets go by the environment: the file would keep them on the disk.
  const keys = hasKeys
    ? `<access_key_id from_env="${KEY_ID}"/><secret_access_key from_env="${SECRET}"/>`
    : '<use_environment_credentials>1</use_environment_credentials>'
  const regionXml = region === undefined ? '' : `<region>${escapeXml(region)}</region>`
  // Not checked at the start: samples come in whether there is a bucket or not.
  const disk = `<type>s3</type><endpoint>${escapeXml(endpoint)}</endpoint>${regionXml}${keys}${PATIENCE}<skip_access_check>true</skip_access_check>`
  const env = hasKeys ? { [KEY_ID]: accessKeyId, [SECRET]: secretAccessKey } : awsEnv()
  return { xml: policyXml(disk), env }
}

const KEY_ID = 'ORIEL_COLD_KEY_ID'
const SECRET = 'ORIEL_COLD_SECRET'

function awsEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      name.startsWith('AWS_') && value !== undefined ? [[name, value]] : [],
    ),
  )
}

/** The first volume is that of the engine's default policy: only so may tables change over. Days move by our word alone. */
function policyXml(disk: string): string {
  return `  <storage_configuration>
    <disks><${COLD}>${disk}</${COLD}></disks>
    <policies><${TIERED}>
      <volumes>
        <default><disk>default</disk></default>
        <${COLD}><disk>${COLD}</disk><prefer_not_to_merge>true</prefer_not_to_merge></${COLD}>
      </volumes>
      <move_factor>0</move_factor>
    </${TIERED}></policies>
  </storage_configuration>
`
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

interface Part {
  readonly table: string
  readonly day: number
  /** The number of the last insert in it. */
  readonly last: number
}

/** The parts of tables with a partition a day, by the names of their directories: `20748_1_17_3`. */
function partsUnder(store: string): Part[] {
  const parts: Part[] = []
  for (const prefix of namesIn(store)) {
    for (const table of namesIn(join(store, prefix))) {
      for (const name of namesIn(join(store, prefix, table))) {
        const [, day, last] = /^(\d+)_\d+_(\d+)_\d+(?:_\d+)?$/.exec(name) ?? []
        if (last !== undefined) parts.push({ table, day: Number(day), last: Number(last) })
      }
    }
  }
  return parts
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch {
    // No such directory, or a file.
    return []
  }
}

// 3 s: a bucket across the world answers in one.
const ANSWER_MS = 3_000

/** Whether anything answers there, be it a refusal. */
async function isAnswering({ endpoint }: Bucket): Promise<boolean> {
  try {
    const response = await fetch(endpoint, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(ANSWER_MS) })
    return response.status < 500
  } catch {
    return false
  }
}
