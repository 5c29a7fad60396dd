// Every exposition that the public corpora hold, as bodies with a content type.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeFamilies } from '../../packages/wire/src/prom-proto/testing.ts'
import { goBytes, goItems, goText, readGoAfter } from './go-literal.ts'
import { readFamily } from './text-proto.ts'

/** One answer of a target, and the scrape options under which it is worth a look. */
export interface ExpositionCase {
  readonly name: string
  readonly contentType: string
  readonly body: Uint8Array
  /** The same with a recent start, in seconds; where a start is not a line of the text. */
  readonly recentBody?: (startS: number) => Uint8Array
  /** Names of `JOBS`. */
  readonly jobs: readonly string[]
}

/** Scrape options by the name of their job. */
export const JOBS: Readonly<Record<string, string>> = {
  plain: '',
  untimed: 'honor_timestamps: false',
  tracked: 'track_timestamps_staleness: true',
  nhcb: 'convert_classic_histograms_to_nhcb: true',
  nhcb_classic: 'convert_classic_histograms_to_nhcb: true\n    always_scrape_classic_histograms: true',
  native: 'scrape_native_histograms: true',
  native_classic: 'scrape_native_histograms: true\n    always_scrape_classic_histograms: true',
  native_nhcb: 'scrape_native_histograms: true\n    convert_classic_histograms_to_nhcb: true',
  legacy: 'metric_name_validation_scheme: legacy\n    metric_name_escaping_scheme: underscores',
  fallback_text: 'fallback_scrape_protocol: PrometheusText0.0.4',
  fallback_open: 'fallback_scrape_protocol: OpenMetricsText1.0.0',
  fallback_proto: 'fallback_scrape_protocol: PrometheusProto',
}

const TEXT = 'text/plain; version=0.0.4; charset=utf-8'
const OPEN = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
const PROTO = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'

