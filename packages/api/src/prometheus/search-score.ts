/** How texts are compared with search terms. */
export interface ScoreOptions {
  /** The least score, from 0 to 1, that a fuzzy match needs. */
  readonly threshold: number
  readonly algorithm: 'subsequence' | 'jarowinkler'
  readonly isCaseSensitive: boolean
}

/**
 * Makes the function that says how well a text matches the best of the terms: from 0 to 1, `undefined` where none matches.
 *
 * Without terms everything matches. Source: Prometheus 3.14 web/api/v1/search_filters.go.
 */
export function makeScorer(
  terms: readonly string[],
  { threshold, algorithm, isCaseSensitive }: ScoreOptions,
): (text: string) => number | undefined {
  const folded = (text: string) => (isCaseSensitive ? text : text.toLowerCase())
  const wanted = terms.filter((term) => term !== '').map(folded)
  if (wanted.length === 0) return () => 1
  const scoreTerm = algorithm === 'subsequence' ? scoreBySubsequence : scoreByWinkler
  return (text) => {
    const compared = folded(text)
    let best: number | undefined
    for (const term of wanted) {
      const score = scoreTerm(term, compared, threshold)
      if (score !== undefined && score > (best ?? -1)) best = score
    }
    return best
  }
}

function scoreBySubsequence(term: string, text: string, threshold: number): number | undefined {
  if (text.startsWith(term)) return 1
  const score = subsequenceScore(Array.from(term), Array.from(text))
  return score > 0 && score >= threshold ? score : undefined
}

/** A part of the text counts by its place; only then, and with a threshold, similarity. */
function scoreByWinkler(term: string, text: string, threshold: number): number | undefined {
  const index = text.indexOf(term)
  if (index === 0) return 1
  if (index > 0) {
    const place = Array.from(text.slice(0, index)).length
    const last = Array.from(text).length - Array.from(term).length
    return last <= 0 ? 1 : 1 - (0.9 * place) / last
  }
  if (threshold === 0) return undefined
  const score = winklerScore(Array.from(term), Array.from(text))
  return score >= threshold ? score : undefined
}

// A match that is not exact never reaches 1.
const NOT_EXACT = 0.999

/**
 * How well `term` is spread over `text` (characters of both) in order: runs count by their square, gaps cost, 0 for no match.
 *
 * Source: Prometheus 3.14 util/strutil/subsequence.go.
 */
export function subsequenceScore(term: readonly string[], text: readonly string[]): number {
  if (term.length === 0) return 1
  let best = -1
  for (let start = 0; start <= text.length - term.length; start++) {
    if (text[start] !== term[0]) continue
    const score = scoreFrom(start, term, text)
    // What cannot be completed from here cannot be from further on.
    if (score === undefined) break
    best = Math.max(best, score)
  }
  if (best < 0) return 0
  return (best / (term.length * term.length)) * NOT_EXACT
}

function scoreFrom(start: number, term: readonly string[], text: readonly string[]): number | undefined {
  const cost = 1 / text.length
  let score = 0
  let at = start
  let matched = 0
  let last = -1
  while (matched < term.length) {
    while (at < text.length && text[at] !== term[matched]) at++
    if (at >= text.length) return undefined
    const from = at
    while (at < text.length && matched < term.length && text[at] === term[matched]) {
      at++
      matched++
    }
    const gap = from - last - 1
    if (gap > 0) score -= gap * cost
    score += (at - from) * (at - from)
    last = at - 1
  }
  const trailing = text.length - 1 - last
  return trailing > 0 ? score - trailing * cost * 0.5 : score
}

/** The Jaro-Winkler similarity of two texts. Source: Prometheus 3.14 util/strutil/jarowinkler.go. */
export function winklerScore(one: readonly string[], other: readonly string[]): number {
  const [short, long] = one.length > other.length ? [other, one] : [one, other]
  const pairs = matchedPairs(short, long)
  const matches = pairs.length
  if (matches === 0) return 0
  const inOrder = pairs.map(({ j }) => j).sort((a, b) => a - b)
  const transpositions = pairs.filter(({ i }, k) => short[i] !== long[inOrder[k]!]).length
  const jaro = (matches * (1 / short.length) + matches * (1 / long.length) + (matches - transpositions * 0.5) / matches) / 3
  let prefix = 0
  while (prefix < Math.min(4, short.length) && short[prefix] === long[prefix]) prefix++
  return jaro + prefix * 0.1 * (1 - jaro)
}

/** Which characters of the two find each other within the matching distance. */
function matchedPairs(short: readonly string[], long: readonly string[]): { i: number; j: number }[] {
  const distance = Math.max(Math.trunc(long.length / 2) - 1, 0)
  const taken = new Set<number>()
  const pairs: { i: number; j: number }[] = []
  for (const [i, char] of short.entries()) {
    for (let j = Math.max(i - distance, 0); j < Math.min(i + distance + 1, long.length); j++) {
      if (taken.has(j) || long[j] !== char) continue
      taken.add(j)
      pairs.push({ i, j })
      break
    }
  }
  return pairs
}
