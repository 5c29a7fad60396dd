// The XML that AWS answers with: elements and text, nothing else of XML has a meaning in it.

import { IngestError } from '../../errors.ts'

/** An element. Names are without their namespace's prefix. */
export class Xml {
  readonly name: string
  readonly children: Xml[] = []
  text = ''

  constructor(name: string) {
    this.name = name
  }

  /** The first element on a path of names; an empty one where there is none. */
  at(...path: readonly string[]): Xml {
    const [name, ...rest] = path
    if (name === undefined) return this
    return (this.children.find((child) => child.name === name) ?? EMPTY).at(...rest)
  }

  /** The `item` elements of a list. */
  items(): Xml[] {
    return this.children.filter(({ name }) => name === 'item' || name === 'member')
  }
}

const EMPTY: Xml = new Xml('')

/** Reads a document. Throws `IngestError` INGEST_SCRAPE_FAILED where tags do not match. */
export function parseXml(text: string): Xml {
  const root = new Xml('')
  const open = [root]
  let at = 0
  for (const found of text.matchAll(TAG)) {
    const current = open.at(-1) ?? root
    current.text += unescape(text.slice(at, found.index))
    at = found.index + found[0].length
    const [, closing = '', name = '', alone = ''] = found
    if (name === '') continue
    if (closing !== '') {
      if (open.length < 2 || current.name !== name) throw failed(`</${name}> closes nothing`)
      open.pop()
      continue
    }
    const child = new Xml(name)
    current.children.push(child)
    if (alone === '') open.push(child)
    if (open.length > MAX_DEPTH) throw failed('it is too deep')
  }
  if (open.length > 1) throw failed(`<${open.at(-1)?.name}> has no end`)
  return root
}

const TAG = /<(?:[?!][^>]*|(\/?)(?:[\w.-]+:)?([\w.-]+)(?:\s[^<>]*?)?\s*(\/?))>/g
const MAX_DEPTH = 64

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function unescape(text: string): string {
  if (!text.includes('&')) return text.trim()
  return text
    .trim()
    .replaceAll(/&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w+));/g, (all: string, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name] ?? all
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
      return code <= 0x10_ffff ? String.fromCodePoint(code) : all
    })
}

function failed(reason: string): IngestError {
  return new IngestError('INGEST_SCRAPE_FAILED', `cannot discover targets: the answer is no XML: ${reason}`)
}