// A number after a number.
const TIMED = /^[^#\n].*[ \t][-+.\w]+[ \t]+[-+.\w]+/m

/** Reads the corpora below `root`. Throws where one is not where it should be. */
export function readExpositionCases(root: string): ExpositionCase[] {
  const textparse = join(root, 'prometheus/model/textparse')
  const expfmt = join(root, 'common/expfmt')
  return [
    ...openMetricsCases(join(root, 'OpenMetrics/tests/testdata/parsers')),
    ...['promparse_test.go', 'openmetricsparse_test.go', 'nhcbparse_test.go'].flatMap((file) => goCases(textparse, file)),
    ...['text_parse_test.go', 'decode_test.go', 'encode_test.go'].flatMap((file) => goCases(expfmt, file)),
    ...['text_create_test.go', 'openmetrics_create_test.go', 'openmetrics_2_0_create_test.go'].flatMap((f) => goCases(expfmt, f)),
    ...fileCases(join(textparse, 'testdata')),
    ...fileCases(join(expfmt, 'testdata')),
    ...['protobufparse_test.go', 'nhcbparse_test.go'].flatMap((file) => familyCases(textparse, file)),
    ...protobufCases(expfmt),
    ...mediaTypeCases(textparse),
  ]
}

function openMetricsCases(directory: string): ExpositionCase[] {
  return readdirSync(directory).flatMap((folder) => {
    const test: { readonly file: string } = JSON.parse(readFileSync(join(directory, folder, 'test.json'), 'utf8'))
    return textCases(`OpenMetrics ${folder}`, readFileSync(join(directory, folder, test.file)), true)
  })
}

/** What a text must have for a job to be worth a look. */
const WORTH: Readonly<Record<string, RegExp>> = {
  plain: /^/,
  untimed: TIMED,
  tracked: TIMED,
  legacy: /\{ *"|^# \w+ +"|" *=/m,
  nhcb: /histogram/,
  nhcb_classic: /histogram/,
}

/** A text in both formats, in its own with more options. */
function textCases(name: string, body: Uint8Array, isOpen: boolean): ExpositionCase[] {
  const text = Buffer.from(body).toString('latin1')
  const jobs = Object.entries(WORTH).flatMap(([job, pattern]) => (pattern.test(text) ? [job] : []))
  const [own, other] = isOpen ? [OPEN, TEXT] : [TEXT, OPEN]
  return [
    { name, contentType: own, body, jobs },
    { name: `${name}, in the other format`, contentType: other, body, jobs: ['plain'] },
  ]
}

// What precedes an exposition in the tables: an input of a parser, or the output of a printer.
const MARKER = /\b(?:(?:input:|input :=|input \+=|in:|in =|out:|expOut:) +(?=["`])|return +(?=`#))/g

/** All expositions in a Go test. */
function goCases(directory: string, file: string): ExpositionCase[] {
  const source = readFileSync(join(directory, file), 'utf8')
  const texts: { line: number; text: string }[] = []
  for (const { 0: marker, index } of source.matchAll(MARKER)) {
    const text = goText(readGoAfter(source, marker, index))
    const last = texts.at(-1)
    if (marker.startsWith('input +=') && last !== undefined) last.text += text
    // Families in protobuf's text form, see `familyCases`.
    else if (!/^\s*name: "/.test(text)) texts.push({ line: source.slice(0, index).split('\n').length, text })
  }
  if (texts.length === 0) throw new Error(`no expositions in ${file}`)
  const isOpen = /openmetrics|nhcb/.test(file)
  return texts.flatMap(({ line, text }) => {
    const name = `${file}:${line}`
    const whole = textCases(name, goBytes(text), isOpen || text.includes('# EOF'))
    // A printer of single families leaves the end to its caller.
    const isPart = /_create_test/.test(file) && isOpen
    return isPart ? [...whole, ...textCases(`${name} with # EOF`, goBytes(`${text}# EOF\n`), true)] : whole
  })
}

function fileCases(directory: string): ExpositionCase[] {
  const files = readdirSync(directory).filter((file) => /^text$|\.txt$/.test(file))
  return files.flatMap((file) => textCases(file, readFileSync(join(directory, file)), file.includes('.om.')))
}

const PROTO_JOBS = ['plain', 'untimed', 'nhcb', 'nhcb_classic', 'native', 'native_classic', 'native_nhcb', 'legacy']

/** Families that Go tests write in protobuf's text form: together, as the tests have them, and each alone. */
function familyCases(directory: string, file: string): ExpositionCase[] {
  const source = readFileSync(join(directory, file), 'utf8')
  const cases: ExpositionCase[] = []
  for (const { 0: marker, index } of source.matchAll(
    /(?:testMetricFamilies := |metricFamiliesToProtobuf\(t, )(?=\[\]string\{)/g,
  )) {
    const name = `${file}:${source.slice(0, index).split('\n').length}`
    const families = goItems(readGoAfter(source, marker, index)).map(goText)
    if (families.length > 1) cases.push(familyCase(name, families))
    for (const family of families) cases.push(familyCase(`${name} ${readFamily(family).name}`, [family]))
  }
  for (const { 0: marker, index } of source.matchAll(/input: (?=`name:)/g)) {
    const name = `${file}:${source.slice(0, index).split('\n').length}`
    cases.push(familyCase(name, [goText(readGoAfter(source, marker, index))]))
  }
  if (cases.length === 0) throw new Error(`no families in ${file}`)
  return cases
}

function familyCase(name: string, families: readonly string[]): ExpositionCase {
  const encode = (texts: readonly string[]): Uint8Array => encodeFamilies(texts.map((text) => readFamily(text).message))
  const recentBody = (startS: number): Uint8Array =>
    encode(families.map((text) => text.replaceAll(START, (_all, before: string) => `${before}${startS}`)))
  const hasStart = families.some((text) => text.includes('start_timestamp'))
  return { name, contentType: PROTO, body: encode(families), jobs: PROTO_JOBS, ...(hasStart && { recentBody }) }
}

const START = /(start_timestamp: <\s*seconds: )\d+/g

/** Bodies of protobuf, good ones and broken ones. */
function protobufCases(directory: string): ExpositionCase[] {
  const source = readFileSync(join(directory, 'decode_test.go'), 'utf8')
  const from = source.indexOf('func TestProtoDecoder')
  const bodies = [...source.matchAll(/\bin: +(?=")/g)].filter(({ index }) => index > from)
  const inTable = bodies.map(({ 0: marker, index }) => ({
    name: `decode_test.go:${source.slice(0, index).split('\n').length}`,
    body: goBytes(goText(readGoAfter(source, marker, index))),
  }))
  const inFiles = ['protobuf', 'protobuf-multimessage'].map((file) => ({
    name: `testdata/${file}`,
    body: readFileSync(join(directory, 'testdata', file)),
  }))
  return [...inTable, ...inFiles].map((each) => ({ ...each, contentType: PROTO, jobs: PROTO_JOBS }))
}

const MEDIA_BODY = Buffer.from('# TYPE a gauge\na 1\n# EOF\n')

/** Content types that a parser is chosen by. */
function mediaTypeCases(directory: string): ExpositionCase[] {
  const source = readFileSync(join(directory, 'interface_test.go'), 'utf8')
  const types = new Set([...source.matchAll(/contentType: +("[^"]*")/g)].map(([, literal]) => goText(readGoAfter(literal!, ''))))
  return ['', ...types].map((contentType) => ({
    name: `content type ${JSON.stringify(contentType)}`,
    contentType,
    body: MEDIA_BODY,
    jobs: ['plain', 'fallback_text', 'fallback_open', 'fallback_proto'],
  }))
}

/**
 * The cases that say when counters began, with starts that are recent: what began long ago is nowhere given a zero.
 *
 * Starts follow one another from `startS` on, in seconds.
 */
export function withRecentStarts(cases: readonly ExpositionCase[], startS: number): ExpositionCase[] {
  return cases.flatMap((each) => {
    const text = Buffer.from(each.body)
    if (each.recentBody !== undefined) return [{ ...each, body: each.recentBody(startS) }]
    if (!text.includes('_created')) return []
    let starts = 0
    const recent = text.toString('latin1').replaceAll(CREATED, (_all, series: string) => `${series} ${startS + (starts++ % 20)}`)
    return [{ ...each, body: Buffer.from(recent, 'latin1') }]
  })
}

const CREATED = /^(\S*_created(?:"?[,{][^}]*\}|"\})?) \S+/gm

/** Whether the corpora are below `root`. */
export function hasExpositionCorpora(root: string): boolean {
  return ['OpenMetrics', 'prometheus', 'common'].every((folder) => existsSync(join(root, folder)))
}
