import type { MetricBlock, TimeRange } from '@oriel/model'
import type { DeleteRequest, GridRequest, MetricSource } from '@oriel/store'
import type { EngineClient } from './engine/client.ts'
import { ChangeLog, changedFrom } from './metrics/change-log.ts'
import { readCardinality } from './metrics/cardinality.ts'
import { deleteSamples, purgeDeleted, removeEmptySeries } from './metrics/delete.ts'
import { Gate } from './metrics/gate.ts'
import type { GridOptions } from './metrics/grid.ts'
import { readGrid } from './metrics/grid.ts'
import { RolledReader } from './metrics/grid-rolled.ts'
import { readExemplars, readLabelNames, readLabelValues, readMetadata } from './metrics/lookups.ts'
import type { MemoryIndex } from './metrics/postings/memory-index.ts'
import { addHours } from './metrics/journal/chunk.ts'
import type { SampleJournal } from './metrics/journal/journal.ts'
import { readSamples, scanSamples } from './metrics/samples.ts'
import { StartReader } from './metrics/starts.ts'
import type { SeriesIndex, SeriesIndexOptions } from './metrics/series-index.ts'
import { openSeriesIndex } from './metrics/series-index.ts'
import type { WindowFiller } from './metrics/window/fill.ts'
import type { RecentWindow } from './metrics/window/recent-window.ts'
import type { Rollups } from './rollups/rollups.ts'
import type { ColdDisk } from './tiering/cold-disk.ts'
import { makeMetricWriter } from './metrics/write.ts'

/** Both sides of the metrics signal. */
export interface MetricStore {
  readonly source: MetricSource
  /** See `Sink.writeMetrics`. */
  write(blocks: readonly MetricBlock[]): Promise<void>
  /** See `Sink.deleteMetrics`. */
  delete(request: DeleteRequest): Promise<void>
  /** See `Sink.purgeDeleted`. */
  purgeDeleted(): Promise<void>
  /** To be called before samples and series are deleted by others than `delete`, and again after. */
  noteDeleting(range: TimeRange): Promise<void>
}

/** How metrics behave. */
export interface MetricOptions extends SeriesIndexOptions {
  readonly grid?: GridOptions
  /** Recent samples in memory, for a process that does all the writing. */
  readonly recent?: RecentSamples
  /** What samples are written by way of, in a process that does all the writing. */
  readonly journal?: SampleJournal
  /** For a process that does all the writing. */
  readonly rollups?: Rollups
  /** Days that are in a bucket which may be away. */
  readonly cold?: ColdDisk
}

/** The window of recent samples, and what fills it. */
export interface RecentSamples {
  readonly window: RecentWindow
  readonly filler: WindowFiller
}

/** Opens metrics over an engine whose tables are there, or will be when its client lets calls through. */
export function openMetrics(client: EngineClient, options: MetricOptions): MetricStore {
  const index = openSeriesIndex(client, options)
  const { journal, memory, recent, rollups } = options
  const writer = makeMetricWriter(client, journal)
  const gate = new Gate()
  const changes = new ChangeLog()
  const starts = new StartReader(client, options)
  const noteRemoved = (range: TimeRange): void => {
    writer.noteRemoved()
    index.noteRemoved()
    memory?.noteRemoved(range)
  }
  // What is still in the journal keeps its series, too.
  const removeSeries = async (request: DeleteRequest): Promise<boolean> => {
    await journal?.move()
    return removeEmptySeries(client, request)
  }
  const write = async (blocks: readonly MetricBlock[]): Promise<void> => {
    let isStored = false
    const changing = journal === undefined ? hoursOfBlocks(blocks) : []
    rollups?.noteWriting(changing)
    try {
      await writer.write(blocks)
      isStored = true
    } finally {
      // After a failure too: some of it may be there.
      index.noteWritten(blocks)
      starts.noteWritten(blocks)
      rollups?.noteWriting(changing)
      noteInMemory(blocks, isStored, { changes, memory, recent })
    }
  }
  return {
    source: openSource({ client, index, starts, changes }, options),
    async delete(request) {
      await journal?.move()
      await rollups?.noteDeleting(request.range)
      try {
        await deleteSamples(client, request)
        if (options.isOnlyWriter && (await gate.alone(() => removeSeries(request)))) noteRemoved(request.range)
      } finally {
        if (recent?.window.noteDeleted(request.range) === true) recent.filler.refill()
        await rollups?.noteDeleting(request.range)
        changes.note(new Map([[request.tenant, request.range.startMs]]))
      }
    },
    purgeDeleted: () => purgeDeleted(client),
    async noteDeleting(range) {
      noteRemoved(range)
      if (recent?.window.noteDeleted(range) === true) recent.filler.refill()
      await rollups?.noteDeleting(range)
      changes.noteAll()
    },
    write: (blocks) => gate.share(() => write(blocks)),
  }
}

