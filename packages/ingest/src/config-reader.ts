// Reading foreign YAML key by key: typed, with the line of what is wrong, and a note for what means nothing here.

import { isUtf8 } from 'node:buffer'
import { isAbsolute, join } from 'node:path'
import { nearest } from '@oriel/model'
import type { Document, ScalarTag } from 'yaml'
import { LineCounter, parseDocument } from 'yaml'
import { IngestError } from './errors.ts'

/** Something in a file that was read over, in words with its line. Never fatal. */
export type ConfigNote = string

interface File {
  readonly name: string
  /** What relative paths in it are relative to. */
  readonly directory: string
  readonly document: Document
  readonly lines: LineCounter
  readonly notes: ConfigNote[]
}

/**
 * Opens a YAML text as one mapping. Every scalar but null is text, as written: `true` and `1.10` too.
 *
 * Throws `IngestError` INGEST_BAD_CONFIG. `notes` collects what is read over; paths are relative to `directory`.
 */
export function openConfig(name: string, text: string, notes: ConfigNote[], directory = '.'): ConfigReader {
  const lines = new LineCounter()
  const customTags = [NULL_TAG, BINARY_TAG]
  const document = parseDocument(text, { schema: 'failsafe', customTags, merge: true, uniqueKeys: true, lineCounter: lines })
  const problem = document.errors[0]
  if (problem !== undefined)
    throw new IngestError('INGEST_BAD_CONFIG', `cannot read ${name}: ${problem.message.split('\n')[0] ?? ''}`, { cause: problem })
  // 1,000 aliases: a real file has a few; each may be expanded many times.
  const value: unknown = document.toJS({ maxAliasCount: 1_000 })
  return new ConfigReader({ name, directory, document, lines, notes }, [], value ?? {})
}

const NULL_TAG: ScalarTag = { tag: 'tag:yaml.org,2002:null', default: true, test: /^(?:~|null|Null|NULL)?$/, resolve: () => null }

/** `!!binary`, as Go's YAML reads it into text: what it holds must be base64 of UTF-8. */
const BINARY_TAG: ScalarTag = {
  tag: 'tag:yaml.org,2002:binary',
  default: false,
  resolve(text, onError) {
    const bytes = Buffer.from(text, 'base64')
    if (bytes.toString('base64').replace(/=+$/, '') !== text.replaceAll(/\s/g, '').replace(/=+$/, ''))
      onError('no base64 in !!binary')
    else if (!isUtf8(bytes)) onError('no UTF-8 in !!binary')
    return bytes.toString('utf8')
  },
}

/** One mapping of a file. Getters mark keys as known; `finish` refuses the others. Values are checked when they are got. */
export class ConfigReader {
  readonly #file: File
  readonly #path: readonly (string | number)[]
  readonly #values: ReadonlyMap<string, unknown>
  readonly #read = new Set<string>()

  constructor(file: File, path: readonly (string | number)[], value: unknown) {
    this.#file = file
    this.#path = path
    if (!isRecord(value)) throw this.error(value === null ? 'it is empty' : 'expected a mapping')
    this.#values = new Map(Object.entries(value))
  }

  has(key: string): boolean {
    const value = this.#values.get(key)
    return value !== undefined && value !== null
  }

  /** Whether the key is there without a value. */
  isNull(key: string): boolean {
    return this.#values.get(key) === null
  }

