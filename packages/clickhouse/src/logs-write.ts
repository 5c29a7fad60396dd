import type { Clock, LogBlock, LogColumns, Resource, StreamDay } from '@oriel/model'
import { NS_PER_MS, U64Column } from '@oriel/model'
import type { EngineClient } from './engine/client.ts'
import {
  bigintsField,
  constantField,
  dateTime64Field,
  dictField,
  idsField,
  mapField,
  nativeBlock,
  numbersField,
  stringField,
  stringsField,
  u128Field,
  u64Field,
  u8Field,
} from './native/index.ts'
import { mapsField } from './rows.ts'

/**
 * What every insert of rows with request ids runs under.
 *
 * A request's rows of one day must land in one part: blocks are not cut on the way in, and one insert may touch any number of days.
 */
export const WHOLE_BLOCKS: Readonly<Record<string, number>> = {
  max_partitions_per_insert_block: 0,
  // 64 Mi rows and 4 GiB: above any block that ingest commits.
  max_insert_block_size: 2 ** 26,
  min_insert_block_size_rows: 2 ** 26,
  min_insert_block_size_bytes: 2 ** 32,
  // Skip indexes are made when parts are merged: the small parts until then are read whole, and an insert is a fifteenth cheaper.
  materialize_skip_indexes_on_insert: 0,
}

/** Writes log blocks; see `Sink`. */
export interface LogWriter {
  write(blocks: readonly LogBlock[]): Promise<void>
}

/** Makes a writer. `now` gives the time of arrival. */
export function makeLogWriter(client: EngineClient, { now }: { readonly now: Clock }): LogWriter {
  const nextArrivals = makeArrivals(now)
  return {
    async write(blocks) {
      // Index first: a record whose stream is unknown could not be selected.
      await Promise.all([writeStreams(client, blocks), writeResources(client, blocks)])
      const filled = blocks.filter(({ records }) => records.rows > 0)
      const pieces = filled.flatMap((block) => recordPieces(block.tenant, block.records, nextArrivals(block.records.rows)))
      if (pieces.length > 0) await client.insert('logs', pieces, { settings: WHOLE_BLOCKS })
    },
  }
}

/** Writes resources that logs or spans refer to. */
export async function writeResources(
  client: EngineClient,
  blocks: readonly { readonly tenant: string; readonly resources: readonly Resource[] }[],
): Promise<void> {
  const pieces = blocks
    .filter(({ resources }) => resources.length > 0)
    .flatMap(({ tenant, resources }) =>
      nativeBlock(resources.length, [
        constantField('tenant', tenant, resources.length),
        bigintsField(
          'id',
          resources.map(({ id }) => id),
        ),
        stringsField(
          'service',
          resources.map(({ service }) => service),
        ),
        mapsField(
          'attributes',
          resources.map(({ attributes }) => attributes),
        ),
      ]),
    )
  if (pieces.length > 0) await client.insert('resources', pieces)
}

/**
 * Gives each row its place in the order of arrival: nanoseconds since 1970 of the commit, rising by one a row.
 *
 * Strictly rising over all blocks of this process, whatever the clock does.
 */
export function makeArrivals(now: Clock): (rows: number) => U64Column {
  let next = 0n
  return (rows) => {
    const clock = BigInt(now()) * NS_PER_MS
    const first = clock > next ? clock : next
    next = first + BigInt(rows)
    const column = new U64Column()
    let low = Number(first & 0xffff_ffffn)
    let high = Number(first >> 32n)
    for (let row = 0; row < rows; row++) {
      column.push(low, high)
      low = (low + 1) >>> 0
      if (low === 0) high++
    }
    return column
  }
}

async function writeStreams(client: EngineClient, blocks: readonly LogBlock[]): Promise<void> {
  const pieces = blocks
    .filter(({ streams }) => streams.length > 0)
    .flatMap(({ tenant, streams }) => streamPieces(tenant, streams))
  if (pieces.length > 0) await client.insert('streams', pieces, { settings: WHOLE_BLOCKS })
}

function streamPieces(tenant: string, streams: readonly StreamDay[]): Uint8Array[] {
  return nativeBlock(streams.length, [
    constantField('tenant', tenant, streams.length),
    numbersField(
      'day',
      streams.map(({ day }) => day),
    ),
    idsField(
      'stream',
      streams.map(({ id }) => id),
    ),
    stringsField(
      'service',
      streams.map(({ service }) => service),
    ),
    mapsField(
      'labels',
      streams.map(({ labels }) => Object.fromEntries(labels.map(({ name, value }) => [name, value]))),
    ),
  ])
}

function recordPieces(tenant: string, records: LogColumns, arrivals: U64Column): Uint8Array[] {
  return nativeBlock(records.rows, [
    constantField('tenant', tenant, records.rows),
    dictField('service', records.service),
    u128Field('stream', records.streamId),
    dateTime64Field('ts', 9, records.tNs),
    u8Field('severity', records.severity),
    dictField('level', records.level),
    dictField('severity_text', records.severityText),
    dictField('scope_name', records.scopeName),
    dictField('scope_version', records.scopeVersion),
    stringField('body', records.body),
    stringField('trace_id', records.traceId),
    stringField('span_id', records.spanId),
    mapField('attributes', records.attributes),
    u64Field('resource', records.resourceId),
    u64Field('request', records.requestId),
    u64Field('arrival', arrivals),
  ])
}
