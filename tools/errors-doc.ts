// Writes docs/errors.md from the tables of error codes in the rooms: `node --conditions=source tools/errors-doc.ts`.
// A test holds the file to the tables.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Where the document is. */
export const ERRORS_DOC: string = join(ROOT, 'docs', 'errors.md')

/** A table of codes and what they mean. */
interface Table {
  readonly room: string
  readonly codes: ReadonlyMap<string, string>
}

/** The document as the tables say it should be. */
export async function printErrorsDoc(): Promise<string> {
  const tables = await readTables()
  const sections = tables.map(({ room, codes }) => {
    const rows = [...codes].map(([code, meaning]) => `| \`${code}\` | ${meaning} |`)
    return `\n## ${room}\n\n| code | meaning |\n|---|---|\n${rows.join('\n')}\n`
  })
  return HEAD + sections.join('')
}

const HEAD = `# Error codes

Every expected failure has a stable code. Our own API answers it as \`{"error":{"code","message"}}\`; the APIs of other products
tell the message in their own shape. Codes are grouped by the room that raises them. What has no code is a defect: please report it.

A request that is fine otherwise may bring single samples that are refused: the answer names the reason and one of them, and the rest
is stored. Times are taken from 1900-01-01 to ten minutes ahead of the clock here. Samples from before 1970 are kept as others are;
retention takes them together with the day 1970-01-01.

This file is made from the tables in the code by \`node --conditions=source tools/errors-doc.ts\`.
`

/** Every exported table whose name ends in _ERRORS, by room. */
async function readTables(): Promise<Table[]> {
  const tables: Table[] = []
  for (const folder of ['packages', 'apps']) {
    for (const room of readdirSync(join(ROOT, folder)).sort()) {
      const source = join(ROOT, folder, room, 'src')
      for (const name of readdirSync(source).sort()) {
        const file = join(source, name)
        if (!name.endsWith('.ts') || !/^export const \w+_ERRORS\b/m.test(readFileSync(file, 'utf8'))) continue
        const exported: Readonly<Record<string, unknown>> = await import(pathToFileURL(file).href)
        const codes = Object.entries(exported).flatMap(([key, table]) => (key.endsWith('_ERRORS') ? codesOf(table) : []))
        tables.push({ room, codes: new Map(codes) })
      }
    }
  }
  return tables
}

function codesOf(table: unknown): [string, string][] {
  if (typeof table !== 'object' || table === null) return []
  return Object.entries(table).map(([code, meaning]) => [code, String(meaning).replaceAll('|', '\\|')])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(ERRORS_DOC, await printErrorsDoc())
