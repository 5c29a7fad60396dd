/** The part of the page's state that is in the URL, all screens together: one meaning a key (see README). */
export interface AppSearch {
  readonly from?: string
  readonly to?: string
  /** `5s`, `1m`, `off`; absent: by the length of the range. */
  readonly refresh?: string
  /** Query text of an editor. */
  readonly q?: string
  /** `span:<trace>:<span>` or `log:<ns>`. */
  readonly sel?: string
  readonly view?: string
  readonly sort?: string
  /** Attribute filters, `key|op|value`. */
  readonly f?: readonly string[]
  readonly service?: string
  readonly operation?: string
  readonly status?: string
  readonly min?: string
  readonly max?: string
  /** Text filter of a list. */
  readonly find?: string
  /** The metric that is explored without a query. */
  readonly metric?: string
  /** The label that it is broken down by. */
  readonly by?: string
  /** How it is looked at: `rate`, `p95`, `max` ... */
  readonly fn?: string
  /** A fixed step of range queries: `15s`, `1m`. */
  readonly step?: string
  /** Queries beside `q`: B, C ... */
  readonly more?: readonly string[]
  /** Letters of queries that are kept but not shown, such as `AC`. */
  readonly hide?: string
}

/** Reads a search string as it is, `from=1700000000000` staying text; repeated keys become arrays. */
export function parseSearch(text: string): Record<string, string | string[]> {
  const search: Record<string, string | string[]> = {}
  for (const [key, value] of new URLSearchParams(text)) {
    const known = search[key]
    if (known === undefined) search[key] = value
    else search[key] = [...(Array.isArray(known) ? known : [known]), value]
  }
  return search
}

/** Prints a search with its leading `?`, '' when it is empty. Arrays repeat the key; absent and empty values are left out. */
export function stringifySearch(search: object): string {
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(search)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined && item !== null && item !== '') params.append(key, String(item))
    }
  }
  // Readable in a chat window: these need no escape in a query string (RFC 3986, 3.4).
  const text = params.toString().replaceAll('%3A', ':').replaceAll('%2F', '/').replaceAll('%2C', ',').replaceAll('%7C', '|')
  return text === '' ? '' : `?${text}`
}

/** Keeps the keys we know, each in its type. Anything else in a pasted URL is dropped, never an error. */
export function readSearch(raw: Readonly<Record<string, unknown>>): AppSearch {
  const search: Record<string, string> = {}
  for (const key of TEXT_KEYS) {
    const value = raw[key]
    const text = Array.isArray(value) ? value.at(-1) : value
    if (typeof text === 'string' && text !== '') search[key] = text
    else if (typeof text === 'number') search[key] = String(text)
  }
  const lists = LIST_KEYS.flatMap((key) => {
    const value = raw[key]
    const items = Array.isArray(value)
      ? value.filter((item) => typeof item === 'string')
      : typeof value === 'string'
        ? [value]
        : []
    return items.length === 0 ? [] : [[key, items] as const]
  })
  return { ...search, ...Object.fromEntries(lists) }
}

const LIST_KEYS = ['f', 'more'] as const

const TEXT_KEYS = [
  'from',
  'to',
  'refresh',
  'q',
  'sel',
  'view',
  'sort',
  'service',
  'operation',
  'status',
  'min',
  'max',
  'find',
  'metric',
  'by',
  'fn',
  'step',
  'hide',
] as const
