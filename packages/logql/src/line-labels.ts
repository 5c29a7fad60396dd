import type { Label, Labels } from '@oriel/model'
import { labelsKey } from '@oriel/model'

/** Labels of one line after a pipeline, apart by where they come from. Each part is sorted by name. */
export interface SplitLabels {
  readonly stream: Labels
  readonly metadata: Labels
  readonly parsed: Labels
}

/**
 * The labels of the line in hand: the stream's, the structured metadata, and what stages parse, set and delete. A hot path.
 *
 * One instance serves a whole query: `reset` starts the next line. A name is looked up in parsed labels first, then metadata,
 * then the stream; setting a parsed label hides the others. An absent label reads as ''.
 */
export class LineLabels {
  #stream: Labels = []
  #metadata: Labels = []
  readonly #parsed = new Map<string, string>()
  readonly #hidden = new Set<string>()
  #error = ''
  #errorDetails = ''

  /** Starts a line. `stream` and `metadata` are sorted and are not kept past the next reset. */
  reset(stream: Labels, metadata: Labels): void {
    this.#stream = stream
    this.#metadata = metadata
    if (this.#parsed.size > 0) this.#parsed.clear()
    if (this.#hidden.size > 0) this.#hidden.clear()
    this.#error = ''
    this.#errorDetails = ''
  }

  /** The error that a stage met (`JSONParserErr` ...), '' for none. */
  get error(): string {
    return this.#error
  }

  get(name: string): string {
    const parsed = this.#parsed.get(name)
    if (parsed !== undefined) return parsed
    if (name === ERROR) return this.#error
    if (name === ERROR_DETAILS) return this.#errorDetails
    if (this.#hidden.has(name)) return ''
    return valueIn(this.#stream, name) ?? valueIn(this.#metadata, name) ?? this.#suffixedMetadata(name)
  }

  /** Sets a parsed label over whatever has the name; '' removes it. */
  set(name: string, value: string): void {
    if (value === '') this.delete(name)
    else {
      this.#parsed.set(name, value)
      this.#hidden.add(name)
    }
  }

  delete(name: string): void {
    if (name === ERROR) this.#error = ''
    if (name === ERROR_DETAILS) this.#errorDetails = ''
    this.#parsed.delete(name)
    this.#hidden.add(name)
  }

  /**
   * Adds what a parser found under a sanitised name: a name of the stream or the metadata gets the suffix `_extracted`, and a
   * name found before keeps its first value.
   */
  extract(name: string, value: string): void {
    const isTaken = valueIn(this.#stream, name) !== undefined || valueIn(this.#metadata, name) !== undefined
    const key = isTaken && !this.#hidden.has(name) ? `${name}${EXTRACTED}` : name
    if (this.#parsed.has(key) || value === '') return
    this.#parsed.set(key, value)
  }

  setError(code: string, details: string): void {
    this.#error = code
    this.#errorDetails = details
  }

  /** Names and values as they stand, in no order. */
  entries(): [string, string][] {
    const { stream, metadata, parsed } = this.split()
    return [...stream, ...metadata, ...parsed].map(({ name, value }) => [name, value])
  }

  /** Whether the line still has exactly its stream's labels. */
  get isPlain(): boolean {
    return this.#metadata.length === 0 && this.#parsed.size === 0 && this.#hidden.size === 0 && this.#error === ''
  }

  /** All labels as one sorted set. */
  joined(): Labels {
    if (this.isPlain) return this.#stream
    const { stream, metadata, parsed } = this.split()
    return [...stream, ...metadata, ...parsed].sort(byName)
  }

  /** The labels by origin. */
  split(): SplitLabels {
    const isFree = this.#hidden.size === 0
    const stream = isFree ? this.#stream : this.#stream.filter(({ name }) => !this.#hidden.has(name))
    const metadata: Label[] = []
    for (const label of this.#metadata) {
      const name = valueIn(this.#stream, label.name) === undefined ? label.name : `${label.name}${EXTRACTED}`
      if (!this.#hidden.has(name) && label.value !== '') metadata.push(name === label.name ? label : { name, value: label.value })
    }
    return { stream, metadata, parsed: this.#parsedLabels() }
  }

  /** The values of `names` (in the order given) as one key, for grouping without building labels. */
  keyOf(names: readonly string[]): string {
    let key = ''
    for (const name of names) key += `${this.get(name)}\u{2}`
    return key
  }

  #parsedLabels(): Label[] {
    const parsed: Label[] = []
    for (const [name, value] of this.#parsed) parsed.push({ name, value })
    if (this.#error !== '' && !this.#parsed.has(ERROR)) parsed.push({ name: ERROR, value: this.#error })
    if (this.#errorDetails !== '' && !this.#parsed.has(ERROR_DETAILS))
      parsed.push({ name: ERROR_DETAILS, value: this.#errorDetails })
    return parsed.sort(byName)
  }

  #suffixedMetadata(name: string): string {
    if (!name.endsWith(EXTRACTED)) return ''
    const plain = name.slice(0, -EXTRACTED.length)
    return valueIn(this.#stream, plain) === undefined ? '' : (valueIn(this.#metadata, plain) ?? '')
  }
}

/** The label that names what went wrong with a line. */
export const ERROR = '__error__'
const ERROR_DETAILS = '__error_details__'
const EXTRACTED = '_extracted'

/** `labelsKey`, with the key of label sets seen before remembered while they live (streams repeat for every line). */
export function rememberedKey(labels: Labels): string {
  let key = keys.get(labels)
  if (key === undefined) keys.set(labels, (key = labelsKey(labels)))
  return key
}

const keys = new WeakMap<Labels, string>()

function valueIn(labels: Labels, name: string): string | undefined {
  for (let i = 0; i < labels.length; i++) if (labels[i]!.name === name) return labels[i]!.value
  return undefined
}

function byName(a: Label, b: Label): number {
  return a.name < b.name ? -1 : 1
}
