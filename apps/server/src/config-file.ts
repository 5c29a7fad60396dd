import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { nearest } from '@oriel/model'
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import { CONFIG_KEYS } from './config-keys.ts'
import type { ConfigLayer, ConfigValue } from './config-layer.ts'
import { ServerError } from './errors.ts'

/** Reads a configuration file. Throws SERVER_NO_CONFIG when it cannot be read, SERVER_BAD_CONFIG for bad YAML or unknown keys. */
export function readConfigFile(path: string): ConfigLayer {
  const file = resolve(path)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ServerError('SERVER_NO_CONFIG', `cannot read configuration file ${path}: ${why}`, { cause })
  }
  return parseConfig(text, file)
}

/** Parses the text of a configuration file. */
export function parseConfig(text: string, file: string): ConfigLayer {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const [problem] = document.errors
  if (problem !== undefined) {
    throw new ServerError('SERVER_BAD_CONFIG', `cannot read ${file}:${problem.linePos?.[0].line ?? 1}: ${problem.message}`)
  }
  const layer = new Map<string, ConfigValue>()
  if (document.contents === null) return layer
  if (!isMap(document.contents)) throw new ServerError('SERVER_BAD_CONFIG', `cannot read ${file}:1: it must be a map of keys`)
  collect(document.contents, '')
  return layer

  function collect(map: unknown, prefix: string): void {
    if (!isMap(map)) return
    for (const { key, value } of map.items) {
      const name = `${prefix}${isScalar(key) ? String(key.value) : String(key)}`
      const offset = isScalar(key) ? (key.range?.[0] ?? 0) : 0
      const where = `${file}:${lines.linePos(offset).line}`
      if (isMap(value) && isPrefix(name)) collect(value, `${name}.`)
      else if (isPrefix(name) && isScalar(value) && value.value === null) continue
      else layer.set(checkedKey(name, where), { value: plain(value), where, file })
    }
  }
}

/** Values of the environment: ORIEL_DATA_DIR, ORIEL_ENGINE_URL ... */
export function environmentLayer(environment: Readonly<Record<string, string | undefined>>): ConfigLayer {
  const layer = new Map<string, ConfigValue>()
  for (const { key } of CONFIG_KEYS) {
    const name = `ORIEL_${key.replaceAll('.', '_').toUpperCase()}`
    const value = environment[name]
    if (value !== undefined) layer.set(key, { value, where: name })
  }
  return layer
}

/** Values of the command line, by key. */
export function flagLayer(values: Readonly<Record<string, string | boolean | undefined>>): ConfigLayer {
  const layer = new Map<string, ConfigValue>()
  for (const [key, value] of Object.entries(values)) {
    const flag = CONFIG_KEYS.find((known) => known.key === key)?.flag ?? key
    if (value !== undefined) layer.set(key, { value, where: flag })
  }
  return layer
}

function isPrefix(name: string): boolean {
  return CONFIG_KEYS.some(({ key }) => key.startsWith(`${name}.`))
}

function checkedKey(name: string, where: string): string {
  if (CONFIG_KEYS.some(({ key }) => key === name)) return name
  const guess = nearest(
    name,
    CONFIG_KEYS.map(({ key }) => key),
  )
  const hint = guess === undefined ? '' : `. Did you mean ${guess}?`
  throw new ServerError('SERVER_BAD_CONFIG', `cannot read ${where}: unknown key ${name}${hint}`)
}

function plain(node: unknown): unknown {
  if (isScalar(node)) return node.value
  const value: unknown =
    typeof node === 'object' && node !== null && 'toJSON' in node && typeof node.toJSON === 'function' ? node.toJSON() : node
  return value
}
