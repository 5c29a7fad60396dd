// Where targets come from, beside the configuration itself. The last good answer of a source holds until a better one comes.

import { readFile, readdir } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Telemetry } from '@oriel/model'
import { parseDocument } from 'yaml'
import { IngestError } from '../errors.ts'
import type { ScrapeConfig, TargetGroup } from '../prometheus-config.ts'
import { HttpClient } from '../scrape/fetch.ts'

/** A running source of targets. */
export interface Discovery {
  stop(): void
}

/** Starts the sources of a job. `update` is told the groups of a source whenever they were read and differ. */
export function startDiscovery(
  job: ScrapeConfig,
  { directory, telemetry }: { readonly directory: string; readonly telemetry: Telemetry },
  update: (source: string, groups: readonly TargetGroup[]) => void,
): Discovery[] {
  const warn = (source: string, error: unknown): void =>
    telemetry.log('warn', 'targets could not be discovered', { job: job.jobName, source, reason: String(error) })
  const files = job.fileDiscovery.map(({ files: patterns, refreshMs }) => {
    // Files change by hand and by deployment: looking often is cheap, and what the peer does by watching.
    const everyMs = Math.min(refreshMs, FILE_POLL_MS)
    const lastGood = new Map<string, TargetGroup[]>()
    return poll('file', everyMs, () => readFiles(patterns, directory, lastGood, warn), { update, warn })
  })
  const servers = job.httpDiscovery.map(({ url, refreshMs, http }) => {
    const client = new HttpClient(http, directory)
    const abort = new AbortController()
    const polling = poll(url, refreshMs, () => readServer(client, url, refreshMs, abort.signal), { update, warn })
    return {
      stop: () => {
        abort.abort()
        polling.stop()
        void client.close()
      },
    }
  })
  return [...files, ...servers]
}

// 5 s: how soon a changed file counts.
const FILE_POLL_MS = 5_000
// 20 MiB: tens of thousands of targets.
const MAX_ANSWER_BYTES = 20 * 2 ** 20
const SERVER_TIMEOUT_MS = 30_000

let nextSource = 1

function poll(
  name: string,
  everyMs: number,
  read: () => Promise<TargetGroup[]>,
  {
    update,
    warn,
  }: { update: (source: string, groups: readonly TargetGroup[]) => void; warn: (name: string, e: unknown) => void },
): Discovery {
  const source = `${name}#${nextSource++}`
  let isStopped = false
  let timer: NodeJS.Timeout | undefined
  let last = ''
  const turn = async (): Promise<void> => {
    try {
      const groups = await read()
      const text = JSON.stringify(groups)
      if (!isStopped && text !== last) update(source, groups)
      last = text
    } catch (error) {
      if (!isStopped) warn(name, error)
    }
    if (isStopped) return
    timer = setTimeout(() => void turn(), everyMs)
    timer.unref()
  }
  void turn()
  return {
    stop: () => {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

async function readFiles(
  patterns: readonly string[],
  directory: string,
  lastGood: Map<string, TargetGroup[]>,
  warn: (source: string, error: unknown) => void,
): Promise<TargetGroup[]> {
  const groups: TargetGroup[] = []
  for (const pattern of patterns)
    for (const file of await matchFiles(resolve(directory, pattern)))
      try {
        const read = parseGroups(await readFile(file, 'utf8'), file).map(({ targets, labels }) => ({
          targets,
          labels: { ...labels, __meta_filepath: file },
        }))
        lastGood.set(file, read)
        groups.push(...read)
      } catch (error) {
        // A file caught half-written must not end its targets' series.
        warn(file, error)
        groups.push(...(lastGood.get(file) ?? []))
      }
  return groups
}

async function matchFiles(pattern: string): Promise<string[]> {
  const last = basename(pattern)
  if (!last.includes('*')) return [pattern]
  const [before = '', after = ''] = last.split('*')
  const names = await readdir(dirname(pattern))
  return names
    .filter((name) => name.length >= last.length - 1 && name.startsWith(before) && name.endsWith(after))
    .sort()
    .map((name) => join(dirname(pattern), name))
}

async function readServer(client: HttpClient, url: string, refreshMs: number, signal: AbortSignal): Promise<TargetGroup[]> {
  const { status, contentType, body } = await client.get(url, {
    headers: { accept: 'application/json', 'x-prometheus-refresh-interval-seconds': String(refreshMs / 1_000) },
    timeoutMs: Math.min(refreshMs, SERVER_TIMEOUT_MS),
    maxBytes: MAX_ANSWER_BYTES,
    signal,
  })
  if (status !== 200) throw new IngestError('INGEST_SCRAPE_FAILED', `cannot discover targets: HTTP status ${status}`)
  if (!/^application\/json(;\s*charset="?utf-8"?)?$/i.test(contentType))
    throw new IngestError('INGEST_SCRAPE_FAILED', `cannot discover targets: Content-Type ${JSON.stringify(contentType)}`)
  return parseGroups(Buffer.from(body).toString('utf8'), url).map(({ targets, labels }) => ({
    targets,
    labels: { ...labels, __meta_url: url },
  }))
}

/** Groups of targets from JSON or YAML: `[{targets: [...], labels: {...}}]`. Throws `IngestError` INGEST_BAD_CONFIG. */
export function parseGroups(text: string, name: string): TargetGroup[] {
  // JSON is YAML; every scalar stays text.
  const document = parseDocument(text, { schema: 'failsafe' })
  const fail = (reason: string): IngestError => new IngestError('INGEST_BAD_CONFIG', `cannot read targets of ${name}: ${reason}`)
  const problem = document.errors[0]
  if (problem !== undefined) throw fail(problem.message.split('\n')[0] ?? '')
  // An empty file is one being written more often than one that means it: `[]` says that there are no targets.
  const groups: unknown = document.toJS({ maxAliasCount: 1_000 })
  if (!Array.isArray(groups)) throw fail('expected a list of groups')
  return groups.map((group: unknown) => {
    const { targets, labels } = groupOf(group, fail)
    return { targets, labels }
  })
}

function groupOf(group: unknown, fail: (reason: string) => IngestError): TargetGroup {
  if (typeof group !== 'object' || group === null) throw fail('expected groups with targets')
  const targets: unknown = 'targets' in group ? group.targets : []
  const labels: unknown = 'labels' in group ? (group.labels ?? {}) : {}
  if (!Array.isArray(targets) || !targets.every((target) => typeof target === 'string')) throw fail('targets must be texts')
  if (typeof labels !== 'object' || labels === null) throw fail('labels must be a mapping')
  const texts: Record<string, string> = {}
  for (const [key, value] of Object.entries(labels)) {
    if (typeof value !== 'string') throw fail(`label ${key} must be a text`)
    texts[key] = value
  }
  return { targets, labels: texts }
}
