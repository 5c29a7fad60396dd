import { readFileSync } from 'node:fs'
import type { ColdOptions } from '@oriel/clickhouse'
import { MS_PER_DAY } from '@oriel/model'
import type { ConfigValues } from './config-values.ts'

/** Where old samples go, from `storage.cold`; undefined where they stay. Throws SERVER_BAD_CONFIG. */
export function coldStorage(values: ConfigValues): ColdOptions | undefined {
  const endpoint = readEndpoint(values)
  const keys = readKeys(values)
  const region = values.text('storage.cold.region')
  const afterMs = values.durationMs('storage.cold.after') ?? 7 * MS_PER_DAY
  if (afterMs < MS_PER_DAY) return values.refuse('storage.cold.after', 'it must be a day or more: days move as a whole')
  if (endpoint === undefined) return undefined
  if (values.text('engine.url') !== undefined)
    return values.refuse('storage.cold.endpoint', 'a server named by engine.url has storage policies of its own: set them there')
  return { endpoint, afterMs, ...keys, ...(region !== undefined && { region }) }
}

function readEndpoint(values: ConfigValues): string | undefined {
  const key = 'storage.cold.endpoint'
  const text = values.text(key)
  if (text === undefined) return undefined
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname === '/')
    return values.refuse(
      key,
      `${JSON.stringify(text)} is not the address of a bucket such as https://s3.eu-central-1.amazonaws.com/bucket/oriel/`,
    )
  if (url.username !== '' || url.password !== '' || url.search !== '')
    return values.refuse(key, 'it must be without a user, a password and a query: keys go to storage.cold.access_key_id')
  return url.href.endsWith('/') ? url.href : `${url.href}/`
}

/** Both keys or none. The secret one may be in a file of its own. */
function readKeys(values: ConfigValues): { accessKeyId: string; secretAccessKey: string } | undefined {
  const accessKeyId = values.text('storage.cold.access_key_id')
  const secretAccessKey = values.text('storage.cold.secret_access_key') ?? readSecret(values)
  if (accessKeyId !== undefined && secretAccessKey !== undefined) return { accessKeyId, secretAccessKey }
  if (accessKeyId !== undefined)
    return values.refuse('storage.cold.access_key_id', 'it needs storage.cold.secret_access_key beside it')
  if (secretAccessKey !== undefined)
    return values.refuse('storage.cold.secret_access_key', 'it needs storage.cold.access_key_id beside it')
  return undefined
}

function readSecret(values: ConfigValues): string | undefined {
  const key = 'storage.cold.secret_access_key_file'
  const file = values.file(key)
  if (file === undefined) return undefined
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    return values.refuse(key, `cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
