// A real Prometheus beside Oriel: both are sent the same samples by remote write and asked the same queries.
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { STALE_HIGH, STALE_LOW } from '@oriel/model'
import { compressSync } from 'snappy'
import type { TestSeries } from '../../packages/wire/src/remote-write/testing.ts'
import { encodeV2 } from '../../packages/wire/src/remote-write/testing.ts'

/** Prometheus's program, where there is one. */
export const PROMETHEUS: string = join(process.env['ORIEL_PEERS_DIR'] ?? '', 'bin', 'prometheus')

/** Whether the peer is there. */
export function hasPrometheus(): boolean {
  return process.env['ORIEL_PEERS_DIR'] !== undefined && existsSync(PROMETHEUS)
}

/** A running Prometheus. */
export interface RunningPrometheus {
  readonly http: string
  readonly close: () => Promise<void>
}

/** Starts Prometheus with a remote-write receiver and an empty store; `features` are its flags. */
export async function startPrometheus(features: readonly string[]): Promise<RunningPrometheus> {
  const directory = mkdtempSync(join(tmpdir(), 'oriel-peer-prometheus-'))
  const config = join(directory, 'prometheus.yml')
  writeFileSync(config, 'global: { scrape_interval: 1h }\nstorage: { tsdb: { out_of_order_time_window: 30d } }\n')
  const http = `http://127.0.0.1:${await freePort()}`
  const child = spawn(
    PROMETHEUS,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      '--storage.tsdb.retention.time=100y',
      `--web.listen-address=${new URL(http).host}`,
      '--web.enable-remote-write-receiver',
      ...(features.length === 0 ? [] : [`--enable-feature=${features.join(',')}`]),
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const close = async (): Promise<void> => {
    await ended(child)
    rmSync(directory, { recursive: true, force: true })
  }
  for (let attempt = 0; attempt < 300; attempt++) {
    const isReady = await fetch(`${http}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isReady) return { http, close }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await close()
  throw new Error('Prometheus did not become ready in 30 s')
}

/**
 * Sends series to all in slices of time, so that none sees samples out of order. `stale` is the value that stands for a staleness
 * marker.
 */
export async function sendSeries(
  bases: readonly string[],
  series: readonly TestSeries[],
  { sliceMs, stale, tenant }: { readonly sliceMs: number; readonly stale: number; readonly tenant?: string },
): Promise<void> {
  const times = series.flatMap(({ samples, histograms = [] }) => [
    ...samples.map(([t]) => t),
    ...histograms.map(({ tMs }) => tMs),
  ])
  const [first, last] = [times.reduce((a, b) => Math.min(a, b), Infinity), times.reduce((a, b) => Math.max(a, b), 0)]
  for (let from = first; from <= last; from += sliceMs) {
    const isIn = (tMs: number) => tMs >= from && tMs < from + sliceMs
    const slice = series.map(({ samples, histograms = [], ...rest }) => ({
      ...rest,
      samples: samples.filter(([tMs]) => isIn(tMs)),
      histograms: histograms.filter(({ tMs }) => isIn(tMs)),
    }))
    const body = encodeV2(slice.filter(({ samples, histograms }) => samples.length + histograms.length > 0))
    markStale(body, stale)
    for (const base of bases) await push(base, compressSync(body), tenant)
  }
}

/** Puts staleness markers where their stand-in is. */
function markStale(body: Uint8Array, stale: number): void {
  const pattern = new Uint8Array(Float64Array.of(stale).buffer)
  const marker = new Uint8Array(Uint32Array.of(STALE_LOW, STALE_HIGH).buffer)
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + 8)) body.set(marker, at)
}

/** When a query is asked: for one moment when both ends are the same. */
export interface Times {
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
}

/** An answer: points by series, or an error; notes in order of text. */
export interface Answer {
  readonly error?: string
  readonly type?: string
  /** Each point as its time and its value as JSON: a text, or a histogram. */
  readonly series: ReadonlyMap<string, readonly Point[]>
  readonly notes: readonly string[]
}

/** Time in seconds as printed, and a float's text or a histogram. */
export type Point = readonly [tSeconds: number, value: unknown]

/** Asks a query of a server of the Prometheus API. */
export async function ask(base: string, query: string, { startMs, endMs, stepMs }: Times, tenant?: string): Promise<Answer> {
  const isInstant = startMs === endMs
  const times = isInstant
    ? { time: String(startMs / 1_000) }
    : { start: String(startMs / 1_000), end: String(endMs / 1_000), step: String(stepMs / 1_000) }
  const response = await fetch(`${base}/api/v1/${isInstant ? 'query' : 'query_range'}`, {
    method: 'POST',
    headers: tenant === undefined ? {} : { 'x-scope-orgid': tenant },
    body: new URLSearchParams({ query, ...times }),
  })
  return readAnswer(await response.json())
}

async function push(base: string, body: Uint8Array, tenant?: string): Promise<void> {
  const headers = {
    ...(tenant !== undefined && { 'x-scope-orgid': tenant }),
    'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
    'content-encoding': 'snappy',
    'x-prometheus-remote-write-version': '2.0.0',
  }
  const answer = await fetch(`${base}/api/v1/write`, { method: 'POST', headers, body: Buffer.from(body) })
  if (!answer.ok) throw new Error(`${base} answered ${answer.status}: ${await answer.text()}`)
}

/** Reads the body of an answer. */
export function readAnswer(body: unknown): Answer {
  if (!isRecord(body)) return { error: 'no answer', series: new Map(), notes: [] }
  const notes = [...textsOf(body['warnings']), ...textsOf(body['infos'])].sort()
  if (typeof body['error'] === 'string') return { error: body['error'], series: new Map(), notes }
  const data = isRecord(body['data']) ? body['data'] : {}
  const result: unknown[] = Array.isArray(data['result']) ? data['result'] : []
  const type = String(data['resultType'])
  const series = new Map<string, Point[]>()
  if (type === 'scalar' || type === 'string') return { type, series: new Map([['', [pointOf(result)]]]), notes }
  for (const row of result) {
    if (!isRecord(row)) continue
    const points = [...listOf(row['values']), ...listOf(row['histograms'])]
    for (const one of [row['value'], row['histogram']]) if (Array.isArray(one)) points.push(one)
    series.set(
      keyOf(row['metric']),
      points.map(pointOf).sort(([a], [b]) => a - b),
    )
  }
  return { type, series, notes }
}

function keyOf(metric: unknown): string {
  return JSON.stringify(isRecord(metric) ? Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)) : metric)
}

function pointOf(point: unknown): Point {
  return Array.isArray(point) ? [Number(point[0]), point[1]] : [NaN, point]
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? [...value] : []
}

function textsOf(value: unknown): string[] {
  return listOf(value).map(String)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address !== 'object' || address === null) throw new Error('no free port')
  return address.port
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const exit = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await exit
}
