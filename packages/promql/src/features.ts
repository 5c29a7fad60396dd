/** What of PromQL is on: Prometheus's feature flags by their meaning. */
export interface PromqlFeatures {
  /** `promql-experimental-functions`: functions and aggregations marked experimental. */
  readonly experimentalFunctions: boolean
  /** `promql-duration-expr`: arithmetic in durations. */
  readonly durationExpressions: boolean
  /** `promql-extended-range-selectors`: `anchored` and `smoothed`. */
  readonly extendedRangeSelectors: boolean
  /** `promql-binop-fill-modifiers`: `fill`, `fill_left`, `fill_right`. */
  readonly fillModifiers: boolean
  /** `promql-delayed-name-removal`: drop `__name__` at the end of the query, not in each function. */
  readonly delayedNameRemoval: boolean
  /** `use-start-timestamps`: `rate` and its kin, `resets` and `start_timestamp` look at when counters began. */
  readonly useStartTimestamps: boolean
  /** `type-and-unit-labels`: `__type__` says whether a metric is a counter, not its name. */
  readonly typeAndUnitLabels: boolean
}

/** As a Prometheus 3.14 without flags: duration expressions are on, everything else is off. */
export const DEFAULT_FEATURES: PromqlFeatures = {
  experimentalFunctions: false,
  durationExpressions: true,
  extendedRangeSelectors: false,
  fillModifiers: false,
  delayedNameRemoval: false,
  useStartTimestamps: false,
  typeAndUnitLabels: false,
}

/** Everything on that changes the language: what Prometheus's own test scripts run with. */
export const ALL_FEATURES: PromqlFeatures = {
  experimentalFunctions: true,
  durationExpressions: true,
  extendedRangeSelectors: true,
  fillModifiers: true,
  delayedNameRemoval: true,
  useStartTimestamps: true,
  typeAndUnitLabels: false,
}

const BY_FLAG: Readonly<Record<string, keyof PromqlFeatures>> = {
  'promql-experimental-functions': 'experimentalFunctions',
  'promql-duration-expr': 'durationExpressions',
  'promql-extended-range-selectors': 'extendedRangeSelectors',
  'promql-binop-fill-modifiers': 'fillModifiers',
  'promql-delayed-name-removal': 'delayedNameRemoval',
  'use-start-timestamps': 'useStartTimestamps',
  'type-and-unit-labels': 'typeAndUnitLabels',
}

/** The features for a list of Prometheus flag names; names that are none of PromQL's are left to their owners. */
export function featuresOfFlags(flags: Iterable<string>): PromqlFeatures {
  const features = { ...DEFAULT_FEATURES }
  for (const flag of flags) {
    const feature = BY_FLAG[flag]
    if (feature !== undefined) features[feature] = true
  }
  return features
}
