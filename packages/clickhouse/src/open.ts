import { join, resolve } from 'node:path'
import type { Clock, Telemetry } from '@oriel/model'
import { FIRST_SAMPLE_MS, silentTelemetry } from '@oriel/model'
import type { Store } from '@oriel/store'
import type { EngineClient } from './engine/client.ts'
import { openClient } from './engine/client.ts'
import type { EngineResources } from './engine/config.ts'
import { defaultResources } from './engine/config.ts'
import type { Endpoint } from './engine/http.ts'
import { lockDataDir } from './engine/lock.ts'
import type { EngineState } from './engine/supervisor.ts'
import { superviseEngine } from './engine/supervisor.ts'
import { makeLogWriter } from './logs-write.ts'
import { openLogSource, readRecentRequests } from './logs.ts'
import type { GridOptions } from './metrics/grid.ts'
import { SampleJournal } from './metrics/journal/journal.ts'
import type { RecentSamples } from './metrics.ts'
import { openSizes } from './metrics/sizes.ts'
import { openMetrics } from './metrics.ts'
import { openFiller } from './metrics/window/fill.ts'
import { DEFAULT_INDEX_BYTES, MemoryIndex } from './metrics/postings/memory-index.ts'
import { DEFAULT_WINDOW_BYTES, RecentWindow } from './metrics/window/recent-window.ts'
import type { Retention } from './retention/retention.ts'
import { openRetention } from './retention/retention.ts'
import type { Rollups } from './rollups/rollups.ts'
import { openRollups } from './rollups/rollups.ts'
import { migrate, TABLE_FAMILIES } from './schema/index.ts'
import { takeSnapshot } from './snapshot.ts'
import { openState } from './state.ts'
import type { Bucket } from './tiering/cold-disk.ts'
import { ColdDisk } from './tiering/cold-disk.ts'
import type { Tiering } from './tiering/tiering.ts'
import { openTiering } from './tiering/tiering.ts'
import { makeSpanWriter } from './traces-write.ts'
import { openTraceSource } from './traces.ts'

/** How to open the engine. */
export interface EngineOptions {
  /** Where the embedded engine keeps everything; one process at a time. Not used with `engineUrl`. */
  readonly dataDir: string
  /** Address of a ClickHouse server to use instead of the embedded engine: `http://user:password@host:8123`. */
  readonly engineUrl?: string
  readonly telemetry?: Telemetry
  readonly resources?: EngineResources
  /** Where old samples go. Not used with `engineUrl`: a server has disks of its own. */
  readonly cold?: ColdOptions
}

/** A bucket, and when a day of samples moves there: once all of it is older than `afterMs`. */
export interface ColdOptions extends Bucket {
  readonly afterMs: number
}

/** How the engine does. */
export interface EngineHandle {
  state(): EngineState
  /** How often the embedded engine ended by itself. */
  readonly restarts: number
  /** Process id of the embedded engine, 0 when there is none. */
  readonly pid: number
  /** Resolves when the engine answers and its tables are there; rejects when it could not be started. */
  readonly started: Promise<void>
  /** The engine's version, known once started. */
  version(): Promise<string>
  onRestart(callback: () => void): void
}

/** Where the store is, and what it may use. */
export interface ClickhouseOptions extends EngineOptions {
  /** Time of arrival of logs and spans. */
  readonly clock?: Clock
  /** Whether samples are rolled up in the background, once the engine is up. */
  readonly isRollingUp?: boolean
  /** When metrics are evaluated in the engine: by what it costs, if not said. */
  readonly grid?: GridOptions
  /** Memory for recent samples, 0 for none; 256 MiB if not said. Not used with `engineUrl`: others may write there. */
  readonly windowBytes?: number
}

/** A store in the engine. */
export interface OpenClickhouse {
  readonly store: Store
  readonly engine: EngineHandle
  /** Recent samples in memory, where there are; for tests. */
  readonly recent?: RecentSamples
  /** Deletes metrics that are past their time, when it is told to. */
  readonly retention: Retention
  /** Rollups of samples; absent where other processes write too. */
  readonly rollups?: Rollups
  /** The index of recent series in memory, where there is; for tests. */
  readonly memory?: MemoryIndex
  /** Copies all that is stored to `snapshots/<name>` of the data directory; absent where the engine is a server of yours. */
  readonly snapshot?: (name: string) => Promise<void>
  /** Moves old samples to a bucket, where there is one. */
  readonly tiering?: Tiering
  close(): Promise<void>
}

