// Two answers of the Prometheus API compared: the same series, times, kinds and notes, and numbers equal but for their last bits.
import type { Answer, Point } from './peer-prometheus.ts'

// 1e-9: floating-point functions differ in the last digits between Go and V8, and engines may add in another order.
const CLOSE = 1e-9

/** What is different, in words; `undefined` when nothing is. `withNotes` compares warnings and infos too. */
export function differenceOf(theirs: Answer, ours: Answer, { withNotes }: { readonly withNotes: boolean }): string | undefined {
  if (theirs.error !== undefined || ours.error !== undefined) {
    return kindOf(theirs.error) === kindOf(ours.error)
      ? undefined
      : `error: theirs ${theirs.error ?? 'none'}, ours ${ours.error ?? 'none'}`
  }
  if (theirs.type !== ours.type) return `type: theirs ${theirs.type}, ours ${ours.type}`
  for (const labels of new Set([...theirs.series.keys(), ...ours.series.keys()])) {
    const difference = seriesDifference(theirs.series.get(labels), ours.series.get(labels))
    if (difference !== undefined) return `${labels}: ${difference}`
  }
  if (!withNotes || theirs.notes.join('\n') === ours.notes.join('\n')) return undefined
  return `notes: theirs ${JSON.stringify(theirs.notes)}, ours ${JSON.stringify(ours.notes)}`
}

/** Which series an error names depends on the order of the storage; of syntax errors the rule they were found in is left out. */
function kindOf(error: string | undefined): string | undefined {
  return error?.replace(/ for the match group .*;many/, ';many').replace(/^(.*parse error: .*) in [a-z ]+$/, '$1')
}

function seriesDifference(theirs: readonly Point[] | undefined, ours: readonly Point[] | undefined): string | undefined {
  if (theirs === undefined || ours === undefined) {
    return theirs === undefined
      ? `only ours, ${JSON.stringify(ours).slice(0, 300)}`
      : `only theirs, ${JSON.stringify(theirs).slice(0, 300)}`
  }
  if (theirs.length !== ours.length) return `${theirs.length} points there, ${ours.length} here`
  for (const [i, [tSeconds, value]] of theirs.entries()) {
    const [ourSeconds, ourValue] = ours[i] ?? [NaN, undefined]
    if (tSeconds === ourSeconds && isClose(value, ourValue)) continue
    return `at ${tSeconds}: theirs ${JSON.stringify(value)}, ours ${JSON.stringify(ourValue)} at ${ourSeconds}`
  }
  return undefined
}

/** Floats are texts; histograms are trees of them. */
function isClose(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a === 'string' && typeof b === 'string') return isCloseNumber(numberOf(a), numberOf(b))
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => isClose(item, b[i]))
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))]
  return left.length === right.size && left.every(([key, value]) => isClose(value, right.get(key)))
}

function isCloseNumber(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b)
  return a === b || Math.abs(a - b) <= CLOSE * Math.max(Math.abs(a), Math.abs(b))
}

function numberOf(text: string): number {
  return Number(text.replace('Inf', 'Infinity'))
}
