import { readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/**
 * Files that a pattern names, sorted: `*`, `?` and `[...]` in its last part. No match, no file.
 *
 * Source: Go path/filepath Glob, which Prometheus uses.
 */
export function matchFiles(pattern: string): string[] {
  const last = basename(pattern)
  if (!/[*?[]/.test(last)) return statSync(pattern, { throwIfNoEntry: false }) === undefined ? [] : [pattern]
  const directory = dirname(pattern)
  let names: string[]
  try {
    names = readdirSync(directory)
  } catch {
    // As with Go: a directory that is not there has no files.
    return []
  }
  const matches = compileGlob(last)
  return names
    .filter((name) => matches(name))
    .sort()
    .map((name) => join(directory, name))
}

function compileGlob(pattern: string): (name: string) => boolean {
  let source = ''
  for (const [part] of pattern.matchAll(/\*|\?|\[\^?[^\]]+\]|\\.|[^]/g)) {
    if (part === '*') source += '.*'
    else if (part === '?') source += '.'
    else if (part.length > 1 && part.startsWith('[')) source += part
    else source += part.replace(/^\\/, '').replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)
  }
  // Built from a checked alphabet: a class, an escaped letter, or one of two fixed pieces.
  const regex = new RegExp(`^${source}$`, 's')
  return (name) => regex.test(name)
}
