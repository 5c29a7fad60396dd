/** A bucket bound or quantile as Prometheus 3 writes it in `le` and `quantile`, whatever the target wrote: `1.0`, `0.005`, `1e+06`. */
export function printBound(value: number): string {
  if (!Number.isFinite(value)) return printGoFloat(value)
  const text = printGoFloat(value)
  return /[.e]/.test(text) ? text : `${text}.0`
}

/** A double as Go's strconv.FormatFloat(f, 'g', -1, 64) prints it. */
export function printGoFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (Object.is(value, -0)) return '-0'
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e')
  const power = Number(exponent)
  // Here JavaScript prints no exponent either.
  if (value === 0 || (power >= -4 && power < SHORTEST_DIGITS)) return String(value)
  const digits = String(Math.abs(power)).padStart(2, '0')
  return `${mantissa}e${power < 0 ? '-' : '+'}${digits}`
}

// Where the shortest form begins to use exponents. Source: Go strconv/ftoa.go, eprec.
const SHORTEST_DIGITS = 6

/** The number in a `le` or `quantile` label, as Go's ParseFloat reads it; `undefined` where it is none. */
export function parseBound(text: string): number | undefined {
  if (/^nan$/i.test(text)) return NaN
  if (/^\+?inf$/i.test(text)) return Infinity
  if (/^-inf$/i.test(text)) return -Infinity
  const isDecimal = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)
  const value = isDecimal ? Number(text) : parseHexadecimal(text)
  return Number.isFinite(value) ? value : undefined
}

/** `0x1.8p-3`; NaN for anything else. Exact up to 53 bits, which is more than anybody writes. */
function parseHexadecimal(text: string): number {
  const found = /^([+-]?)0x([0-9a-f]*)(?:\.([0-9a-f]*))?p([+-]?\d+)$/i.exec(text)
  const [, sign = '', whole = '', fraction = '', power = ''] = found ?? []
  if (whole + fraction === '') return NaN
  const value = parseInt(whole + fraction, 16) * 2 ** (Number(power) - 4 * fraction.length)
  return sign === '-' ? -value : value
}
