// 10,000: more names than sane logs have; a log that makes names up only loses the speed-up.
const CACHE_SIZE = 10_000
const cache = new Map<string, string>()

/** `text` as a label name: characters but letters, digits and `_` become `_`, and a leading digit gets one in front. */
export function sanitizedName(text: string): string {
  const known = cache.get(text)
  if (known !== undefined) return known
  const replaced = text.trim().replaceAll(/[^A-Za-z0-9_]/g, '_')
  const name = /^\d/.test(replaced) ? `_${replaced}` : replaced
  if (cache.size >= CACHE_SIZE) cache.clear()
  cache.set(text, name)
  return name
}
