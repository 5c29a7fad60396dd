const CHUNK = /\d+|\D+/g

/** Orders texts as people do: runs of digits by their number, the rest by character. */
export function compareNatural(a: string, b: string): number {
  if (a === b) return 0
  const left = a.match(CHUNK) ?? []
  const right = b.match(CHUNK) ?? []
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = compareChunks(left[i]!, right[i]!)
    if (order !== 0) return order
  }
  return left.length - right.length || (a < b ? -1 : 1)
}

function compareChunks(a: string, b: string): number {
  if (a === b) return 0
  if (isNumber(a) && isNumber(b)) {
    const [x, y] = [BigInt(a), BigInt(b)]
    if (x !== y) return x < y ? -1 : 1
    return a.length - b.length
  }
  return a < b ? -1 : 1
}

function isNumber(chunk: string): boolean {
  return chunk.charAt(0) >= '0' && chunk.charAt(0) <= '9'
}
