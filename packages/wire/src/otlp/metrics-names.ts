// Names of OTLP metrics and attributes as Prometheus has them, strategy UnderscoreEscapingWithSuffixes.
//
// Source: prometheus/otlptranslator 1.0 metric_namer.go, label_namer.go and unit_namer.go.

/** What of an OTLP metric decides its suffixes. */
export type OtlpMetricKind = 'gauge' | 'counter' | 'updown' | 'histogram' | 'summary'

/** The Prometheus name of a metric, '' where nothing nameable remains. */
export function prometheusMetricName(name: string, unit: string, kind: OtlpMetricKind): string {
  let tokens = name.split(/[^a-zA-Z0-9:]+/).filter((token) => token !== '')
  const [main, per] = unitSuffixes(unit)
  tokens = addUnitTokens(tokens, cleanUnit(main), cleanUnit(per))
  if (kind === 'counter') tokens = [...tokens.filter((token) => token !== 'total'), 'total']
  // Counters of things often have the unit 1 by mistake: gauges alone are taken for ratios.
  if (unit === '1' && kind === 'gauge') tokens = [...tokens.filter((token) => token !== 'ratio'), 'ratio']
  const joined = tokens.join('_')
  return /^[0-9]/.test(joined) ? `_${joined}` : joined
}

/** The Prometheus name of an attribute, '' where nothing nameable remains. */
export function prometheusLabelName(attribute: string): string {
  const name = attribute.replace(/[^a-zA-Z0-9_]/gu, '_')
  if (/^_*$/.test(name)) return ''
  if (/^[0-9]/.test(name)) return `key_${name}`
  return name.startsWith('_') && !name.startsWith('__') ? `key${name}` : name
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
