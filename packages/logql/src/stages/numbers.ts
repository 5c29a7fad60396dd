const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const SPECIAL: Readonly<Record<string, number>> = {
  inf: Infinity,
  '+inf': Infinity,
  '-inf': -Infinity,
  infinity: Infinity,
  '+infinity': Infinity,
  '-infinity': -Infinity,
  nan: Number.NaN,
}

/** A number as Go's `strconv.ParseFloat` reads it (decimal, exponent, Inf, NaN; not its hexadecimal form); `undefined` if it is none. */
export function parseGoFloat(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text)
  return SPECIAL[text.toLowerCase()]
}
