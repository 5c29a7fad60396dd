/** How OTLP names become Prometheus's, by Prometheus's names. */
export type TranslationStrategy =
  | 'UnderscoreEscapingWithSuffixes'
  | 'UnderscoreEscapingWithoutSuffixes'
  | 'NoUTF8EscapingWithSuffixes'
  | 'NoTranslation'

/** What becomes of deltas: `stored` as they come (`otlp-native-delta-ingestion`), `summed` to totals (`otlp-deltatocumulative`). */
export type DeltaMode = 'refused' | 'stored' | 'summed'

/**
 * How OTLP metrics become Prometheus series.
 *
 * Source: Prometheus 3.14 docs/configuration/configuration.md `otlp`; `deltas` are its feature flags.
 */
export interface OtlpMetricSettings {
  readonly strategy: TranslationStrategy
  /** Resource attributes that become labels; with `promotesAll`, those that do not. */
  readonly attributes: readonly string[]
  readonly promotesAll: boolean
  /** Whether `target_info` has the attributes that `job` and `instance` are made of. */
  readonly keepsIdentifying: boolean
  readonly convertsToNhcb: boolean
  /** Whether name, version, schema and attributes of the scope become labels. */
  readonly promotesScope: boolean
  /** Whether names that begin with one underscore get `key` in front. */
  readonly sanitizesUnderscores: boolean
  /** Whether several underscores in a row stay so many. */
  readonly keepsUnderscores: boolean
  readonly deltas: DeltaMode
}

/** Prometheus's defaults. */
export const DEFAULT_OTLP_SETTINGS: OtlpMetricSettings = {
  strategy: 'UnderscoreEscapingWithSuffixes',
  attributes: [],
  promotesAll: false,
  keepsIdentifying: false,
  convertsToNhcb: false,
  promotesScope: false,
  sanitizesUnderscores: true,
  keepsUnderscores: true,
  deltas: 'refused',
}

/** Whether names may be any UTF-8. */
export function allowsUtf8({ strategy }: Pick<OtlpMetricSettings, 'strategy'>): boolean {
  return strategy === 'NoUTF8EscapingWithSuffixes' || strategy === 'NoTranslation'
}
