// Families in the text form of protobuf, as Prometheus's tests write them: fields, messages in < > or { }, strings, numbers, names.

/** A message: what a field holds is listed where it is given more than once, or holds messages. */
export interface TextProto {
  readonly [field: string]: string | number | TextProto | readonly (string | number | TextProto)[]
}

/** A family, as the encoder of test families takes it. */
export interface TextFamily {
  readonly name: string
  readonly message: TextProto
}

/** Reads one MetricFamily; its type becomes a number. Throws where the text is none. */
export function readFamily(text: string): TextFamily {
  const tokens = [...text.matchAll(/"(?:\\.|[^"\\])*"|[<>{}:]|[^\s<>{}:"]+/g)].map(([token]) => token)
  const family = readMessage(tokens, undefined)
  const { name = '', type = 'COUNTER' } = family
  if (typeof name !== 'string' || typeof type !== 'string') throw new Error('name and type of a family are no texts')
  return { name, message: { ...family, type: TYPES.indexOf(type) } }
}

function readMessage(tokens: string[], closing: string | undefined): TextProto {
  const fields = new Map<string, (string | number | TextProto)[]>()
  for (let name = tokens.shift(); name !== closing; name = tokens.shift()) {
    if (name === undefined) throw new Error(`expected ${closing}`)
    if (tokens[0] === ':') tokens.shift()
    fields.set(name, [...(fields.get(name) ?? []), readValue(tokens)])
  }
  return Object.fromEntries([...fields].map(([name, values]) => [name, REPEATED.has(name) ? values : values[0]!]))
}

function readValue(tokens: string[]): string | number | TextProto {
  const token = tokens.shift() ?? ''
  if (token === '<') return readMessage(tokens, '>')
  if (token === '{') return readMessage(tokens, '}')
  if (token.startsWith('"')) return token.slice(1, -1).replaceAll(/\\(.)/g, (_all, char: string) => (char === 'n' ? '\n' : char))
  const number = Number(token.replace(/inf$/i, 'Infinity'))
  return Number.isNaN(number) && !/^nan$/i.test(token) ? token : number
}

const TYPES = ['COUNTER', 'GAUGE', 'SUMMARY', 'UNTYPED', 'HISTOGRAM', 'GAUGE_HISTOGRAM']
const SPANS = ['positive_span', 'negative_span', 'positive_delta', 'negative_delta', 'positive_count', 'negative_count']
const REPEATED = new Set(['metric', 'label', 'bucket', 'quantile', 'exemplars', ...SPANS])
