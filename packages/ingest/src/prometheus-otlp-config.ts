// The section `otlp` of a prometheus.yml: how OTLP metrics become series.
//
// Source: Prometheus 3.14 config/config.go OTLPConfig.

import type { OtlpMetricSettings } from '@oriel/wire'
import { DEFAULT_OTLP_SETTINGS } from '@oriel/wire'
import type { ConfigReader } from './config-reader.ts'
import type { NameScheme } from './relabel-config.ts'

const STRATEGIES = [
  'UnderscoreEscapingWithSuffixes',
  'UnderscoreEscapingWithoutSuffixes',
  'NoUTF8EscapingWithSuffixes',
  'NoTranslation',
] as const

/** Reads the section, with Prometheus's defaults. Throws `IngestError` INGEST_BAD_CONFIG. */
export function readOtlp(config: ConfigReader | undefined, scheme: NameScheme): OtlpMetricSettings {
  const defaults = DEFAULT_OTLP_SETTINGS
  if (config === undefined) return defaults
  const promoted = attributesOf(config, 'promote_resource_attributes')
  const ignored = attributesOf(config, 'ignore_resource_attributes')
  const promotesAll = config.boolean('promote_all_resource_attributes', false)
  if (promotesAll && promoted.length > 0)
    throw config.error('promote_all_resource_attributes is set already', 'promote_resource_attributes')
  if (!promotesAll && ignored.length > 0)
    throw config.error('it has a meaning with promote_all_resource_attributes only', 'ignore_resource_attributes')
  const settings: OtlpMetricSettings = {
    strategy: strategyOf(config, scheme),
    attributes: promotesAll ? ignored : promoted,
    promotesAll,
    keepsIdentifying: config.boolean('keep_identifying_resource_attributes', defaults.keepsIdentifying),
    convertsToNhcb: config.boolean('convert_histograms_to_nhcb', defaults.convertsToNhcb),
    promotesScope: config.boolean('promote_scope_metadata', defaults.promotesScope),
    sanitizesUnderscores: config.boolean('label_name_underscore_sanitization', defaults.sanitizesUnderscores),
    keepsUnderscores: config.boolean('label_name_preserve_multiple_underscores', defaults.keepsUnderscores),
    deltas: 'refused',
  }
  config.finish()
  return settings
}

function strategyOf(config: ConfigReader, scheme: NameScheme): OtlpMetricSettings['strategy'] {
  const given = config.string('translation_strategy', DEFAULT_OTLP_SETTINGS.strategy)
  const strategy = STRATEGIES.find((each) => each === given)
  if (strategy === undefined) throw config.error(`it must be one of ${STRATEGIES.join(', ')}`, 'translation_strategy')
  if (scheme === 'legacy' && strategy.startsWith('No'))
    throw config.error('this strategy needs metric_name_validation_scheme utf8', 'translation_strategy')
  return strategy
}

function attributesOf(config: ConfigReader, key: string): string[] {
  const names = config.strings(key).map((name) => name.trim())
  if (names.includes('')) throw config.error('an attribute has no name', key)
  if (new Set(names).size < names.length) throw config.error('an attribute is given twice', key)
  return names
}
