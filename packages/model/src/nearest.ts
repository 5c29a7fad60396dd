/** The candidate that takes the fewest edits to reach from `text`; `undefined` when none is near enough to be meant. */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined
  // A third of the letters wrong: beyond it a guess misleads.
  let bestEdits = Math.max(2, Math.floor(text.length / 3)) + 1
  for (const candidate of candidates) {
    const edits = editDistance(text, candidate)
    if (edits >= bestEdits) continue
    best = candidate
    bestEdits = edits
  }
  return best
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, swap))
    }
    row = next
  }
  return row[b.length]!
}
