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
  // Names get a slot once; marks tell in which line a slot was last set, listed or hidden. Starting a line clears nothing.
  #slots = new Map<string, number>()
  #slotNames: string[] = []
  #slotValues: string[] = []
  #setIn: number[] = []
  #listedIn: number[] = []
  #hiddenIn: number[] = []
  #listed: number[] = []
  #line = 1
  #hiddenCount = 0
  #error = ''
  #errorDetails = ''

  /** Starts a line. `stream` and `metadata` are sorted and are not kept past the next reset. */
  reset(stream: Labels, metadata: Labels): void {
    this.#stream = stream
    this.#metadata = metadata
    this.#line++
    this.#hiddenCount = 0
    if (this.#listed.length > 0) this.#listed.length = 0
    if (this.#slotNames.length > MAX_SLOTS) this.#forgetNames()
    this.#error = ''
    this.#errorDetails = ''
  }

  /** The error that a stage met (`JSONParserErr` ...), '' for none. */
  get error(): string {
    return this.#error
  }

  get(name: string): string {
    const slot = this.#slots.get(name)
    if (slot !== undefined && this.#setIn[slot] === this.#line) return this.#slotValues[slot]!
    if (name === ERROR) return this.#error
    if (name === ERROR_DETAILS) return this.#errorDetails
    if (slot !== undefined && this.#hiddenIn[slot] === this.#line) return ''
    return valueIn(this.#stream, name) ?? valueIn(this.#metadata, name) ?? this.#suffixedMetadata(name)
  }

  /** Sets a parsed label over whatever has the name; '' removes it. */
  set(name: string, value: string): void {
    if (value === '') {
      this.delete(name)
      return
    }
    const slot = this.#slotOf(name)
    this.#setSlot(slot, value)
    this.#hide(slot)
  }

  delete(name: string): void {
    if (name === ERROR) this.#error = ''
    if (name === ERROR_DETAILS) this.#errorDetails = ''
    const slot = this.#slotOf(name)
    this.#setIn[slot] = 0
    this.#hide(slot)
  }

  /**
   * Adds what a parser found under a sanitised name: a name of the stream or the metadata gets the suffix `_extracted`, and a
   * name found before keeps its first value.
   */
  extract(name: string, value: string): void {
    if (value === '' || name === '') return
    let slot = this.#slotOf(name)
    const isTaken = valueIn(this.#stream, name) !== undefined || valueIn(this.#metadata, name) !== undefined
    if (isTaken && this.#hiddenIn[slot] !== this.#line) slot = this.#slotOf(`${name}${EXTRACTED}`)
    if (this.#setIn[slot] !== this.#line) this.#setSlot(slot, value)
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
    return this.#metadata.length === 0 && this.#listed.length === 0 && this.#hiddenCount === 0 && this.#error === ''
  }

  /** All labels as one sorted set; `parts` saves taking them apart again. */
  joined(parts?: SplitLabels): Labels {
    if (this.isPlain) return this.#stream
    const { stream, metadata, parsed } = parts ?? this.split()
    return [...stream, ...metadata, ...parsed].sort(byName)
  }

  /** The labels by origin. */
  split(): SplitLabels {
    const isFree = this.#hiddenCount === 0
    const stream = isFree ? this.#stream : this.#stream.filter(({ name }) => !this.#isHidden(name))
    const metadata: Label[] = []
    for (const label of this.#metadata) {
      const name = valueIn(this.#stream, label.name) === undefined ? label.name : `${label.name}${EXTRACTED}`
      if (label.value === '' || (!isFree && this.#isHidden(name))) continue
      metadata.push(name === label.name ? label : { name, value: label.value })
    }
    return { stream, metadata, parsed: this.#parsedLabels() }
  }

  /** The values of `names` (in the order given) as one key, for grouping without building labels. */
  keyOf(names: readonly string[]): string {
    let key = ''
    for (const name of names) key += `${this.get(name)}\u{2}`
    return key
  }

  #slotOf(name: string): number {
    let slot = this.#slots.get(name)
    if (slot === undefined) {
      slot = this.#slotNames.push(name) - 1
      this.#slots.set(name, slot)
      this.#slotValues.push('')
      this.#setIn.push(0)
      this.#listedIn.push(0)
      this.#hiddenIn.push(0)
    }
    return slot
  }

  #setSlot(slot: number, value: string): void {
    this.#slotValues[slot] = value
    this.#setIn[slot] = this.#line
    if (this.#listedIn[slot] === this.#line) return
    this.#listedIn[slot] = this.#line
    this.#listed.push(slot)
  }

  #hide(slot: number): void {
    if (this.#hiddenIn[slot] === this.#line) return
    this.#hiddenIn[slot] = this.#line
    this.#hiddenCount++
  }

  #isHidden(name: string): boolean {
    const slot = this.#slots.get(name)
    return slot !== undefined && this.#hiddenIn[slot] === this.#line
  }

  #forgetNames(): void {
    this.#slots = new Map()
    this.#slotNames = []
    this.#slotValues = []
    this.#setIn = []
    this.#listedIn = []
    this.#hiddenIn = []
  }

  #parsedLabels(): Label[] {
    const parsed: Label[] = []
    let hasOwnError = false
    for (const slot of this.#listed) {
      if (this.#setIn[slot] !== this.#line) continue
      const name = this.#slotNames[slot]!
      hasOwnError ||= name === ERROR
      parsed.push({ name, value: this.#slotValues[slot]! })
    }
    if (this.#error !== '' && !hasOwnError) parsed.push({ name: ERROR, value: this.#error })
    if (this.#errorDetails !== '') parsed.push({ name: ERROR_DETAILS, value: this.#errorDetails })
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
// 10,000: more names than sane logs have; a log that makes names up must not fill the memory.
const MAX_SLOTS = 10_000

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
