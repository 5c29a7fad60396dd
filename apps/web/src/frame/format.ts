/** A duration in its natural unit with three significant digits: 870 µs, 12.3 ms, 1.5 s, 2 m 5 s. */
export function formatDurationMs(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || Number.isNaN(ms)) return '–'
  if (ms === 0) return '0 ms'
  if (ms < 0.001) return `${significant(ms * 1e6)} ns`
  if (ms < 1) return `${significant(ms * 1e3)} µs`
  if (ms < 1_000) return `${significant(ms)} ms`
  if (ms < 60_000) return `${significant(ms / 1_000)} s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} m ${Math.round((ms % 60_000) / 1_000)} s`
  return `${Math.floor(ms / 3_600_000)} h ${Math.round((ms % 3_600_000) / 60_000)} m`
}

/** A count or a rate with k, M, G; three significant digits. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–'
  const size = Math.abs(value)
  if (size >= 1e15) return value.toExponential(2)
  for (const [unit, factor] of [
    ['T', 1e12],
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (size >= factor) return `${significant(value / factor)}${unit}`
  }
  if (size !== 0 && size < 0.001) return value.toExponential(1)
  return significant(value)
}

/** Bytes in binary units: 512 B, 1.5 KiB, 3.2 GiB. */
export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined || Number.isNaN(bytes)) return '–'
  for (const [unit, factor] of [
    ['TiB', 2 ** 40],
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ] as const) {
    if (Math.abs(bytes) >= factor) return `${significant(bytes / factor)} ${unit}`
  }
  return `${significant(bytes)} B`
}

/** Requests a second. */
export function formatRate(perSecond: number | null | undefined): string {
  return `${formatNumber(perSecond)}/s`
}

/** A ratio as a percentage: 0 %, 0.05 %, 12.3 %. */
export function formatPercent(ratio: number | null | undefined): string {
  if (ratio === null || ratio === undefined || Number.isNaN(ratio)) return '–'
  if (ratio !== 0 && Math.abs(ratio) < 0.0001) return '< 0.01 %'
  return `${significant(ratio * 100)} %`
}

/** A whole number with thousands apart. */
export function formatCount(value: number): string {
  return value.toLocaleString('en')
}

/** Local time to the millisecond: 14:03:22.120. */
export function formatClock(ms: number): string {
  const date = new Date(ms)
  const two = (value: number): string => String(value).padStart(2, '0')
  const millis = String(date.getMilliseconds()).padStart(3, '0')
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${millis}`
}

/** Local date and time to the millisecond. */
export function formatDateTime(ms: number): string {
  return `${new Date(ms).toLocaleDateString('en', { year: 'numeric', month: 'short', day: 'numeric' })} ${formatClock(ms)}`
}

/** How long ago, roughly: 5 s ago, 3 min ago, 2 h ago. */
export function formatAgo(ms: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - ms) / 1_000))
  if (seconds < 60) return `${seconds} s ago`
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min ago`
  if (seconds < 86_400) return `${Math.round(seconds / 3_600)} h ago`
  return `${Math.round(seconds / 86_400)} d ago`
}

/** Decimal nanoseconds since 1970 as milliseconds (fractions kept as far as doubles carry them). */
export function nsToMs(ns: string): number {
  if (ns.length <= 15) return Number(ns) / 1e6
  return Number(ns.slice(0, -6)) + Number(ns.slice(-6)) / 1e6
}

function significant(value: number): string {
  const size = Math.abs(value)
  if (size >= 100) return String(Math.round(value))
  return String(Number(value.toPrecision(3)))
}
