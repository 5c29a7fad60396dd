import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import protobuf from 'protobufjs'
import { compressSync } from 'snappy'

// Requests as real clients make them, built with libraries that are not ours: what the crash and read-back suites send.

const { root } = protobuf.parse(`
  syntax = "proto3";
  message Label { string name = 1; string value = 2; }
  message Sample { double value = 1; int64 timestamp = 2; }
  message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
  message WriteRequest { repeated TimeSeries timeseries = 1; }
`)
const WriteRequest = root.lookupType('WriteRequest')
const REMOTE_WRITE_HEADERS = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '0.1.0',
}
const TEMPLATE_MS = 1_800_000_000_000
const templateSample = sampleBytes(TEMPLATE_MS, 1)

/** One HTTP request ready to be sent, and sent again. */
export interface PreparedRequest {
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: Uint8Array<ArrayBuffer>
}

/** A remote write 1.0 request: `series` series of `metric` with label `i`, one sample each at `tMs`. */
export function remoteWrite(
  metric: string,
  { series, tMs, value, labels = {} }: { series: number; tMs: number; value: number; labels?: Record<string, string> },
): PreparedRequest {
  const timeseries = Array.from({ length: series }, (_, i) => ({
    labels: sortedLabels({ __name__: metric, i: String(i), ...labels }),
    samples: [{ value, timestamp: tMs }],
  }))
  const body = new Uint8Array(compressSync(Buffer.from(WriteRequest.encode(WriteRequest.fromObject({ timeseries })).finish())))
  return { path: '/api/v1/write', headers: REMOTE_WRITE_HEADERS, body }
}

/** A remote write 1.0 request of series with samples of their own, times rising. */
export function writeSeries(
  series: readonly {
    readonly labels: Readonly<Record<string, string>>
    readonly samples: readonly { readonly value: number; readonly timestamp: number }[]
  }[],
): PreparedRequest {
  const timeseries = series.map(({ labels, samples }) => ({ labels: sortedLabels({ ...labels }), samples }))
  const body = new Uint8Array(compressSync(Buffer.from(WriteRequest.encode(WriteRequest.fromObject({ timeseries })).finish())))
  return { path: '/api/v1/write', headers: REMOTE_WRITE_HEADERS, body }
}

/** A remote write 1.0 request of a shop's metric with a label `user_id` whose values run from `from` up to `to`. */
export function userSeries(
  metric: string,
  { from, to, tMs, value }: { from: number; to: number; tMs: number; value: number },
): PreparedRequest {
  const timeseries = Array.from({ length: to - from }, (_, i) => ({
    labels: sortedLabels({
      __name__: metric,
      instance: '10.0.0.7:9090',
      job: 'checkout',
      method: 'POST',
      path: '/checkout',
      user_id: `user-${from + i}`,
    }),
    samples: [{ value, timestamp: tMs }],
  }))
  const body = new Uint8Array(compressSync(Buffer.from(WriteRequest.encode(WriteRequest.fromObject({ timeseries })).finish())))
  return { path: '/api/v1/write', headers: { ...REMOTE_WRITE_HEADERS, 'user-agent': 'storm/1.0' }, body }
}

/**
 * A remote write request that can be sent at many times without encoding it again: `at` writes the time into every sample in place,
 * and the value, one for all or of series i.
 *
 * For load: encoding with protobufjs costs the sender more than the receiver spends on the request.
 */
export function remoteWriteTemplate(
  metric: string,
  { series, labels = {} }: { series: number; labels?: Record<string, string> },
): { at: (tMs: number, value: ValueOf) => PreparedRequest } {
  return templateOf(Array.from({ length: series }, (_, i) => ({ __name__: metric, i: String(i), ...labels })))
}

/** One value for all series, or that of series i. */
type ValueOf = number | ((i: number) => number)

