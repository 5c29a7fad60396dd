// Where Oriel answers otherwise than Prometheus 3.14.0, and why. Each has a reason that is not a defect of ours.
import type { Answer, Point } from './peer-prometheus.ts'
import { differenceOf } from './compare-answers.ts'

/** Why two answers to a query differ, when that is known and meant; `undefined` otherwise. */
export function knownDifference(query: string, theirs: Answer, ours: Answer): string | undefined {
  if (/g\|mix|h\|n/.test(query) && theirs.error === undefined && ours.error === SAME_LABELS) {
    return 'a float and a histogram under the same labels at the same time: an error here, both at once in Prometheus'
  }
  for (const { why, applies, map } of KNOWN) {
    if (!applies.test(query)) continue
    if (differenceOf(map(theirs), map(ours), { withNotes: true }) === undefined) return why
  }
  return undefined
}

interface Known {
  readonly why: string
  /** Queries that may be concerned. */
  readonly applies: RegExp
  /** Takes out of an answer what differs. */
  readonly map: (answer: Answer) => Answer
}

const KNOWN: readonly Known[] = [
  {
    why: 'what a float does in an aggregation of histograms is noted by the order of series, which operators leave to chance',
    applies: /(?:sum|avg).* (?:and|or|unless|on|ignoring) /,
    map: withoutAggregationNotes,
  },
  {
    why: 'of operands that do not go together only the last pair of a step is noted, by the order of series, which is left to chance',
    applies: /[-+*/<>=%^]|atan2/,
    map: ({ notes, ...answer }) => ({ ...answer, notes: notes.filter((note) => !note.includes('incompatible sample types')) }),
  },
  {
    why: 'whether a histogram has buckets below zero, Prometheus tells by the empty ones of its chunks too: it moves the zero bucket',
    applies: /histogram_(?:quantiles?|fraction)/,
    map: (answer) => withPoints(answer, ([t, value]) => [t, /^-?0(?:\.001|\.125)?$/.test(String(value)) ? '0' : value]),
  },
  {
    why: 'sine and cosine of huge numbers: the last digit of the argument decides all of the answer',
    applies: /\b(?:sin|cos)\(.*(?:exp|\^)/,
    map: (answer) => withPoints(answer, ([t]) => [t, '']),
  },
  {
    why: 'predict_linear over a subquery pinned by @ answers nothing in Prometheus, though other functions do',
    applies: /predict_linear\(.*\[[^\]]*:[^\]]*\](?: offset \S+)? @/,
    map: (answer) => ({ ...answer, series: new Map() }),
  },
  {
    why: 'the last digit of a float stands in a label',
    applies: /count_values/,
    map: (answer) => withKeys(answer, (key) => key.replace(/\["v","([^"]*)"\]/, (_, value: string) => shortened(value))),
  },
  {
    why: 'info() forgets in 3.14.0 that a name is to be dropped; mended in Prometheus after it',
    applies: /\binfo\(/,
    map: (answer) => withKeys(answer, (key) => key.replace(/\["__name__","up"\],?/, '')),
  },
  {
    why: 'empty buckets that the chunks of Prometheus hold show where they are multiplied by NaN or infinity',
    applies: /NaN|Inf|\/ 0|\* |\//,
    map: (answer) => withPoints(answer, ([t, value]) => [t, withoutNaNBuckets(value)]),
  },
  {
    why: 'a quantile of a histogram with negative counts: Prometheus ends at the empty buckets its chunks hold',
    applies: /histogram_quantiles?\(.*-/,
    map: (answer) => withPoints(answer, ([t]) => [t, '']),
  },
]

const SAME_LABELS = 'vector cannot contain metrics with the same labelset'

function withoutAggregationNotes({ notes, ...answer }: Answer): Answer {
  return { ...answer, notes: notes.filter((note) => !/mix of histograms|custom buckets were reconciled/.test(note)) }
}

function withKeys(answer: Answer, map: (key: string) => string): Answer {
  return { ...answer, series: new Map([...answer.series].map(([key, points]) => [map(key), points])) }
}

function shortened(value: string): string {
  const number = Number(value)
  return Number.isFinite(number) ? number.toPrecision(9) : value
}

function withPoints(answer: Answer, map: (point: Point) => Point): Answer {
  return { ...answer, series: new Map([...answer.series].map(([key, points]) => [key, points.map(map)])) }
}

function withoutNaNBuckets(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('buckets' in value) || !Array.isArray(value.buckets)) return value
  const buckets: unknown[] = value.buckets
  return { ...value, buckets: buckets.filter((bucket) => !Array.isArray(bucket) || bucket[3] !== 'NaN') }
}
