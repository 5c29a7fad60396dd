import type { Labels, Matcher, SeriesSamples } from '@oriel/model'
import { makeLabels } from '@oriel/model'
import type { ReadForm, ReadQuery } from '@oriel/wire'
import { compress, decodeReadRequest, decompress, encodeReadFrames, encodeReadResponse, READ_TYPES } from '@oriel/wire'
import { ApiError } from '../errors.ts'
import { callerOf } from '../http/exchange.ts'
import type { Answer, Exchange } from '../http/exchange.ts'
import type { ApiServices } from '../services.ts'

/** 32 MiB as Prometheus: the largest request, compressed or not. */
export const MAX_READ_BYTES: number = 32 * 2 ** 20

/**
 * POST /api/v1/read: the samples of series, whole or as a stream of chunks, whichever form that we know the asker named first.
 *
 * Source: Prometheus 3.14 storage/remote/read_handler.go.
 */
export async function remoteRead(services: ApiServices, exchange: Exchange): Promise<Answer> {
  const { queries, accepted } = decodeReadRequest(decompress(exchange.body, 'snappy', { maxBytes: MAX_READ_BYTES }))
  const form = chooseForm(accepted)
  const { externalLabels } = services.prometheusConfig()
  const external = Object.entries(externalLabels)
  const results = await services.runner.lookup(
    `read of ${queries.length} selectors`,
    callerOf(exchange, 'remote read'),
    (source, context) => Promise.all(queries.map((query) => source.metrics.samples(requestOf(query, externalLabels), context))),
  )
  const named = results.data.map((samples) => ({
    ...samples,
    labels: samples.labels.map((labels) => withExternal(labels, external)),
  }))
  if (form === 'samples') return wholeAnswer(named, services.prometheus.readSampleLimit)
  return { status: 200, headers: { 'content-type': READ_TYPES.chunks }, body: frames(named, services.prometheus.readFrameBytes) }
}

function chooseForm(accepted: readonly ReadForm[]): 'samples' | 'chunks' {
  if (accepted.length === 0) return 'samples'
  const form = accepted.find((each) => each !== 'unknown')
  if (form === 'samples' || form === 'chunks') return form
  const supported = 'map[SAMPLES:{} STREAMED_XOR_CHUNKS:{}]'
  throw new ApiError('API_BAD_PARAMETER', `server does not support any of the requested response types; supported: ${supported}`)
}

/** Series are stored without our external labels: a matcher that asks for them must not look for them there. */
function requestOf({ startMs, endMs, matchers }: ReadQuery, external: Readonly<Record<string, string>>) {
  const inStore: Matcher[] = matchers.map((matcher) => {
    const isExternal = matcher.op === '=' && Object.hasOwn(external, matcher.name) && external[matcher.name] === matcher.value
    return isExternal ? { ...matcher, value: '' } : matcher
  })
  return { matchers: inStore, range: { startMs, endMs } }
}

/** The series' own labels win. */
function withExternal(labels: Labels, external: readonly (readonly [name: string, value: string])[]): Labels {
  if (external.length === 0) return labels
  return makeLabels([...external, ...labels.map(({ name, value }) => [name, value] as const)])
}

function wholeAnswer(results: readonly SeriesSamples[], limit: number): Answer {
  for (const { tMs } of results) {
    if (tMs.length > limit) throw new ApiError('API_BAD_PARAMETER', `exceeded sample limit (${limit})`)
  }
  return {
    status: 200,
    headers: { 'content-type': READ_TYPES.samples, 'content-encoding': 'snappy' },
    body: compress(encodeReadResponse(results), 'snappy'),
  }
}

async function* frames(results: readonly SeriesSamples[], frameBytes: number): AsyncGenerator<Uint8Array> {
  for (const [index, samples] of results.entries()) yield* encodeReadFrames(samples, index, frameBytes)
}
