import { randomBytes } from 'node:crypto'
import { ORIEL_URL } from './browser.ts'

interface SeedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly service: string
  readonly name: string
  /** OTLP span kind: 1 internal, 2 server, 3 client. */
  readonly kind: 1 | 2 | 3
  readonly startMs: number
  readonly durationMs: number
  readonly error?: string
}

interface SeedLine {
  readonly service: string
  readonly tMs: number
  readonly text: string
  readonly isError: boolean
  readonly traceId: string
  readonly spanId: string
}

/** What the golden path walks through: a service whose calls failed in a burst, and logs that carry the trace. */
export interface Story {
  readonly service: string
  readonly failing: readonly string[]
}

const hex = (bytes: number): string => randomBytes(bytes).toString('hex')
const ns = (ms: number): string => String(BigInt(Math.round(ms * 1_000)) * 1_000n)

/** Sends ten minutes of a small shop of its own whose payment failed for one of them, through OTLP, as any program would. */
export async function seedStory(nowMs: number, url: string = ORIEL_URL): Promise<Story> {
  const spans: SeedSpan[] = []
  const lines: SeedLine[] = []
  const failing: string[] = []
  for (let second = 600; second > 5; second--) {
    const isBurst = second > 200 && second < 260
    const startMs = nowMs - second * 1_000 + (second % 7) * 90
    const traceId = hex(16)
    const error = isBurst && second % 2 === 0 ? 'the bank did not answer within 1500 ms' : ''
    if (error !== '') failing.push(traceId)
    const lengthMs = error === '' ? 40 + (second % 13) * 4 : 1_540
    const front = {
      traceId,
      spanId: hex(8),
      service: 'e2e-front',
      name: 'POST /checkout',
      kind: 2,
      startMs,
      durationMs: lengthMs,
    } as const
    const call = {
      traceId,
      spanId: hex(8),
      parentSpanId: front.spanId,
      service: 'e2e-front',
      name: 'POST',
      kind: 3,
      startMs: startMs + 3,
      durationMs: lengthMs - 6,
    } as const
    const pay = {
      traceId,
      spanId: hex(8),
      parentSpanId: call.spanId,
      service: 'e2e-payment',
      name: 'POST /charge',
      kind: 2,
      startMs: startMs + 6,
      durationMs: lengthMs - 12,
    } as const
    spans.push(...[front, call, pay].map((span) => ({ ...span, ...(error !== '' && { error }) })))
    lines.push({
      service: 'e2e-payment',
      tMs: startMs + lengthMs - 8,
      text: error === '' ? 'charged' : error,
      isError: error !== '',
      traceId,
      spanId: pay.spanId,
    })
    lines.push({
      service: 'e2e-front',
      tMs: startMs + lengthMs - 1,
      text: error === '' ? 'order placed' : 'checkout failed',
      isError: error !== '',
      traceId,
      spanId: front.spanId,
    })
  }
  await sendSpans(spans, url)
  await sendLines(lines, url)
  return { service: 'e2e-payment', failing }
}

/** Sends one trace of `count` spans over nine services, six levels deep, with ten failures; returns its id. */
export async function seedBigTrace(count: number, nowMs: number): Promise<string> {
  const traceId = hex(16)
  const root: SeedSpan = {
    traceId,
    spanId: hex(8),
    service: 'e2e-batch',
    name: 'nightly run',
    kind: 2,
    startMs: nowMs - 60_000,
    durationMs: 30_000,
  }
  const spans: SeedSpan[] = [root]
  const levels: SeedSpan[] = [root]
  for (let i = 1; i < count; i++) {
    const depth = 1 + ((i - 1) % 6)
    const parent = levels[depth - 1] ?? root
    const startMs = root.startMs + (i / count) * 29_000
    const failure = i % Math.ceil(count / 10) === 0 ? { error: `step ${i} failed` } : {}
    const span: SeedSpan = {
      traceId,
      spanId: hex(8),
      parentSpanId: parent.spanId,
      service: `e2e-batch-${i % 9}`,
      name: `step ${i % 40}`,
      kind: 1,
      startMs,
      durationMs: 5 + (i % 90),
      ...failure,
    }
    spans.push(span)
    levels[depth] = span
  }
  await sendSpans(spans, ORIEL_URL)
  return traceId
}

// 2,000 spans a request stay well below any receiver's limit.
const BATCH = 2_000

async function sendSpans(spans: readonly SeedSpan[], url: string): Promise<void> {
  for (let from = 0; from < spans.length; from += BATCH) {
    const byService = groupBy(spans.slice(from, from + BATCH), ({ service }) => service)
    const resourceSpans = [...byService].map(([service, own]) => ({
      resource: { attributes: [attribute('service.name', service), attribute('service.version', '1.0.0')] },
      scopeSpans: [{ scope: { name: 'e2e' }, spans: own.map(otlpSpan) }],
    }))
    await post(`${url}/v1/traces`, { resourceSpans })
  }
}

async function sendLines(lines: readonly SeedLine[], url: string): Promise<void> {
  const resourceLogs = [...groupBy(lines, ({ service }) => service)].map(([service, own]) => ({
    resource: { attributes: [attribute('service.name', service)] },
    scopeLogs: [
      {
        scope: { name: 'e2e' },
        logRecords: own.map(({ tMs, text, isError, traceId, spanId }) => ({
          timeUnixNano: ns(tMs),
          severityNumber: isError ? 17 : 9,
          severityText: isError ? 'ERROR' : 'INFO',
          body: { stringValue: text },
          traceId,
          spanId,
        })),
      },
    ],
  }))
  await post(`${url}/v1/logs`, { resourceLogs })
}

function otlpSpan({ traceId, spanId, parentSpanId, name, kind, startMs, durationMs, error }: SeedSpan): object {
  const endMs = startMs + durationMs
  const exception = {
    timeUnixNano: ns(endMs),
    name: 'exception',
    attributes: [attribute('exception.type', 'TimeoutError'), attribute('exception.message', error ?? '')],
  }
  return {
    traceId,
    spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    name,
    kind,
    startTimeUnixNano: ns(startMs),
    endTimeUnixNano: ns(endMs),
    attributes: [attribute('e2e.kind', String(kind))],
    ...(error !== undefined && { status: { code: 2, message: error }, events: [exception] }),
  }
}

function attribute(key: string, stringValue: string): object {
  return { key, value: { stringValue } }
}

async function post(url: string, body: object): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`cannot seed ${url}: ${response.status} ${await response.text()}`)
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}
