// Reading foreign YAML key by key: typed, with the line of what is wrong, and a note for what means nothing here.

import type { Document } from 'yaml'
import { LineCounter, parseDocument } from 'yaml'
import { IngestError } from './errors.ts'

/** Something in a file that was read over, in words with its line. Never fatal. */
export type ConfigNote = string

interface File {
  readonly name: string
  readonly document: Document
  readonly lines: LineCounter
  readonly notes: ConfigNote[]
}

/**
 * Opens a YAML text as one mapping. Every scalar is text, as written: `true` and `1.10` too.
 *
 * Throws `IngestError` INGEST_BAD_CONFIG. `notes` collects what `finish` finds unread.
 */
export function openConfig(name: string, text: string, notes: ConfigNote[]): ConfigReader {
  const lines = new LineCounter()
  const document = parseDocument(text, { schema: 'failsafe', merge: true, uniqueKeys: true, lineCounter: lines })
  const problem = document.errors[0]
  if (problem !== undefined)
    throw new IngestError('INGEST_BAD_CONFIG', `cannot read ${name}: ${problem.message.split('\n')[0] ?? ''}`, { cause: problem })
  // 1,000 aliases: a real file has a few; each may be expanded many times.
  const value: unknown = document.toJS({ maxAliasCount: 1_000 })
  return new ConfigReader({ name, document, lines, notes }, [], value ?? {})
}

/** One mapping of a file. Getters mark keys as read; `finish` notes the others. Values are checked when they are got. */
export class ConfigReader {
  readonly #file: File
  readonly #path: readonly (string | number)[]
  readonly #values: ReadonlyMap<string, unknown>
  readonly #read = new Set<string>()

  constructor(file: File, path: readonly (string | number)[], value: unknown) {
    this.#file = file
    this.#path = path
    if (!isRecord(value)) throw this.error('expected a mapping')
    this.#values = new Map(Object.entries(value))
  }

  has(key: string): boolean {
    const value = this.#values.get(key)
    return value !== undefined && value !== null
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

  /** Notes every key that was not read. */
  finish(): void {
    for (const key of this.#values.keys())
      if (!this.#read.has(key)) this.note(`${this.#where(key)} is not supported and was ignored`)
  }

  note(text: string): void {
    if (!this.#file.notes.includes(text)) this.#file.notes.push(text)
  }

  /** An error that names the place of `key`. */
  error(reason: string, key?: string): IngestError {
    return new IngestError('INGEST_BAD_CONFIG', `cannot read ${this.#where(key)}: ${reason}`)
  }

  #get(key: string): unknown {
    this.#read.add(key)
    return this.#values.get(key) ?? undefined
  }

  #array(key: string): unknown[] {
    const value = this.#get(key)
    if (value === undefined || value === '') return []
    if (!Array.isArray(value)) throw this.error('expected a list', key)
    return value
  }

  #where(key?: string): string {
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
