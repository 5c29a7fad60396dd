// Writes docs/configuration.md from the table of keys: `node --conditions=source tools/config-doc.ts`. A test holds the file to it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CONFIG_KEYS } from '../apps/server/src/config-keys.ts'
import type { FlagEffect } from '../packages/query/src/settings.ts'
import { PROMETHEUS_FLAGS } from '../packages/query/src/settings.ts'

/** Where the document is. */
export const CONFIG_DOC: string = join(fileURLToPath(new URL('..', import.meta.url)), 'docs', 'configuration.md')

/** The document as the table says it should be. */
export function printConfigDoc(): string {
  const rows = CONFIG_KEYS.map(({ key, flag, fallback, doc }) => {
    const variable = `ORIEL_${key.replaceAll('.', '_').toUpperCase()}`
    return `| \`${key}\` | ${flag === undefined ? '' : `\`${flag}\``} | \`${variable}\` | ${fallback === '' ? '' : `\`${fallback}\``} | ${doc} |`
  })
  const flags = Object.entries(PROMETHEUS_FLAGS).map(([flag, effect]) => `| \`${flag}\` | ${EFFECTS[effect]} |`)
  return `${HEAD}\n| key | flag | environment | default | what it does |\n|---|---|---|---|---|\n${rows.join('\n')}\n${TAIL}${FEATURES}${flags.join('\n')}\n`
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

## Old samples in a bucket

\`\`\`yaml
storage:
  cold:
    endpoint: https://s3.eu-central-1.amazonaws.com/my-bucket/oriel/
    after: 14d
    access_key_id: \${env:BUCKET_KEY}
    secret_access_key: \${env:BUCKET_SECRET}
\`\`\`

Days of samples that are older as a whole move there, with their histograms, start times and exemplars; queries read both places and
answer the same. The index and the rollups stay on the disk. The list of what is in the bucket is in \`data_dir\`: the bucket alone cannot be
read, and each \`data_dir\` needs an address of its own. Secrets reach the engine by its environment and are in no file of \`data_dir\`.

A bucket that cannot be used stops no ingest: what would move stays on the disk (\`cannot move old samples\` in the log), queries that need old
days fail and say why, all others go on. A start without it leaves it out (\`oriel_storage_cold_away\` is 1) and takes it back once it answers,
by starting the engine again, which takes a second. A key that is refused is asked again at the next start. Samples of old days that come late are kept on
the disk, and move when the bucket is there. What was written last stays on the disk in any case. To end it, the days must go by
\`retention\` first: a start whose bucket is no longer named, with samples in it, is refused. A server named by \`engine.url\` has
storage policies of its own.
`

const EFFECTS: Readonly<Record<FlagEffect, string>> = {
  works: 'Does what it does in Prometheus.',
  always: 'On without it.',
  nothing: 'Changes nothing: it is about the insides of Prometheus.',
  unbuilt: 'Not built yet: changes nothing, and a start says so.',
}

const FEATURES = `
## Feature flags

What \`prometheus.features\` and \`--enable-feature\` take, all that Prometheus 3.14 has:

| flag | here |
|---|---|
`

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(CONFIG_DOC, printConfigDoc())
