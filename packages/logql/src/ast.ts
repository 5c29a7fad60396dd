import type { MatchOp, Matcher } from '@oriel/model'
import type { TextSpan } from '@oriel/syntax'

// The syntax tree of LogQL. Every node says where it stands in the text: character offsets, `end` exclusive.
// Source: Grafana Loki documentation, "LogQL: Log query language" and its pages on log and metric queries.

interface Node {
  readonly span: TextSpan
}

/** A whole query. */
export type LogQLExpr = LogExpr | MetricExpr

/** A log query: a stream selector and the stages its lines pass through. */
export interface LogExpr extends Node {
  readonly kind: 'log'
  readonly matchers: readonly MatcherNode[]
  readonly stages: readonly Stage[]
}

/** A matcher of a stream selector, of a label filter, or of `drop` and `keep`. */
export interface MatcherNode extends Matcher, Node {}

/** One step of a pipeline. */
export type Stage =
  | LineFilterStage
  | JsonStage
  | LogfmtStage
  | TextParserStage
  | PlainStage
  | LineFormatStage
  | LabelFormatStage
  | LabelFilterStage
  | LabelsStage
  | UnwrapStage

export type LineFilterOp = '|=' | '!=' | '|~' | '!~' | '|>' | '!>'

/** `|= "a" or "b"`: the line passes when any alternative holds (for the negative operators: when none does). */
export interface LineFilterStage extends Node {
  readonly kind: 'lineFilter'
  readonly op: LineFilterOp
  readonly alternatives: readonly LineFilterValue[]
}

/** A text, or with `isIp` the argument of `ip("...")`. */
export interface LineFilterValue extends Node {
  readonly value: string
  readonly isIp: boolean
}

/** One `label="path"` of `json` and `logfmt`. A bare `label` means the path of that name. */
export interface Extraction extends Node {
  readonly label: string
  readonly path: string
}

export interface JsonStage extends Node {
  readonly kind: 'json'
  readonly extractions: readonly Extraction[]
}

export interface LogfmtStage extends Node {
  readonly kind: 'logfmt'
  readonly isStrict: boolean
  readonly keepsEmpty: boolean
  readonly extractions: readonly Extraction[]
}

/** `pattern` and `regexp`, with the text that names the captures. */
export interface TextParserStage extends Node {
  readonly kind: 'pattern' | 'regexp'
  readonly text: string
}

export interface PlainStage extends Node {
  readonly kind: 'unpack' | 'decolorize'
}

export interface LineFormatStage extends Node {
  readonly kind: 'lineFormat'
  readonly template: string
}

/** One assignment of `label_format`: from a template, or from another label (a rename). */
export interface LabelFormat extends Node {
  readonly label: string
  readonly from: { readonly kind: 'template'; readonly template: string } | { readonly kind: 'label'; readonly label: string }
}

export interface LabelFormatStage extends Node {
  readonly kind: 'labelFormat'
  readonly formats: readonly LabelFormat[]
}

export interface LabelFilterStage extends Node {
  readonly kind: 'labelFilter'
  readonly filter: LabelFilter
}

export type CompareOp = '==' | '!=' | '>' | '>=' | '<' | '<='

/** A test on labels. `and` and `or` bind equally and to the left, as Loki documents. */
export type LabelFilter =
  | (Node & { readonly kind: 'and' | 'or'; readonly left: LabelFilter; readonly right: LabelFilter })
  | (Node & { readonly kind: 'match'; readonly matcher: MatcherNode })
  | (Node & { readonly kind: 'ip'; readonly label: string; readonly op: '=' | '!='; readonly value: string })
  | (Node & {
      /** Durations are in seconds, bytes in bytes. `text` is the literal as written. */
      readonly kind: 'number' | 'duration' | 'bytes'
      readonly label: string
      readonly op: CompareOp
      readonly value: number
      readonly text: string
    })

/** `drop` and `keep`: names, or matchers that pick a label only when its value matches. */
export interface LabelsStage extends Node {
  readonly kind: 'drop' | 'keep'
  readonly labels: readonly LabelPick[]
}