/** The same of series with labels of their own, the name among them. */
export function templateOf(all: readonly Readonly<Record<string, string>>[]): {
  at: (tMs: number, value: ValueOf) => PreparedRequest
} {
  const series = all.length
  const timeseries = all.map((labels) => ({
    labels: sortedLabels(labels),
    samples: [{ value: 1, timestamp: TEMPLATE_MS }],
  }))
  const message = Buffer.from(WriteRequest.encode(WriteRequest.fromObject({ timeseries })).finish())
  const places: number[] = []
  for (let at = message.indexOf(templateSample); at >= 0; at = message.indexOf(templateSample, at + 1)) places.push(at)
  if (places.length !== series) throw new Error(`found ${places.length} samples of ${series} in the template`)
  return {
    at: (tMs, value) => {
      const valueOf = typeof value === 'number' ? () => value : value
      const sample = sampleBytes(tMs, 0)
      for (const [i, place] of places.entries()) {
        sample.copy(message, place)
        message.writeDoubleLE(valueOf(i), place + 1)
      }
      return { path: '/api/v1/write', headers: REMOTE_WRITE_HEADERS, body: new Uint8Array(compressSync(message)) }
    },
  }
}

/** A Loki push of `lines` lines that rise by a nanosecond from `tNs`. */
export function lokiPush(
  labels: Record<string, string>,
  { lines, tNs, text }: { lines: number; tNs: bigint; text: string },
): PreparedRequest {
  const values = Array.from({ length: lines }, (_, i) => [String(tNs + BigInt(i)), `${text} ${i}`])
  return json('/loki/api/v1/push', { streams: [{ stream: labels, values }] })
}

/** An OTLP/JSON request of one trace with `spans` spans; the trace id is returned beside it. */
export function otlpTrace(
  service: string,
  { spans, tNs }: { spans: number; tNs: bigint },
): { traceId: string; request: PreparedRequest } {
  const traceId = randomBytes(16).toString('hex')
  const list = Array.from({ length: spans }, (_, i) => ({
    traceId,
    spanId: randomBytes(8).toString('hex'),
    name: `step ${i}`,
    kind: 2,
    startTimeUnixNano: String(tNs + BigInt(i)),
    endTimeUnixNano: String(tNs + BigInt(i) + 1_000_000n),
  }))
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: service } }] }
  return { traceId, request: json('/v1/traces', { resourceSpans: [{ resource, scopeSpans: [{ spans: list }] }] }) }
}

/** What became of a request: attempts until it was acknowledged. Throws when it is refused for good or never taken. */
export async function sendUntilAcknowledged(
  base: string,
  { path, headers, body }: PreparedRequest,
  { maxWaitMs = 60_000 }: { maxWaitMs?: number } = {},
): Promise<number> {
  const deadline = Date.now() + maxWaitMs
  for (let attempt = 1; ; attempt++) {
    const outcome = await fetch(base + path, { method: 'POST', headers, body, signal: AbortSignal.timeout(10_000) }).then(
      async (response) => ({ status: response.status, text: await response.text().catch(() => '') }),
      () => ({ status: 0, text: 'connection failed' }),
    )
    if (outcome.status >= 200 && outcome.status < 300) return attempt
    if (outcome.status >= 400 && outcome.status < 500 && outcome.status !== 429)
      throw new Error(`refused with ${outcome.status}: ${outcome.text}`)
    if (Date.now() > deadline)
      throw new Error(`not acknowledged in ${maxWaitMs} ms: last answer ${outcome.status} ${outcome.text}`)
    await sleep(20 + 30 * Math.random())
  }
}

function sortedLabels(labels: Readonly<Record<string, string>>): { name: string; value: string }[] {
  return Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name, value }))
}

/** A Sample message's fields: value (1) as a double, timestamp (2) as a varint; six bytes for any time of this century. */
function sampleBytes(tMs: number, value: number): Buffer {
  const bytes = [0x09, 0, 0, 0, 0, 0, 0, 0, 0, 0x10]
  for (let rest = tMs; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      bytes.push(rest)
      break
    }
    bytes.push((rest % 128) + 128)
  }
  const sample = Buffer.from(bytes)
  sample.writeDoubleLE(value, 1)
  return sample
}

function json(path: string, value: unknown): PreparedRequest {
  return { path, headers: { 'content-type': 'application/json' }, body: new TextEncoder().encode(JSON.stringify(value)) }
}
