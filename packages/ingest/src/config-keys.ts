import type { ConfigReader } from './config-reader.ts'

/**
 * Reads keys only to see that they are right, for parts of a file that we do nothing with.
 *
 * `keys` is a list such as `port:integer role!:instance|baremetal names:list`: `!` marks keys that must be there; what is no kind is a
 * choice of words. Throws `IngestError` INGEST_BAD_CONFIG. Other keys are still unknown.
 */
export function checkKeys(config: ConfigReader, keys: string): void {
  for (const entry of keys.split(/\s+/)) {
    const [, name = '', required = '', kind = ''] = /^(\w+)(!?):(\S+)$/.exec(entry) ?? []
    const read = READERS[kind]
    if (read === undefined) config.choice(name, ['', ...kind.split('|')], '')
    else read(config, name)
    if (required !== '' && isEmpty(config, name, kind)) throw config.error(`${name} is missing`, name)
  }
}

/** Throws where more than one of the keys is set. */
export function checkAtMostOne(config: ConfigReader, ...keys: readonly string[]): void {
  const given = keys.filter((key) => config.has(key))
  if (given.length > 1) throw config.error(`at most one of ${keys.join(', ')} may be set`, given[0])
}

/** Throws where none of the keys is set. */
export function checkOneOf(config: ConfigReader, ...keys: readonly string[]): void {
  if (!keys.some((key) => config.has(key))) throw config.error(`one of ${keys.join(', ')} must be set`)
}

const READERS: Readonly<Record<string, (config: ConfigReader, key: string) => unknown>> = {
  text: (config, key) => config.string(key, ''),
  integer: (config, key) => config.integer(key, 0),
  float: (config, key) => config.float(key, 0),
  boolean: (config, key) => config.boolean(key, false),
  duration: (config, key) => config.duration(key, 0),
  bytes: (config, key) => config.bytes(key, 0),
  list: (config, key) => config.strings(key),
  record: (config, key) => config.record(key),
  url: (config, key) => config.url(key),
}

function isEmpty(config: ConfigReader, key: string, kind: string): boolean {
  if (kind === 'list') return config.strings(key).length === 0
  return !config.has(key) || config.string(key, '').trim() === ''
}
