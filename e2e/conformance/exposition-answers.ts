// What a server that scraped expositions says of them, over the API of Prometheus.

/** What came of one target. */
export interface ScrapeAnswer {
  /** Of its last scrape. */
  readonly health: string
  readonly lastError: string
  /** Series, each with its samples: those of the scrapes' own times as one, the last. */
  readonly series: ReadonlyMap<string, string>
  readonly exemplars: readonly string[]
  readonly metadata: readonly string[]
}

type Labels = Readonly<Record<string, string>>

interface Building {
  health: string
  lastError: string
  series: Map<string, string>
  exemplars: Set<string>
  metadata: Set<string>
}

interface Target {
  readonly labels: Labels
  readonly health: string
  readonly lastError: string
}

interface MatrixRow {
  readonly metric: Labels
  readonly value?: Sample
  readonly values?: readonly Sample[]
  readonly histograms?: readonly Sample[]
}

type Sample = readonly [tSeconds: number, value: unknown]

interface ExemplarRow {
  readonly seriesLabels: Labels
  readonly exemplars: readonly { readonly labels: Labels; readonly value: string; readonly timestamp: number }[]
}

interface MetadataRow {
  readonly target: Labels
  readonly metric: string
  readonly type: string
  readonly help: string
  readonly unit: string
}

/**
 * Asks a server for all of its targets, which are told apart by the labels `job` and `case`.
 *
 * Times from `startedMs` on are those of scrapes. `extra` is asked for each case beside its samples, with CASE for its selector.
 */
export async function readAnswers(
  base: string,
  cases: readonly string[],
  { startedMs, extra }: { readonly startedMs: number; readonly extra: readonly string[] },
): Promise<Map<string, ScrapeAnswer>> {
  const answers = new Map<string, Building>()
  const of = ({ job = '', case: id = '' }: Labels): Building => {
    const key = `${job} ${id}`
    const known = answers.get(key)
    if (known !== undefined) return known
    const made = { health: '', lastError: '', series: new Map(), exemplars: new Set<string>(), metadata: new Set<string>() }
    answers.set(key, made)
    return made
  }
  const { activeTargets } = await get<{ activeTargets: Target[] }>(base, 'targets', { state: 'active' })
  for (const { labels, health, lastError } of activeTargets) Object.assign(of(labels), { health, lastError })
  for (const { target, metric, ...entry } of await get<MetadataRow[]>(base, 'targets/metadata', {}))
    of(target).metadata.add(`${unescape(metric)} ${entry.type} ${JSON.stringify([entry.help, entry.unit])}`)
  const end = String(Math.ceil(Date.now() / 1_000) + 600)
  const exemplars = await get<ExemplarRow[]>(base, 'query_exemplars', { query: '{case!=""}', start: '0', end })
  for (const { seriesLabels, exemplars: found } of exemplars)
    for (const { labels, value, timestamp } of found) {
      const time = timestamp * 1_000 >= startedMs ? 'scrape' : timestamp
      of(seriesLabels).exemplars.add(`${print(seriesLabels)} ${print(labels)} ${value} @ ${time}`)
    }
  for (const id of cases) {
    const { result } = await query(base, `{case="${id}"}[60y]`, end)
    for (const row of result) of(row.metric).series.set(print(row.metric), printSamples(row, startedMs))
    for (const each of extra) {
      const found = await query(base, each.replace('CASE', `{case="${id}"}`), String(Math.ceil(Date.now() / 1_000)))
      for (const { metric, value } of found.result) of(metric).series.set(`${each} ${print(metric)}`, JSON.stringify(value?.[1]))
    }
  }
  const sorted = (lines: ReadonlySet<string>): string[] => [...lines].sort()
  return new Map(
    [...answers].map(([key, { exemplars: own, metadata, ...rest }]) => [
      key,
      { ...rest, exemplars: sorted(own), metadata: sorted(metadata) },
    ]),
  )
}

function query(base: string, text: string, time: string): Promise<{ readonly result: readonly MatrixRow[] }> {
  return get(base, 'query', { query: text, time })
}

/** What a server says of each metric over all of its targets. */
export async function readMetadata(base: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, Set<string>>()
  for (const [name, entries] of Object.entries(await get<Readonly<Record<string, object[]>>>(base, 'metadata', {}))) {
    const known = found.get(unescape(name)) ?? new Set()
    found.set(unescape(name), known)
    for (const entry of entries) known.add(JSON.stringify(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1))))
  }
  return new Map([...found].map(([name, entries]) => [name, [...entries].sort().join(' ')]))
}

/** Samples with times of their own, and the last of those with the time of a scrape. */
function printSamples({ metric, values = [], histograms = [] }: MatrixRow, startedMs: number): string {
  const all = [...values, ...histograms].sort(([a], [b]) => a - b)
  const timed = all.filter(([t]) => t * 1_000 < startedMs).map(([t, value]) => `${JSON.stringify(value)} @ ${t}`)
  const scraped = all.filter(([t]) => t * 1_000 >= startedMs)
  if (scraped.length === 0) return timed.join(', ')
  const name = metric['__name__'] ?? ''
  // How long it took is chance; how many series were new is told by the first scrape, all else by the last.
  const [, value] = name === 'scrape_series_added' ? scraped[0]! : scraped.at(-1)!
  return [...timed, name === 'scrape_duration_seconds' ? 'a duration' : JSON.stringify(value)].join(', ')
}

function print(labels: Labels): string {
  const own = { ...labels, ...(labels['__name__'] !== undefined && { __name__: labels['__name__'].trimStart() }) }
  return JSON.stringify(Object.entries(own).sort(([a], [b]) => (a < b ? -1 : 1)))
}

// Quirks of Prometheus 3.14 that are none of ours, and would hide what else differs: it lists metadata under the name as it stands in
// the text, escapes and all, where the series has the name itself; and it takes blanks before a name for a part of it.
function unescape(name: string): string {
  return name.replaceAll(/\\([\\"n])/g, (_all, char: string) => (char === 'n' ? '\n' : char))
}

async function get<Data>(base: string, path: string, parameters: Readonly<Record<string, string>>): Promise<Data> {
  const response = await fetch(`${base}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`)
  const answer: { readonly data: Data; readonly error?: string } = JSON.parse(await response.text())
  if (!response.ok) throw new Error(`${path} ${JSON.stringify(parameters)}: ${answer.error}`)
  return answer.data
}

/** Where two answers to a scrape differ, in words; empty when nowhere. */
export function differencesOf(theirs: ScrapeAnswer, ours: ScrapeAnswer): string[] {
  if (theirs.health !== ours.health)
    return [`${theirs.health} there, ${ours.health} here: ${JSON.stringify(theirs.lastError || ours.lastError)}`]
  const differences: string[] = []
  for (const key of new Set([...theirs.series.keys(), ...ours.series.keys()])) {
    const [there, here] = [theirs.series.get(key), ours.series.get(key)]
    if (there !== here) differences.push(`${key}: ${there ?? 'nothing'} there, ${here ?? 'nothing'} here`)
  }
  differences.push(...differenceOfSets('exemplar', theirs.exemplars, ours.exemplars))
  differences.push(...differenceOfSets('metadata', theirs.metadata, ours.metadata))
  return differences
}

function differenceOfSets(what: string, theirs: readonly string[], ours: readonly string[]): string[] {
  return [
    ...theirs.filter((each) => !ours.includes(each)).map((each) => `${what} only there: ${each}`),
    ...ours.filter((each) => !theirs.includes(each)).map((each) => `${what} only here: ${each}`),
  ]
}
