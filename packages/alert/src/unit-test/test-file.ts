// Unit-test files as promtool has them. Source: Prometheus 3.14 cmd/promtool/unittest.go; documentation, unit testing for rules.

import type { UnixMs } from '@oriel/model'
import { AlertError } from '../errors.ts'
import type { YamlFields, YamlValue } from '../yaml-reader.ts'
import { YamlReader } from '../yaml-reader.ts'

/** A file of unit tests. */
export interface UnitTestFile {
  /** Patterns, relative to the file. */
  readonly ruleFiles: readonly string[]
  readonly evaluationIntervalMs: number
  /** Names of groups; those that are not named come first. */
  readonly groupOrder: readonly string[]
  /** Numbers may differ in the last bit. */
  readonly isFuzzy: boolean
  readonly tests: readonly UnitTest[]
}

/** Series, and what rules and queries make of them. */
export interface UnitTest {
  readonly name: string
  readonly line: number
  /** Between values of series. */
  readonly intervalMs: number
  readonly startMs: UnixMs
  readonly inputs: readonly { readonly series: string; readonly values: string }[]
  readonly alertTests: readonly AlertTest[]
  readonly queryTests: readonly QueryTest[]
  readonly externalLabels: ReadonlyMap<string, string>
  readonly externalUrl: string
}

/** Which alerts of a name must fire at a time. */
export interface AlertTest {
  readonly line: number
  readonly atMs: number
  readonly alert: string
  readonly expected: readonly {
    readonly labels: ReadonlyMap<string, string>
    readonly annotations: ReadonlyMap<string, string>
  }[]
}

/** What a query must answer at a time. */
export interface QueryTest {
  readonly line: number
  readonly expr: string
  readonly atMs: number
  /** `histogram` in the notation of series; '' for a float. */
  readonly expected: readonly { readonly labels: string; readonly value: number; readonly histogram: string }[]
}

const FILE_KEYS = ['rule_files', 'evaluation_interval', 'group_eval_order', 'tests', 'fuzzy_compare']
const TEST_KEYS =
  'interval input_series alert_rule_test promql_expr_test external_labels external_url name start_timestamp'.split(' ')
const DEFAULT_INTERVAL_MS = 60_000

/** Reads a file of unit tests. Throws ALERT_BAD_TEST with everything that is wrong. */
export function parseUnitTests(text: string): UnitTestFile {
  const yaml = new YamlReader(text)
  const fields = yaml.fields(yaml.root(), 'main.unitTestFile', FILE_KEYS)
  const evaluationIntervalMs = yaml.duration(fields.get('evaluation_interval')) || DEFAULT_INTERVAL_MS
  const file: UnitTestFile = {
    ruleFiles: yaml.texts(fields.get('rule_files')),
    evaluationIntervalMs,
    groupOrder: yaml.texts(fields.get('group_eval_order')),
    isFuzzy: yaml.boolean(fields.get('fuzzy_compare')),
    tests: yaml.items(fields.get('tests'), '[]main.testGroup').map((value) => readTest(yaml, value, evaluationIntervalMs)),
  }
  if (yaml.problems.length > 0)
    throw new AlertError(
      'ALERT_BAD_TEST',
      `yaml: unmarshal errors:\n${yaml.problems.map((problem) => `  ${problem}`).join('\n')}`,
    )
  const repeated = file.groupOrder.find((name, i) => file.groupOrder.indexOf(name) < i)
  if (repeated !== undefined) throw new AlertError('ALERT_BAD_TEST', `group name repeated in evaluation order: ${repeated}`)
  return file
}

function readTest(yaml: YamlReader, value: YamlValue, evaluationIntervalMs: number): UnitTest {
  const fields = yaml.fields(value, 'main.testGroup', TEST_KEYS)
  const list = <Item>(
    key: string,
    type: string,
    keys: readonly string[],
    read: (item: YamlFields, line: number) => Item,
  ): Item[] => yaml.items(fields.get(key), `[]${type}`).map((item) => read(yaml.fields(item, type, keys), item.place.line))
  return {
    name: yaml.text(fields.get('name')),
    line: value.place.line,
    intervalMs: yaml.duration(fields.get('interval')) || evaluationIntervalMs,
    startMs: readStart(yaml, fields.get('start_timestamp')),
    inputs: list('input_series', 'main.series', ['series', 'values'], (item) => ({
      series: yaml.text(item.get('series')),
      values: yaml.text(item.get('values')),
    })),
    alertTests: list('alert_rule_test', 'main.alertTestCase', ['eval_time', 'alertname', 'exp_alerts'], (item, line) => ({
      line,
      atMs: yaml.duration(item.get('eval_time')) ?? 0,
      alert: yaml.text(item.get('alertname')),
      expected: yaml.items(item.get('exp_alerts'), '[]main.alert').map((alert) => {
        const own = yaml.fields(alert, 'main.alert', ['exp_labels', 'exp_annotations'])
        const labels = new Map(yaml.textMap(own.get('exp_labels')))
        return { labels, annotations: new Map(yaml.textMap(own.get('exp_annotations'))) }
      }),
    })),
    queryTests: list('promql_expr_test', 'main.promqlTestCase', ['expr', 'eval_time', 'exp_samples'], (item, line) => ({
      line,
      expr: yaml.text(item.get('expr')),
      atMs: yaml.duration(item.get('eval_time')) ?? 0,
      expected: yaml.items(item.get('exp_samples'), '[]main.sample').map((sample) => {
        const own = yaml.fields(sample, 'main.sample', ['labels', 'value', 'histogram'])
        const value = yaml.number(own.get('value'))
        return { labels: yaml.text(own.get('labels')), value, histogram: yaml.text(own.get('histogram')) }
      }),
    })),
    externalLabels: new Map(yaml.textMap(fields.get('external_labels'))),
    externalUrl: yaml.text(fields.get('external_url')),
  }
}

/** Seconds since 1970, or RFC 3339. */
function readStart(yaml: YamlReader, value: YamlValue | undefined): UnixMs {
  const text = yaml.text(value)
  if (text === '' || value === undefined) return 0
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Math.round(Number(text) * 1_000)
  const tMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : NaN
  if (!Number.isNaN(tMs)) return tMs
  yaml.problem(value.place.line, `cannot parse ${JSON.stringify(text)} to a valid timestamp`)
  return 0
}