/**
 * Opens the store and returns at once: see `openEngine`.
 *
 * Close it after the last write has resolved. Throws CLICKHOUSE_DATA_IN_USE; a start that fails shows in `engine.started`.
 */
export async function openClickhouse({
  clock = Date.now,
  grid,
  windowBytes,
  isRollingUp = true,
  ...options
}: ClickhouseOptions): Promise<OpenClickhouse> {
  const opened = openEngine(options)
  const { client, engine } = opened
  const isOnlyWriter = options.engineUrl === undefined
  const held = isOnlyWriter ? openHeld(opened, { clock, maxBytes: windowBytes ?? DEFAULT_WINDOW_BYTES, ...options }) : {}
  const { cold } = opened
  const metrics = openMetrics(client, {
    isOnlyWriter,
    ...held,
    ...(grid !== undefined && { grid }),
    ...(cold !== undefined && { cold }),
  })
  const tiering = openTieringOf(opened, { clock, ...options })
  const retention = openRetention(client, {
    telemetry: options.telemetry ?? silentTelemetry,
    noteDeleting: (upToMs) => metrics.noteDeleting({ startMs: FIRST_SAMPLE_MS, endMs: upToMs }),
  })
  const logWriter = makeLogWriter(client, { now: clock })
  const spanWriter = makeSpanWriter(client, { now: clock })
  const store: Store = {
    metrics: metrics.source,
    logs: openLogSource(client),
    traces: openTraceSource(client),
    state: openState(client, { now: clock }),
    cardinality: openSizes(client, held.memory),
    sink: {
      writeMetrics: (blocks) => metrics.write(blocks),
      writeLogs: (blocks) => logWriter.write(blocks),
      writeSpans: (blocks) => spanWriter.write(blocks),
      recentRequests: (signal) => readRecentRequests(client, signal === 'logs' ? 'logs' : 'spans', { now: clock }),
      deleteMetrics: (request) => metrics.delete(request),
      purgeDeleted: () => metrics.purgeDeleted(),
    },
  }
  const close = async (): Promise<void> => {
    await held.journal?.close()
    closeMemory(held)
    await Promise.all([held.rollups?.close(), tiering?.close()])
    await opened.close()
  }
  startWhenUp(engine, isRollingUp ? held : {}, tiering)
  const snapshot = async (name: string): Promise<void> => {
    // The tables are copied one after the other: what moves between two of them meanwhile could be in neither copy.
    await held.journal?.move()
    await takeSnapshot(client, name)
  }
  const optional = { ...(isOnlyWriter && { snapshot }), ...(tiering !== undefined && { tiering }) }
  return { store, engine, ...held, ...optional, retention, close }
}

/** What a process that does all the writing holds beside the engine. */
interface Held {
  readonly journal?: SampleJournal
  readonly recent?: RecentSamples
  readonly memory?: MemoryIndex
  readonly rollups?: Rollups
}

interface HeldOptions {
  readonly clock: Clock
  readonly maxBytes: number
  readonly telemetry?: Telemetry
}

function openHeld(opened: OpenEngine, { clock, maxBytes, telemetry = silentTelemetry }: HeldOptions): Held {
  const rollups = openRollups(opened.client, { now: clock, telemetry, isHidden: (day) => opened.cold?.hides(day) ?? false })
  // Without the window every query of what is recent would have to wait until it has moved.
  if (maxBytes === 0) return { rollups }
  const journal = new SampleJournal(opened.client, { telemetry, noteMoving: (hours) => rollups.noteWriting(hours) })
  const recent = openRecent(opened, { maxBytes, clock, telemetry, journal })
  return { rollups, journal, recent, memory: openMemoryIndex(opened, { clock, telemetry }) }
}

function startWhenUp(engine: EngineHandle, { journal, rollups }: Held, tiering: Tiering | undefined): void {
  // What an earlier process left in the journal changes hours that it may have rolled up.
  void engine.started
    .then(() => journal?.move())
    .then(
      () => {
        tiering?.start()
        return rollups?.start()
      },
      () => {},
    )
}