export interface LabelPick extends Node {
  readonly name: string
  readonly matcher?: { readonly op: MatchOp; readonly value: string }
}

/** `unwrap label` or `unwrap bytes(label)`: the label whose value becomes the sample. */
export interface UnwrapStage extends Node {
  readonly kind: 'unwrap'
  readonly label: string
  readonly conversion: 'none' | 'bytes' | 'duration' | 'duration_seconds'
}

/** A metric query. */
export type MetricExpr =
  | RangeExpr
  | AggregateExpr
  | BinaryExpr
  | LabelReplaceExpr
  | HistogramQuantileExpr
  | VectorExpr
  | NumberExpr

/** A function over a window of lines or unwrapped values. */
export interface RangeExpr extends Node {
  readonly kind: 'range'
  readonly func: RangeFunction
  readonly log: LogExpr
  readonly rangeMs: number
  /** Positive looks back. */
  readonly offsetMs: number
  /** The quantile of `quantile_over_time`. */
  readonly parameter?: number
  readonly grouping?: Grouping
}

export const RANGE_FUNCTIONS = [
  'rate',
  'rate_counter',
  'count_over_time',
  'bytes_rate',
  'bytes_over_time',
  'absent_over_time',
  'sum_over_time',
  'avg_over_time',
  'max_over_time',
  'min_over_time',
  'first_over_time',
  'last_over_time',
  'stdvar_over_time',
  'stddev_over_time',
  'quantile_over_time',
] as const
export type RangeFunction = (typeof RANGE_FUNCTIONS)[number]

/** `by (...)` or `without (...)`. */
export interface Grouping extends Node {
  readonly kind: 'by' | 'without'
  readonly labels: readonly string[]
}

export const AGGREGATE_OPS = [
  'sum',
  'avg',
  'min',
  'max',
  'count',
  'stddev',
  'stdvar',
  'topk',
  'bottomk',
  'approx_topk',
  'sort',
  'sort_desc',
] as const
export type AggregateOp = (typeof AGGREGATE_OPS)[number]

export interface AggregateExpr extends Node {
  readonly kind: 'aggregate'
  readonly op: AggregateOp
  /** The k of `topk`, `bottomk`, `approx_topk`. */
  readonly parameter?: number
  readonly expr: MetricExpr
  readonly grouping?: Grouping
}

export const ARITHMETIC_OPS = ['+', '-', '*', '/', '%', '^'] as const
export const COMPARISON_OPS = ['==', '!=', '>', '>=', '<', '<='] as const
export const SET_OPS = ['and', 'or', 'unless'] as const
export type BinaryOp = (typeof ARITHMETIC_OPS)[number] | (typeof COMPARISON_OPS)[number] | (typeof SET_OPS)[number]

/** How two vectors pair: `on`/`ignoring` labels and `group_left`/`group_right` with labels to copy. */
export interface Matching extends Node {
  readonly kind: 'on' | 'ignoring'
  readonly labels: readonly string[]
  readonly group?: { readonly side: 'left' | 'right'; readonly include: readonly string[] }
}

export interface BinaryExpr extends Node {
  readonly kind: 'binary'
  readonly op: BinaryOp
  readonly left: MetricExpr
  readonly right: MetricExpr
  readonly returnsBool: boolean
  readonly matching?: Matching
}

export interface LabelReplaceExpr extends Node {
  readonly kind: 'labelReplace'
  readonly expr: MetricExpr
  readonly destination: string
  readonly replacement: string
  readonly source: string
  readonly regex: string
}

/** `histogram_quantile(q, v)` over `le` labels: an extension, LogQL as documented has no such function. */
export interface HistogramQuantileExpr extends Node {
  readonly kind: 'histogramQuantile'
  readonly quantile: number
  readonly expr: MetricExpr
}

export interface VectorExpr extends Node {
  readonly kind: 'vector'
  readonly value: number
}

export interface NumberExpr extends Node {
  readonly kind: 'number'
  readonly value: number
}
