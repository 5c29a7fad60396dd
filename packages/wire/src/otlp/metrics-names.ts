// Names of OTLP metrics and attributes as Prometheus has them.
//
// Source: prometheus/otlptranslator 1.0 metric_namer.go, label_namer.go, strconv.go and unit_namer.go.

import { unreachable } from '@oriel/model'
import type { OtlpMetricSettings, TranslationStrategy } from './metrics-settings.ts'
import { allowsUtf8, DEFAULT_OTLP_SETTINGS } from './metrics-settings.ts'

/** What of an OTLP metric decides its suffixes. */
export type OtlpMetricKind = 'gauge' | 'counter' | 'updown' | 'histogram' | 'summary'

/** The Prometheus name of a metric, '' where nothing nameable remains. */
export function prometheusMetricName(
  name: string,
  unit: string,
  kind: OtlpMetricKind,
  strategy: TranslationStrategy = DEFAULT_OTLP_SETTINGS.strategy,
): string {
  switch (strategy) {
    case 'UnderscoreEscapingWithSuffixes':
      return nameable(escapedWithSuffixes(name, unit, kind), name)
    case 'UnderscoreEscapingWithoutSuffixes':
      return nameable(afterDigit(splitAt(name, /[^a-zA-Z0-9:_]+/).join('_')), name)
    case 'NoUTF8EscapingWithSuffixes':
      return withSuffixes(name, unit, kind)
    case 'NoTranslation':
      return name
    default:
      return unreachable(strategy)
  }
}

/** The Prometheus name of an attribute, '' where nothing nameable remains. */
export function prometheusLabelName(attribute: string, settings: OtlpMetricSettings = DEFAULT_OTLP_SETTINGS): string {
  if (allowsUtf8(settings)) return /^_*$/.test(attribute) ? '' : attribute
  const name = settings.keepsUnderscores ? attribute.replace(/[^a-zA-Z0-9_]/gu, '_') : collapsed(attribute)
  if (/^_*$/.test(name)) return ''
  if (/^[0-9]/.test(name)) return `key_${name}`
  return settings.sanitizesUnderscores && name.startsWith('_') && !name.startsWith('__') ? `key${name}` : name
}

/** Names that begin and end with two underscores are reserved: they keep these. */
function collapsed(attribute: string): string {
  const reserved = /^__(.+)__$/su.exec(attribute)?.[1]
  const name = (reserved ?? attribute).replace(/[^a-zA-Z0-9]+/gu, '_')
  return reserved === undefined ? name : `__${name}__`
}

function escapedWithSuffixes(name: string, unit: string, kind: OtlpMetricKind): string {
  let tokens: readonly string[] = splitAt(name, /[^a-zA-Z0-9:]+/)
  const [main, per] = unitSuffixes(unit)
  tokens = addUnitTokens(tokens, cleanUnit(main), cleanUnit(per))
  if (kind === 'counter') tokens = [...tokens.filter((token) => token !== 'total'), 'total']
  // Counters of things often have the unit 1 by mistake: gauges alone are taken for ratios.
  if (unit === '1' && kind === 'gauge') tokens = [...tokens.filter((token) => token !== 'ratio'), 'ratio']
  return afterDigit(tokens.join('_'))
}

/** Suffixes as above, on names that are otherwise left alone. Those the name ends with already are put into the right order. */
function withSuffixes(name: string, unit: string, kind: OtlpMetricKind): string {
  const isRatio = unit === '1' && kind === 'gauge'
  let bare = name
  if (isRatio) bare = withoutSuffix(bare, 'ratio')
  if (kind === 'counter') bare = withoutSuffix(bare, 'total')
  const [main, per] = unitSuffixes(unit)
  if (per !== '') bare = withoutSuffix(bare, per)
  if (main !== '' && !bare.endsWith(main)) bare = `${bare}_${main}`
  return [bare, per, kind === 'counter' ? 'total' : '', isRatio ? 'ratio' : '']
    .filter((part, i) => i === 0 || part !== '')
    .join('_')
}

/** The character before a suffix is taken for what separates it, whatever it is. */
function withoutSuffix(name: string, suffix: string): string {
  return name.endsWith(suffix) && name.length > suffix.length + 1 ? name.slice(0, -suffix.length - 1) : name
}

function splitAt(name: string, separator: RegExp): string[] {
  return name.split(separator).filter((token) => token !== '')
}

function afterDigit(name: string): string {
  return /^[0-9]/.test(name) ? `_${name}` : name
}

/** '' for a name of which escaping left underscores alone. */
function nameable(escaped: string, name: string): string {
  return escaped !== name && /^_*$/.test(escaped) ? '' : escaped
}

/** A unit in words: `By/s` is `bytes_per_second`. */
export function prometheusUnit(unit: string): string {
  const [main, per] = unitSuffixes(unit).map(cleanUnit)
  return [main, per]
    .filter((part) => part !== '')
    .join('_')
    .replace(/^_|_$/g, '')
}

function unitSuffixes(unit: string): readonly [main: string, per: string] {
  const slash = unit.indexOf('/')
  const main = (slash === -1 ? unit : unit.slice(0, slash)).trim()
  const per = slash === -1 ? '' : unit.slice(slash + 1).trim()
  // What stands in braces is a remark, not a unit.
  const isUnit = (text: string): boolean => text !== '' && !/[{}]/.test(text)
  return [isUnit(main) ? (UNITS.get(main) ?? main) : '', isUnit(per) ? `per_${PER_UNITS.get(per) ?? per}` : '']
}

function cleanUnit(unit: string): string {
  return unit
    .replace(/[^a-zA-Z0-9:]/gu, '_')
    .replace(/_+/g, '_')
    .replace(/^_/, '')
}

function addUnitTokens(tokens: readonly string[], main: string, per: string): string[] {
  const perSuffix = per === 'per_' ? '' : per.replace(/_$/, '')
  const isPerNew = perSuffix !== '' && !tokens.includes(perSuffix)
  const isMainNew = main !== '' && !tokens.includes(main)
  const mainSuffix = isPerNew ? main.replace(/_$/, '') : main
  return [...tokens, ...(isMainNew && mainSuffix !== '' ? [mainSuffix] : []), ...(isPerNew ? [perSuffix] : [])]
}

const UNITS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    d: 'days',
    h: 'hours',
    min: 'minutes',
    s: 'seconds',
    ms: 'milliseconds',
    us: 'microseconds',
    ns: 'nanoseconds',
    By: 'bytes',
    KiBy: 'kibibytes',
    MiBy: 'mebibytes',
    GiBy: 'gibibytes',
    TiBy: 'tibibytes',
    KBy: 'kilobytes',
    MBy: 'megabytes',
    GBy: 'gigabytes',
    TBy: 'terabytes',
    m: 'meters',
    V: 'volts',
    A: 'amperes',
    J: 'joules',
    W: 'watts',
    g: 'grams',
    Cel: 'celsius',
    Hz: 'hertz',
    '1': '',
    '%': 'percent',
  }),
)

const PER_UNITS: ReadonlyMap<string, string> = new Map(
  Object.entries({ s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week', mo: 'month', y: 'year' }),
)