function openTieringOf(
  { client, cold, restart }: OpenEngine,
  {
    clock,
    telemetry = silentTelemetry,
    cold: options,
  }: Pick<ClickhouseOptions, 'telemetry' | 'cold'> & { readonly clock: Clock },
): Tiering | undefined {
  if (cold === undefined || restart === undefined || options === undefined) return undefined
  return openTiering(client, { cold, afterMs: options.afterMs, now: clock, telemetry, restart })
}

function closeMemory({ recent, memory }: Held): void {
  recent?.filler.close()
  recent?.window.close()
  memory?.close()
}

function openMemoryIndex(
  { client, engine }: OpenEngine,
  { clock, telemetry }: Required<Omit<HeldOptions, 'maxBytes'>>,
): MemoryIndex {
  return new MemoryIndex({ client, clock, telemetry, maxBytes: DEFAULT_INDEX_BYTES, started: engine.started })
}

/** The window of recent samples, being filled. */
function openRecent(
  { client, engine }: OpenEngine,
  { maxBytes, clock, telemetry, journal }: Required<HeldOptions> & { readonly journal: SampleJournal },
): RecentSamples {
  const window = new RecentWindow({ maxBytes, telemetry })
  return { window, filler: openFiller(client, window, { now: clock, telemetry, journal, started: engine.started }) }
}

/** An engine with a client whose statements run in our database. */
export interface OpenEngine {
  readonly client: EngineClient
  readonly engine: EngineHandle
  /** Where it listens; rejects as every call does while it is away. */
  endpoint(): Promise<Endpoint>
  /** The bucket of old samples, and a way to start the engine again; absent where the engine is not ours. */
  readonly cold?: ColdDisk
  readonly restart?: () => Promise<void>
  close(): Promise<void>
}

// 60 s: an engine with a large store on a slow disk; a healthy one is up in half a second.
const START_TIMEOUT_MS = 60_000

/**
 * Opens the engine and returns at once: reads and writes wait for the first start, then fail with STORE_UNAVAILABLE while it is
 * away. Throws CLICKHOUSE_DATA_IN_USE when another process has the directory.
 */
export function openEngine(options: EngineOptions): OpenEngine {
  return options.engineUrl === undefined ? openEmbedded(options) : openRemote(options.engineUrl)
}

function openEmbedded({ telemetry = silentTelemetry, resources = defaultResources(), ...options }: EngineOptions): OpenEngine {
  // The engine reads paths in its configuration as relative to the file that names them.
  const dataDir = resolve(options.dataDir)
  const lock = lockDataDir(dataDir)
  const cold = new ColdDisk(join(dataDir, 'engine'), options.cold)
  const engine = superviseEngine({ dataDir, resources, telemetry, timeoutMs: START_TIMEOUT_MS, prepare, cold })
  const client = openClient(() => engine.endpoint())
  return {
    client,
    engine: {
      state: () => engine.state(),
      get restarts() {
        return engine.restarts
      },
      get pid() {
        return engine.pid
      },
      started: engine.started,
      version: () => versionOf(client),
      onRestart: (callback) => engine.onRestart(callback),
    },
    endpoint: () => engine.endpoint(),
    cold,
    restart: () => engine.restart(),
    async close() {
      client.close()
      await engine.close()
      lock.release()
    },
  }
}

function openRemote(engineUrl: string): OpenEngine {
  const url = new URL(engineUrl)
  const endpoint: Endpoint = {
    url: url.origin,
    user: decodeURIComponent(url.username) || 'default',
    password: decodeURIComponent(url.password),
  }
  let state: EngineState = 'starting'
  const started = prepare(endpoint).then(
    () => void (state = 'ready'),
    (error: unknown) => {
      state = 'stopped'
      throw error
    },
  )
  started.catch(() => {})
  const endpointOf = async (): Promise<Endpoint> => {
    await started
    return endpoint
  }
  const client = openClient(endpointOf)
  return {
    endpoint: endpointOf,
    client,
    engine: {
      state: () => state,
      restarts: 0,
      pid: 0,
      started,
      version: () => versionOf(client),
      onRestart: () => {},
    },
    async close() {
      state = 'stopped'
      client.close()
    },
  }
}

async function prepare(endpoint: Endpoint): Promise<void> {
  const client = openClient(async () => endpoint, { database: '' })
  try {
    await migrate(client, TABLE_FAMILIES)
  } finally {
    client.close()
  }
}

async function versionOf(client: EngineClient): Promise<string> {
  const [block] = await client.query('SELECT version() AS version')
  return block?.strings('version')[0] ?? ''
}