interface Readers {
  readonly client: EngineClient
  readonly index: SeriesIndex
  readonly starts: StartReader
  readonly changes: ChangeLog
}

function openSource(
  { client, index, starts, changes }: Readers,
  { grid, journal, memory, recent, rollups, cold }: MetricOptions,
): MetricSource {
  const gridOptions = { ...grid, ...(rollups !== undefined && { rolled: new RolledReader(client, rollups.blocks) }) }
  const window = recent?.window
  const stores = {
    client,
    index,
    memory,
    starts,
    ...(window !== undefined && { window }),
    ...(journal !== undefined && { journal }),
  }
  const checked = async <T>(range: TimeRange, read: () => Promise<T>): Promise<T> => {
    cold?.check(range)
    return read()
  }
  return {
    samples: (request, context) => checked(request.range, () => readSamples(stores, request, context)),
    scan: (request, context) => checked(request.range, () => scanSamples(stores, request, context)),
    lastChange: (tenants, untilMs) => (recent === undefined ? undefined : changes.last(tenants, untilMs)),
    async grid(request, context) {
      // What is in memory is there sooner than the engine has worked it out.
      if (grid?.offered !== 'always' && isRecent(window, request)) return undefined
      await journal?.moved(timesOf(request))
      return checked(timesOf(request), () => readGrid(client, index, request, context, gridOptions))
    },
    series: async (request, context) => (await index.find(request, context)).map(({ labels }) => labels),
    labelNames: (request, context) => readLabelNames(stores, request, context),
    labelValues: (label, request, context) => readLabelValues(stores, label, request, context),
    metadata: (request, context) => readMetadata(client, request, context),
    exemplars: (request, context) => checked(request.range, () => readExemplars(client, index, request, context)),
    cardinality: (request, context) => readCardinality(stores, request, context),
  }
}

interface InMemory {
  readonly changes: ChangeLog
  readonly memory: MemoryIndex | undefined
  readonly recent: RecentSamples | undefined
}

/** What was written goes into memory too; where that is not known, memory starts over. */
function noteInMemory(blocks: readonly MetricBlock[], isStored: boolean, { changes, memory, recent }: InMemory): void {
  const changed = changedFrom(blocks)
  changes.note(changed)
  if (isStored) {
    recent?.window.noteWritten(blocks)
    memory?.noteWritten(blocks)
    return
  }
  memory?.reset()
  recent?.window.reset(blocks)
  recent?.filler.refill()
  // The engine may still be at work on it, and then change what is read until the refill has waited for it.
  void recent?.filler.filled.then(() => changes.note(changed))
}

function isRecent(window: RecentWindow | undefined, request: GridRequest): boolean {
  return window?.covers(timesOf(request).startMs) ?? false
}

function timesOf({ startMs, endMs, rangeMs, offsetMs }: GridRequest): TimeRange {
  return { startMs: startMs - offsetMs - rangeMs, endMs: endMs - offsetMs }
}

/** Hours (since 1970) that have samples in the blocks. */
function hoursOfBlocks(blocks: readonly MetricBlock[]): ReadonlySet<number> {
  const hours = new Set<number>()
  for (const { samples } of blocks) addHours(samples.tMs.words, hours)
  return hours
}
