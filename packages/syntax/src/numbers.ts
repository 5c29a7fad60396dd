const DECIMAL = /^(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?$/
const SPECIAL: Readonly<Record<string, number>> = { inf: Infinity, '+inf': Infinity, '-inf': -Infinity, nan: NaN }

/**
 * Parses an unsigned number literal as PromQL and LogQL read it: decimal, exponent, `_` between digits, `0x` and octal with a
 * leading 0 for integers, `Inf` and `NaN` in any case. Returns `undefined` when the text is no number.
 */
export function parseNumberLiteral(text: string): number | undefined {
  const lower = text.toLowerCase()
  const special = SPECIAL[lower]
  if (special !== undefined) return special
  const digits = lower.replaceAll('_', '')
  if (/^0x[\da-f]+$/.test(digits) || /^0o[0-7]+$/.test(digits) || /^0b[01]+$/.test(digits)) return Number(digits)
  if (/^0[0-7]+$/.test(digits)) return Number.parseInt(digits, 8)
  return DECIMAL.test(text) ? Number(digits) : undefined
}

/**
 * Prints a sample's value as the Prometheus API does: shortest digits that read back equal, exponent below 1e-6 and from 1e21
 * with at least two digits, `NaN`, `+Inf`, `-Inf`, `-0`.
 */
export function printNumber(value: number): string {
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  if (Object.is(value, -0)) return '-0'
  return padExponent(String(value))
}

// 10^6: the default precision of %g decides between the two ways, although the digits are not cut to it.
const GO_EXPONENT_FROM = 1e6

/** Prints a number as Go's `%g`, `%v` and `strconv 'g', -1` do: shortest digits, with an exponent below 1e-4 and from 1e6. */
export function printGoNumber(value: number): string {
  const magnitude = Math.abs(value)
  if (magnitude === 0 || !Number.isFinite(value)) return printNumber(value)
  return magnitude < 1e-4 || magnitude >= GO_EXPONENT_FROM ? padExponent(value.toExponential()) : printNumber(value)
}

/** Prints a number as Go's `%.2g`: two digits at most, a value between two of them to the even one. */
export function printTwoDigits(value: number): string {
  if (!Number.isFinite(value)) return printNumber(value)
  const [digits = '', exponent = '0'] = toTwoDigits(value).split('e')
  const isPlain = Number(exponent) >= -4 && Number(exponent) < 2
  const short = digits.replace(/\.0$/, '')
  return isPlain ? printNumber(Number(`${short}e${exponent}`)) : padExponent(`${short}e${exponent}`)
}

function toTwoDigits(value: number): string {
  // 20 digits behind the point are the limit that all engines have; a tie between two-digit numbers shows in fewer.
  const exact = /^(-?\d\.(\d))50*e(.*)$/.exec(value.toExponential(20))
  const [, down, last, exponent] = exact ?? []
  return last !== undefined && Number(last) % 2 === 0 ? `${down}e${exponent}` : value.toExponential(1)
}

function padExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}
