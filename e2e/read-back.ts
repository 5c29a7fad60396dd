/** Small readers of the standard APIs, for suites that compare what was sent with what is there. */

/** The value of an instant PromQL query that gives one series, 0 when it gives none. */
export async function promValue(base: string, query: string, timeS?: number): Promise<number> {
  const parameters = new URLSearchParams({ query, ...(timeS === undefined ? {} : { time: String(timeS) }) })
  return firstValue(await getJson(`${base}/api/v1/query?${parameters.toString()}`))
}

/** The value of an instant LogQL query that gives one series, 0 when it gives none. */
export async function lokiValue(base: string, query: string, timeNs?: bigint): Promise<number> {
  const parameters = new URLSearchParams({ query, ...(timeNs === undefined ? {} : { time: String(timeNs) }) })
  return firstValue(await getJson(`${base}/loki/api/v1/query?${parameters.toString()}`))
}

/** How many spans the trace has, duplicates counted; 0 when it is unknown. */
export async function spanCount(base: string, traceId: string): Promise<number> {
  const response = await fetch(`${base}/api/oriel/traces/${traceId}`)
  if (response.status === 404) return 0
  const answer: unknown = await response.json()
  return isRecord(answer) && Array.isArray(answer['spans']) ? answer['spans'].length : 0
}

/** GETs JSON; throws with the body when the status is not 200. */
export async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url)
  const text = await response.text()
  if (!response.ok) throw new Error(`GET ${url}: ${response.status} ${text}`)
  return JSON.parse(text)
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function firstValue(answer: unknown): number {
  if (!isRecord(answer) || !isRecord(answer['data']) || !Array.isArray(answer['data']['result']))
    throw new Error(`unexpected answer ${JSON.stringify(answer)}`)
  const first: unknown = answer['data']['result'][0]
  if (first === undefined) return 0
  if (!isRecord(first) || !Array.isArray(first['value'])) throw new Error(`unexpected result ${JSON.stringify(first)}`)
  return parseFloatText(String(first['value'][1]))
}

/** A float as Prometheus prints it. */
function parseFloatText(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text)
}
