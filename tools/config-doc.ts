// Writes docs/configuration.md from the table of keys: `node --conditions=source tools/config-doc.ts`. A test holds the file to it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CONFIG_KEYS } from '../apps/server/src/config-keys.ts'

/** Where the document is. */
export const CONFIG_DOC: string = join(fileURLToPath(new URL('..', import.meta.url)), 'docs', 'configuration.md')

/** The document as the table says it should be. */
export function printConfigDoc(): string {
  const rows = CONFIG_KEYS.map(({ key, flag, fallback, doc }) => {
    const variable = `ORIEL_${key.replaceAll('.', '_').toUpperCase()}`
    return `| \`${key}\` | ${flag === undefined ? '' : `\`${flag}\``} | \`${variable}\` | ${fallback === '' ? '' : `\`${fallback}\``} | ${doc} |`
  })
  return `${HEAD}\n| key | flag | environment | default | what it does |\n|---|---|---|---|---|\n${rows.join('\n')}\n${TAIL}`
}

const HEAD = `# Configuration

Oriel needs none: \`oriel serve\` starts with defaults. What you set comes from four layers, the first that has a key wins: flags, the
environment, a file (\`--config FILE\`, else \`oriel.yaml\` of the working directory), defaults. An unknown key is an error that names the
line and the nearest key; \`oriel check config\` tells before a start does, and \`--print\` shows what is in force.

This table is made from the code by \`node --conditions=source tools/config-doc.ts\`.
`

const TAIL = `
In a file, a dot is a level: \`engine.url\` is \`engine: { url: ... }\`. A value may name a variable of the environment,
\`\${env:NAME}\`, so that no secret needs to be in the file. Paths in a file are relative to it, except \`data_dir\` and \`web_dir\`.

\`SIGHUP\` and \`POST /-/reload\` read the file again, all or nothing. What \`prometheus\` names takes effect at once; everything else needs
a restart.

An example:

\`\`\`yaml
data_dir: /var/lib/oriel
prometheus: /etc/prometheus/prometheus.yml
compat:
  ports:
    loki: 127.0.0.1:3100
\`\`\`
`

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(CONFIG_DOC, printConfigDoc())
