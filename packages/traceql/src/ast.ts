import type { SpanKind, SpanStatus } from '@oriel/model'
import type { TextSpan } from '@oriel/syntax'

// The syntax tree of TraceQL. Every node says where it stands in the text.
// Source: Grafana Tempo documentation, "TraceQL" and its pages on selectors, structural operators, aggregators and metrics.

interface Node {
  readonly span: TextSpan
}

/** A whole query: spansets through stages, perhaps turned into series, with hints. */
export interface TraceQuery extends Node {
  readonly pipeline: Pipeline
  readonly metrics?: MetricsStage
  readonly hints: readonly Hint[]
}

/** `with (name=value)`: advice to the engine that does not change what is found. */
export interface Hint extends Node {
  readonly name: string
  readonly value: Literal
}

/** A spanset expression and the stages behind it. */
export interface Pipeline extends Node {
  readonly kind: 'pipeline'
  readonly source: SpansetExpr
  readonly stages: readonly PipelineStage[]
}

/** Spans of a trace: by a filter, or by joining two spansets. */
export type SpansetExpr = FilterExpr | SpansetBinary | Pipeline | ScalarFilterStage

/** `{ condition }`; no condition selects every span. */
export interface FilterExpr extends Node {
  readonly kind: 'filter'
  readonly condition?: FieldExpr
}

/**
 * Structural operators keep spans of the right side by their relation to spans of the left: child `>`, descendant `>>`, parent
 * `<`, ancestor `<<`, sibling `~`. With `!` in front, those without such a relation; with `&`, the partners of both sides.
 */
export const STRUCTURAL_OPS = ['>', '>>', '<', '<<', '~', '!>', '!>>', '!<', '!<<', '!~', '&>', '&>>', '&<', '&<<', '&~'] as const
export type StructuralOp = (typeof STRUCTURAL_OPS)[number]

export interface SpansetBinary extends Node {
  readonly kind: 'spansetBinary'
  readonly op: '&&' | '||' | StructuralOp
  readonly left: SpansetExpr
  readonly right: SpansetExpr
}

export type PipelineStage = SpansetExpr | ByStage | CoalesceStage | SelectStage

/** `count() > 2`: keeps spansets whose aggregates compare so. */
export interface ScalarFilterStage extends Node {
  readonly kind: 'scalarFilter'
  readonly op: CompareOp
  readonly left: ScalarExpr
  readonly right: ScalarExpr
}

export type ScalarExpr =
  | Literal
  | (Node & { readonly kind: 'aggregate'; readonly op: 'count' | 'avg' | 'min' | 'max' | 'sum'; readonly field?: FieldExpr })
  | (Node & { readonly kind: 'arithmetic'; readonly op: ArithmeticOp; readonly left: ScalarExpr; readonly right: ScalarExpr })

export interface ByStage extends Node {
  readonly kind: 'by'
  readonly field: FieldExpr
}

export interface CoalesceStage extends Node {
  readonly kind: 'coalesce'
}

/** `select(...)`: fields to show; does not change what is found. */
export interface SelectStage extends Node {
  readonly kind: 'select'
  readonly fields: readonly FieldExpr[]
}

export const METRICS_FUNCTIONS = [
  'rate',
  'count_over_time',
  'min_over_time',
  'max_over_time',
  'avg_over_time',
  'sum_over_time',
  'quantile_over_time',
  'histogram_over_time',
  'compare',
] as const
export type MetricsFunction = (typeof METRICS_FUNCTIONS)[number]

/** A metrics function at the end of a query, with `by (...)` and second-stage functions such as `topk(10)`. */
export interface MetricsStage extends Node {
  readonly func: MetricsFunction
  readonly arguments: readonly (FieldExpr | FilterExpr)[]
  readonly by: readonly FieldExpr[]
  readonly second: readonly { readonly func: 'topk' | 'bottomk'; readonly count: number }[]
}

export const COMPARE_OPS = ['=', '!=', '=~', '!~', '>', '>=', '<', '<='] as const
export type CompareOp = (typeof COMPARE_OPS)[number]
export const ARITHMETIC_OPS = ['+', '-', '*', '/', '%', '^'] as const
export type ArithmeticOp = (typeof ARITHMETIC_OPS)[number]

/** An expression over the fields of one span. */
export type FieldExpr =
  | Literal
  | AttributeExpr
  | IntrinsicExpr
  | (Node & { readonly kind: 'not' | 'negate'; readonly operand: FieldExpr })
  | (Node & {
      readonly kind: 'fieldBinary'
      readonly op: '&&' | '||' | CompareOp | ArithmeticOp
      readonly left: FieldExpr
      readonly right: FieldExpr
    })

export const ATTRIBUTE_SCOPES = ['any', 'span', 'resource', 'parent', 'event', 'link', 'instrumentation'] as const
export type AttributeScope = (typeof ATTRIBUTE_SCOPES)[number]

/** `.key`, `span.key`, `resource.key` ...; `any` looks at the span first, then at the resource. */
export interface AttributeExpr extends Node {
  readonly kind: 'attribute'
  readonly scope: AttributeScope
  readonly key: string
}

/** Built-in fields, by the name used here. */
export const INTRINSICS = [
  'name',
  'duration',
  'status',
  'statusMessage',
  'kind',
  'spanId',
  'parentId',
  'childCount',
  'rootName',
  'rootServiceName',
  'traceDuration',
  'traceId',
  'nestedSetLeft',
  'nestedSetRight',
  'nestedSetParent',
  'eventName',
  'eventTimeSinceStart',
  'linkSpanId',
  'linkTraceId',
  'instrumentationName',
  'instrumentationVersion',
] as const
export type Intrinsic = (typeof INTRINSICS)[number]

export interface IntrinsicExpr extends Node {
  readonly kind: 'intrinsic'
  readonly name: Intrinsic
}

/** A constant. Durations are in nanoseconds; `text` is as written where that matters for printing. */
export type Literal =
  | (Node & { readonly kind: 'string'; readonly value: string })
  | (Node & { readonly kind: 'number' | 'duration'; readonly value: number; readonly text: string })
  | (Node & { readonly kind: 'boolean'; readonly value: boolean })
  | (Node & { readonly kind: 'nil' })
  | (Node & { readonly kind: 'status'; readonly value: SpanStatus })
  | (Node & { readonly kind: 'spanKind'; readonly value: SpanKind })
