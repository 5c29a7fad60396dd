/** The two colour schemes. */
export type Scheme = 'light' | 'dark'

/**
 * Eight colours a scheme for series and services, in the order in which they should be used: the first k are the furthest apart.
 *
 * Each is at least 3:1 against its surface and at least 15 CIEDE2000 from every other under normal, protan, deutan and tritan
 * vision (palette.test.ts holds it).
 */
export const SERIES_COLORS: Readonly<Record<Scheme, readonly string[]>> = {
  light: ['#2d0d78', '#dc692e', '#9b7dcd', '#1f7265', '#5d9f83', '#6f4e1a', '#5f5c8f', '#58012b'],
  dark: ['#f695ee', '#21763c', '#8abd93', '#935e7c', '#ded340', '#7965f0', '#77f8e1', '#869a3e'],
}

/** The surface that charts are drawn on. */
export const SURFACES: Readonly<Record<Scheme, string>> = { light: '#ffffff', dark: '#1a1b1e' }

/** Dash patterns for series beyond the eighth: the hues repeat, the strokes do not. */
export const DASHES: readonly (readonly number[])[] = [[], [6, 4], [2, 3], [10, 3, 2, 3]]

/** The CSS colour of the `index`-th series, as a variable that follows the scheme. */
export function seriesVariable(index: number): string {
  return `var(--series-${index % SERIES_COLORS.light.length})`
}

// In place of FNV-1a's offset basis: a start that keeps eight common names of services apart.
const HASH_START = 2_166_131_740

/** A service's colour index: the same in every view, on every machine (FNV-1a of the name). */
export function serviceColorIndex(service: string): number {
  let hash = HASH_START
  for (let i = 0; i < service.length; i++) hash = Math.imul(hash ^ service.charCodeAt(i), 0x01000193)
  // FNV's low bits alone cluster on short names: fold the high half in.
  return ((hash ^ (hash >>> 15)) >>> 0) % SERIES_COLORS.light.length
}

/** The CSS colour of a service. */
export function serviceColor(service: string): string {
  return seriesVariable(serviceColorIndex(service))
}
