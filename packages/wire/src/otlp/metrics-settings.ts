/** How OTLP names become Prometheus's, by Prometheus's names. */
export type TranslationStrategy =
  | 'UnderscoreEscapingWithSuffixes'
  | 'UnderscoreEscapingWithoutSuffixes'
  | 'NoUTF8EscapingWithSuffixes'
  | 'NoTranslation'

/**
 * How OTLP metrics become Prometheus series.
 *
 * Source: Prometheus 3.14 docs/configuration/configuration.md `otlp`; `allowsDelta` is its flag `otlp-native-delta-ingestion`.
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
  readonly allowsDelta: boolean
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
  allowsDelta: false,
}

/** Whether names may be any UTF-8. */
export function allowsUtf8({ strategy }: Pick<OtlpMetricSettings, 'strategy'>): boolean {
  return strategy === 'NoUTF8EscapingWithSuffixes' || strategy === 'NoTranslation'
}
