import { formatBytes, formatDurationMs, formatNumber, formatPercent } from '../frame/format.ts'
import { unitOf } from './metric-query.ts'

const FORMATS: Readonly<Record<ReturnType<typeof unitOf>, (value: number) => string>> = {
  bytes: formatBytes,
  bytesPerSecond: (value) => `${formatBytes(value)}/s`,
  seconds: (value) => (value < 0 ? `-${formatDurationMs(-value * 1_000)}` : formatDurationMs(value * 1_000)),
  ratio: formatPercent,
  number: formatNumber,
}

/** How the values of a query are written. */
export function formatOf(query: string): (value: number) => string {
  return FORMATS[unitOf(query)]
}
