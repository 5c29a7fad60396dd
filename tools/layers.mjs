// Holds the import rule: a room imports only from rows above its own (ARCHITECTURE.md, "The house").
// It reads package.json edges against the table below; knip keeps package.json honest.
import { readdirSync, readFileSync } from 'node:fs'

const rows = [
  ['model'],
  ['wire', 'store', 'contract', 'syntax', 'vector'],
  ['ingest', 'clickhouse', 'promql', 'logql', 'traceql', 'gotemplate', 'node'],
  ['query'],
  ['alert'],
  ['api'],
  ['server', 'shop'],
  ['cli', 'web'],
]
const browserSafe = new Set(['contract', 'model', 'promql', 'logql', 'traceql'])
const rowOf = new Map(rows.flatMap((names, row) => names.map((name) => [name, row])))
const problems = []

for (const folder of ['packages', 'apps', 'examples']) {
  for (const name of readdirSync(folder)) {
    const manifest = JSON.parse(readFileSync(`${folder}/${name}/package.json`, 'utf8'))
    const room = manifest.name.replace('@oriel/', '').replace(/^oriel$/, 'cli')
    const own = rowOf.get(room)
    if (own === undefined) problems.push(`${room} is in no row of tools/layers.mjs`)
    for (const dependency of Object.keys(manifest.dependencies ?? {})) {
      if (!dependency.startsWith('@oriel/')) continue
      const target = dependency.slice('@oriel/'.length)
      if (!(rowOf.get(target) < own))
        problems.push(`${room} may not import ${target}: rooms import only from rows above their own`)
      if (room === 'web' && !browserSafe.has(target)) problems.push(`web may not import ${target}: it is not browser-safe`)
    }
  }
}
if (problems.length > 0) {
  console.error(problems.join('\n'))
  process.exit(1)
}
