import { readFileSync } from 'node:fs'

/** Versions for a report. */
export function printVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : ''
  return `oriel ${version}\nnode ${process.versions.node} (${process.platform} ${process.arch})\n`
}
