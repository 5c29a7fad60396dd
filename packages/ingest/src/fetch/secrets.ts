import { readFile } from 'node:fs/promises'
import type { Secret } from '../prometheus-http-config.ts'

/** The secret's text; a file is read anew each time. Rejects when it cannot be read. */
export async function readSecretText(secret: Secret): Promise<string> {
  return secret.kind === 'value' ? secret.value : (await readFile(secret.path, 'utf8')).trim()
}

/** Headers with their values read. */
export async function readHeaderSecrets(
  headers: Readonly<Record<string, readonly Secret[]>>,
): Promise<Record<string, string | string[]>> {
  const all: Record<string, string | string[]> = {}
  for (const [name, values] of Object.entries(headers)) all[name] = await Promise.all(values.map(readSecretText))
  return all
}
