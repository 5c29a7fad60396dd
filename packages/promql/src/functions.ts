import type { ValueType } from './ast.ts'

/** The signature of a function. */
export interface FunctionSignature {
  readonly name: string
  readonly argTypes: readonly ValueType[]
  /** How many of the last argument may follow or be left out: 0 none, -1 any number; with n > 0 the last is optional. */
  readonly variadic: number
  readonly returnType: ValueType
  /** Needs the flag `promql-experimental-functions`. */
  readonly isExperimental: boolean
}

/** Every function of Prometheus 3.14 by name. Source: Prometheus promql/parser/functions.go. */
export const FUNCTIONS: ReadonlyMap<string, FunctionSignature> = new Map<string, FunctionSignature>([
  ...signatures(
    'abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor histogram_avg histogram_count histogram_sum ' +
      'histogram_stddev histogram_stdvar ln log10 log2 rad sgn sin sinh sort sort_desc sqrt tan tanh timestamp',
    ['vector'],
  ),
  ...signatures(
    'absent_over_time avg_over_time changes count_over_time delta deriv first_over_time idelta increase irate last_over_time ' +
      'max_over_time min_over_time present_over_time rate resets stddev_over_time stdvar_over_time sum_over_time',
    ['matrix'],
  ),
  ...signatures('days_in_month day_of_month day_of_week day_of_year hour minute month year', ['vector'], { variadic: 1 }),
  ...signatures('clamp', ['vector', 'scalar', 'scalar']),
  ...signatures('clamp_max clamp_min', ['vector', 'scalar']),
  ...signatures('round', ['vector', 'scalar'], { variadic: 1 }),
  ...signatures('histogram_fraction', ['scalar', 'scalar', 'vector']),
  ...signatures('histogram_quantile', ['scalar', 'vector']),
  ...signatures('label_replace', ['vector', 'string', 'string', 'string', 'string']),
  ...signatures('label_join', ['vector', 'string', 'string', 'string'], { variadic: -1 }),
  ...signatures('predict_linear', ['matrix', 'scalar']),
  ...signatures('quantile_over_time', ['scalar', 'matrix']),
  ...signatures('pi time', [], { returnType: 'scalar' }),
  ...signatures('scalar', ['vector'], { returnType: 'scalar' }),
  ...signatures('vector', ['scalar']),
  ...signatures('start end step range', [], { returnType: 'scalar', isExperimental: true }),
  ...signatures('max_of min_of', ['scalar', 'scalar'], { returnType: 'scalar', isExperimental: true }),
  ...signatures('histogram_quantiles', ['vector', 'string', 'scalar', 'scalar'], { variadic: 9, isExperimental: true }),
  ...signatures('double_exponential_smoothing', ['matrix', 'scalar', 'scalar'], { isExperimental: true }),
  ...signatures('info', ['vector', 'vector'], { variadic: 1, isExperimental: true }),
  ...signatures('mad_over_time ts_of_first_over_time ts_of_max_over_time ts_of_min_over_time ts_of_last_over_time', ['matrix'], {
    isExperimental: true,
  }),
  ...signatures('sort_by_label sort_by_label_desc', ['vector', 'string'], { variadic: -1, isExperimental: true }),
  ...signatures('start_timestamp', ['vector'], { isExperimental: true }),
])

function signatures(
  names: string,
  argTypes: readonly ValueType[],
  {
    variadic = 0,
    returnType = 'vector',
    isExperimental = false,
  }: { variadic?: number; returnType?: ValueType; isExperimental?: boolean } = {},
): [string, FunctionSignature][] {
  return names.split(' ').map((name) => [name, { name, argTypes, variadic, returnType, isExperimental }])
}