  keys(): string[] {
    return [...this.#values.keys()]
  }

  string(key: string, fallback: string): string {
    const value = this.#get(key)
    if (value === undefined) return fallback
    if (typeof value !== 'string') throw this.error('expected text', key)
    return value
  }

  strings(key: string): string[] {
    return this.#array(key).map((value) => {
      if (typeof value !== 'string') throw this.error('expected a list of texts', key)
      return value
    })
  }

  /** A path, '' for none; relative ones are relative to the file's directory. */
  path(key: string): string {
    const text = this.string(key, '')
    return text === '' || isAbsolute(text) ? text : join(this.#file.directory, text)
  }

  /** Paths, as `path` reads one. */
  paths(key: string): string[] {
    return this.strings(key).map((path) => (isAbsolute(path) ? path : join(this.#file.directory, path)))
  }

  /** One of `choices`. */
  choice<Choice extends string>(key: string, choices: readonly Choice[], fallback: Choice): Choice {
    const text = this.string(key, fallback)
    const found = choices.find((choice) => choice === text)
    if (found === undefined) throw this.error(`${JSON.stringify(text)} is none of ${choices.join(', ')}`, key)
    return found
  }

  boolean(key: string, fallback: boolean): boolean {
    const text = this.string(key, '')
    if (text === '') return fallback
    if (/^(true|yes|on|y)$/i.test(text)) return true
    if (/^(false|no|off|n)$/i.test(text)) return false
    throw this.error(`expected true or false, not ${JSON.stringify(text)}`, key)
  }

  integer(key: string, fallback: number): number {
    const text = this.string(key, '')
    if (text === '') return fallback
    const value = Number(text.replaceAll('_', ''))
    if (!Number.isSafeInteger(value) || value < 0) throw this.error(`expected a whole number, not ${JSON.stringify(text)}`, key)
    return value
  }

  float(key: string, fallback: number): number {
    const text = this.string(key, '')
    if (text === '') return fallback
    const value = Number(text.replaceAll('_', ''))
    if (!Number.isFinite(value)) throw this.error(`expected a number, not ${JSON.stringify(text)}`, key)
    return value
  }

  /** An http or https address, '' for none. */
  url(key: string): string {
    const text = this.string(key, '')
    if (text === '') return ''
    if (!/^https?:/i.test(text)) throw this.error(`${JSON.stringify(text)} must begin with http:// or https://`, key)
    if (!URL.canParse(text)) throw this.error(`${JSON.stringify(text)} is no address: a host is missing`, key)
    return text
  }

  /** Milliseconds of a duration such as 1h30m or 15s. */
  duration(key: string, fallbackMs: number): number {
    const text = this.string(key, '')
    if (text === '') return fallbackMs
    const value = parseDuration(text)
    if (value === undefined) throw this.error(`expected a duration such as 15s, not ${JSON.stringify(text)}`, key)
    return value
  }

  /** Bytes of a size such as 10MB (1,024-based, as Prometheus has it). */
  bytes(key: string, fallback: number): number {
    const text = this.string(key, '')
    if (text === '') return fallback
    if (text === '0') return 0
    const found = /^(\d+(?:\.\d+)?)([KMGTP]?)i?B$/.exec(text)
    if (found === null) throw this.error(`expected a size such as 10MB, not ${JSON.stringify(text)}`, key)
    return Math.floor(Number(found[1]) * 1_024 ** 'BKMGTP'.indexOf(found[2] === '' ? 'B' : (found[2] ?? 'B')))
  }

  /** A mapping of texts. */
  record(key: string): Record<string, string> {
    const record: Record<string, string> = {}
    const child = this.child(key)
    for (const name of child?.keys() ?? []) record[name] = child?.string(name, '') ?? ''
    return record
  }

  child(key: string): ConfigReader | undefined {
    const value = this.#get(key)
    return value === undefined ? undefined : new ConfigReader(this.#file, [...this.#path, key], value)
  }

  list(key: string): ConfigReader[] {
    return this.#array(key).map((value, i) => new ConfigReader(this.#file, [...this.#path, key, i], value))
  }

  /** Marks keys that mean nothing here and need no note. */
  ignore(...keys: readonly string[]): void {
    for (const key of keys) this.#read.add(key)
  }

  /** Marks keys that are right, but that we do nothing with: each that is there is noted. */
  unsupported(...keys: readonly string[]): void {
    for (const key of keys) {
      this.#read.add(key)
      if (this.has(key)) this.note(`${this.where(key)} is not supported and was ignored`)
    }
  }

  /** Throws for a key that nobody asked for: a typing error, or of another program's file. */
  finish(): void {
    for (const key of this.#values.keys()) {
      if (this.#read.has(key)) continue
      const meant = nearest(key, [...this.#read])
      throw this.error(meant === undefined ? 'unknown key' : `unknown key, did you mean ${meant}?`, key)
    }
  }

  note(text: string): void {
    if (!this.#file.notes.includes(text)) this.#file.notes.push(text)
  }

  /** An error that names the place of `key`. */
  error(reason: string, key?: string): IngestError {
    return new IngestError('INGEST_BAD_CONFIG', `cannot read ${this.where(key)}: ${reason}`)
  }

  #get(key: string): unknown {
    this.#read.add(key)
    return this.#values.get(key) ?? undefined
  }

  #array(key: string): unknown[] {
    const value = this.#get(key)
    if (value === undefined) return []
    if (!Array.isArray(value)) throw this.error('expected a list', key)
    return value
  }

  /** The place of `key`, or of this mapping: file, line and path. */
  where(key?: string): string {
    const path = key === undefined ? this.#path : [...this.#path, key]
    let text = ''
    for (const part of path) text += typeof part === 'number' ? `[${part}]` : `${text === '' ? '' : '.'}${part}`
    return `${this.#file.name}${this.#lineOf(path)} ${text}`.trim()
  }

  /** `:12`, the line of what is at `path`, or of what should hold it. */
  #lineOf(path: readonly (string | number)[]): string {
    for (let depth = path.length; depth >= 0; depth--) {
      const node: unknown = depth === 0 ? this.#file.document.contents : this.#file.document.getIn(path.slice(0, depth), true)
      if (isRecord(node) && Array.isArray(node['range'])) return `:${this.#file.lines.linePos(Number(node['range'][0])).line}`
    }
    return ''
  }
}

/** Milliseconds of a Prometheus duration (`1h30m`, `0`), or `undefined`. Units must fall and appear once. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  const found = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/.exec(text)
  if (found === null || text === '') return undefined
  let total = 0
  for (const [i, unitMs] of UNITS_MS.entries()) total += Number(found[i + 1] ?? 0) * unitMs
  return total
}

const DAY_MS = 86_400_000
const UNITS_MS = [365 * DAY_MS, 7 * DAY_MS, DAY_MS, 3_600_000, 60_000, 1_000, 1]

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
