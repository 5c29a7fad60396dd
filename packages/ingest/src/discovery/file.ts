import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { FileConfig } from './file-config.ts'
import { matchFiles } from './glob.ts'
import { parseGroups } from './groups.ts'
import type { TargetGroup } from './groups.ts'
import type { Discovery, DiscoverySink } from './poll.ts'
import { poll } from './poll.ts'

// 5 s: how soon a changed file counts. Looking often is cheap, and what the peer does by watching.
const FILE_POLL_MS = 5_000

/** Targets from files. A file caught half-written keeps what it said before. */
export function startFiles({ files, refreshMs }: FileConfig, sink: DiscoverySink): Discovery {
  const lastGood = new Map<string, TargetGroup[]>()
  return poll(Math.min(refreshMs, FILE_POLL_MS), () => readFiles(files, lastGood, sink), sink)
}

async function readFiles(
  patterns: readonly string[],
  lastGood: Map<string, TargetGroup[]>,
  sink: DiscoverySink,
): Promise<TargetGroup[]> {
  const groups: TargetGroup[] = []
  const named = new Set(patterns.flatMap((pattern) => matchFiles(resolve(pattern))))
  for (const file of named)
    try {
      const read = parseGroups(await readFile(file, 'utf8'), file).map(({ targets, labels }) => ({
        targets,
        labels: { ...labels, __meta_filepath: file },
      }))
      lastGood.set(file, read)
      groups.push(...read)
    } catch (error) {
      sink.warn(error, file)
      groups.push(...(lastGood.get(file) ?? []))
    }
  for (const file of lastGood.keys()) if (!named.has(file)) lastGood.delete(file)
  return groups
}
