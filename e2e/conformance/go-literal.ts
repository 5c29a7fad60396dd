// Tables of Go tests, read from their source: composite literals, strings, numbers, names and calls, nothing else of the language.

/** A value in a Go source. Composite literals have fields or items, calls have items. */
export type GoValue = string | number | boolean | GoComposite

export interface GoComposite {
  /** The type or function, '' where it is left out. */
  readonly name: string
  readonly fields: ReadonlyMap<string, GoValue>
  readonly items: readonly GoValue[]
}

/** The value of the first expression after `marker` at or after `from`. Throws where there is none, and where `from` is -1. */
export function readGoAfter(source: string, marker: string, from = 0): GoValue {
  const at = from === -1 ? -1 : source.indexOf(marker, from)
  if (at === -1) throw new Error(`no ${JSON.stringify(marker)} in the source`)
  return new GoReader(source, at + marker.length).expression()
}

/** A composite's field, `undefined` for none. */
export function goField(value: GoValue | undefined, name: string): GoValue | undefined {
  return typeof value === 'object' ? value.fields.get(name) : undefined
}

/** A composite's items, none for everything else. */
export function goItems(value: GoValue | undefined): readonly GoValue[] {
  return typeof value === 'object' ? value.items : []
}

/** A map of strings, also inside `labels.FromMap(...)`. */
export function goRecord(value: GoValue | undefined): Record<string, string> {
  if (typeof value !== 'object') return {}
  const [first] = value.items
  if (value.fields.size === 0 && first !== undefined) return goRecord(first)
  return Object.fromEntries([...value.fields].map(([name, each]) => [name, goText(each)]))
}

/** A string; the last part of a constant's name. */
export function goText(value: GoValue | undefined): string {
  if (typeof value !== 'object') return value === undefined ? '' : String(value)
  const [first] = value.items
  return first === undefined ? (value.name.split('.').at(-1) ?? '') : goText(first)
}

/** The bytes of a string: Go's need not be UTF-8. */
export function goBytes(text: string): Buffer {
  return Buffer.concat(Array.from(text, (char) => Buffer.from(isByte(char) ? [char.charCodeAt(0) - BYTE] : char)))
}

function isByte(char: string): boolean {
  const code = char.charCodeAt(0)
  return code >= BYTE + 0x80 && code <= BYTE + 0xff
}

// Private characters that stand for the bytes from 0x80 on that a string names by number, as long as it is a string here.
const BYTE = 0xf700
const ESCAPE = /\\(?:([abfnrtv\\'"])|([0-7]{3})|x([0-9a-fA-F]{2})|(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}))/g
const NAMED = new Map([
  ['a', '\u{7}'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
])

class GoReader {
  readonly #source: string
  #at: number

  constructor(source: string, at: number) {
    this.#source = source
    this.#at = at
  }

  expression(): GoValue {
    this.#skip()
    if (this.#take('&') || this.#take('*')) return this.expression()
    const char = this.#source[this.#at] ?? ''
    if (char === '"') return this.#quoted()
    if (char === '`') return this.#raw()
    if (/[-\d]/.test(char)) return Number(this.#match(/-?[\w.]+/y).replaceAll('_', ''))
    if (char === '{') return this.#composite('')
    const name = this.#type()
    if (this.#peek() === '{') return this.#composite(name)
    if (this.#peek() === '(') return { name, fields: new Map(), items: this.#arguments() }
    if (name === 'true' || name === 'false') return name === 'true'
    return { name, fields: new Map(), items: [] }
  }

  #composite(name: string): GoComposite {
    const fields = new Map<string, GoValue>()
    const items: GoValue[] = []
    this.#expect('{')
    while (!this.#take('}')) {
      const value = this.expression()
      if (this.#take(':'))
        fields.set(typeof value === 'object' && value.items.length === 0 ? value.name : goText(value), this.expression())
      else items.push(value)
      this.#take(',')
    }
    return { name, fields, items }
  }

  #arguments(): GoValue[] {
    const items: GoValue[] = []
    this.#expect('(')
    while (!this.#take(')')) {
      items.push(this.expression())
      this.#take(',')
    }
    return items
  }

  /** A type or a name; what a struct is made of is passed over. */
  #type(): string {
    if (this.#take('[')) {
      this.#passUntil('[', ']')
      return this.#type()
    }
    if (this.#take('*')) return this.#type()
    const name = this.#match(/[\p{L}_][\p{L}\d_.]*/uy)
    if (name === 'map') {
      this.#expect('[')
      this.#passUntil('[', ']')
      return this.#type()
    }
    if (name === 'struct' || name === 'interface') {
      this.#expect('{')
      this.#passUntil('{', '}')
    }
    return name
  }

  #passUntil(open: string, close: string): void {
    for (let depth = 1; depth > 0; this.#at++) {
      const char = this.#source[this.#at]
      if (char === undefined) throw this.#error(close)
      if (char === open) depth++
      if (char === close) depth--
    }
  }

  #quoted(): string {
    const text = this.#match(/"(?:\\.|[^"\\])*"/y)
    return text.slice(1, -1).replaceAll(ESCAPE, (escape, named: string, octal: string, hex: string, point: string) => {
      if (point !== undefined) return String.fromCodePoint(parseInt(point.slice(1), 16))
      if (named !== undefined) return NAMED.get(named) ?? escape
      const byte = octal === undefined ? parseInt(hex, 16) : parseInt(octal, 8)
      return String.fromCharCode(byte < 0x80 ? byte : BYTE + byte)
    })
  }

  #raw(): string {
    return this.#match(/`[^`]*`/y).slice(1, -1)
  }

  #peek(): string {
    this.#skip()
    return this.#source[this.#at] ?? ''
  }

  #take(char: string): boolean {
    if (this.#peek() !== char) return false
    this.#at++
    return true
  }

  #expect(char: string): void {
    if (!this.#take(char)) throw this.#error(char)
  }

  #skip(): void {
    this.#match(/(?:\s|\/\/[^\n]*)*/y)
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#source)?.[0]
    if (found === undefined) throw this.#error(pattern.source)
    this.#at += found.length
    return found
  }

  #error(wanted: string): Error {
    const line = this.#source.slice(0, this.#at).split('\n').length
    return new Error(`expected ${wanted} at line ${line}: ${this.#source.slice(this.#at, this.#at + 40)}`)
  }
}
