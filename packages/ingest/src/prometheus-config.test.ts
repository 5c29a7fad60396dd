import { expect, test } from 'vitest'
import { labelsToRecord } from '@oriel/model'
import { parsePrometheusConfig } from './prometheus-config.ts'
import { makeGroup } from './discovery/groups.ts'
import { acceptHeader } from './scrape/negotiate.ts'
import { assembleTargets, printDuration } from './scrape/targets.ts'

const FULL = `
global:
  scrape_interval: 15s
  external_labels: { region: eu }
rule_files: [rules/*.yml]
remote_write: [{ url: http://x }]
scrape_configs:
  - job_name: node
    metrics_path: /m
    params: { module: [a, b] }
    honor_labels: yes
    body_size_limit: 10MB
    basic_auth: { username: u, password_file: p.txt }
    static_configs:
      - targets: ['a:1', 'b:2']
        labels: { env: 1.10 }
    relabel_configs:
      - { source_labels: [__address__], regex: b:.*, action: drop }
      - { source_labels: [__address__], target_label: __param_module, replacement: "$1!" }
      - { target_label: __scrape_interval__, replacement: 1m }
  - job_name: kube
    marathon_sd_configs: [{ servers: [http://m] }]
`

test('a whole configuration is read, and what means nothing here is noted with its line', () => {
  const { jobs, externalLabels, ruleFiles, notes } = parsePrometheusConfig(FULL)
  expect(externalLabels).toEqual({ region: 'eu' })
  expect(ruleFiles).toEqual(['rules/*.yml'])
  expect(jobs[0]).toMatchObject({
    jobName: 'node',
    intervalMs: 15_000,
    timeoutMs: 10_000,
    metricsPath: '/m',
    honorLabels: true,
    bodySizeLimit: 10 * 2 ** 20,
    discoveries: [
      { kind: 'static', groups: [{ targets: [{ __address__: 'a:1' }, { __address__: 'b:2' }], labels: { env: '1.10' } }] },
    ],
    http: { basicAuth: { username: { kind: 'value', value: 'u' }, password: { kind: 'file', path: 'p.txt' } } },
  })
  expect(notes).toEqual([
    expect.stringMatching(/prometheus.yml:22 scrape_configs\[1\].marathon_sd_configs: job kube: .* not supported/),
    expect.stringMatching(/prometheus.yml:6 remote_write is not supported and was ignored/),
  ])
})

test('targets are assembled as Prometheus does', () => {
  const [job] = parsePrometheusConfig(FULL).jobs
  const { active, dropped } = assembleTargets(job!, [makeGroup(['a:1', 'b:2'], { env: '1.10' })])
  expect(active).toHaveLength(1)
  expect(active[0]).toMatchObject({ url: 'http://a:1/m?module=a%3A1%21&module=b', intervalMs: 60_000, timeoutMs: 10_000 })
  expect(labelsToRecord(active[0]!.labels)).toEqual({ env: '1.10', instance: 'a:1', job: 'node' })
  expect(labelsToRecord(dropped[0]!.discoveredLabels)).toMatchObject({
    __address__: 'b:2',
    __scheme__: 'http',
    __param_module: 'a',
  })
})

test.each([
  ['scrape_configs: [{ job_name: a, scrape_timeout: 2m }]', /longer than the interval/],
  ['scrape_configs: [{ job_name: a }, { job_name: a }]', /given twice/],
  ['scrape_configs: [{ metrics_path: /x }]', /prometheus.yml:1 scrape_configs\[0\].*: a job needs a name/],
  ['scrape_configs: [{ job_name: a, scrape_interval: soon }]', /expected a duration such as 15s, not "soon"/],
  ['scrape_configs: [{ job_name: a, scheme: ftp }]', /unknown scheme "ftp"/],
  ['scrape_configs: { a: b }', /expected a list/],
  ['a: 1\na: 2', /Map keys must be unique/],
  [
    'scrape_configs: [{ job_name: a, metric_path: /x }]',
    /scrape_configs\[0\].metric_path: unknown key, did you mean metrics_path\?/,
  ],
  ['a: [', /cannot read prometheus.yml/],
  ['scrape_configs: [{ job_name: a, basic_auth: { username: u }, bearer_token: t }]', /at most one of basic_auth/],
  ['scrape_configs: [{ job_name: a, file_sd_configs: [{ files: ["*/x.yml"] }] }]', /with \* in its last part only/],
])('%s is refused', (text, reason) => {
  expect(() => parsePrometheusConfig(text)).toThrow(reason)
})

test('feature flags change what holds where nothing is said', () => {
  const text =
    'scrape_configs: [{ job_name: a }, { job_name: b, extra_scrape_metrics: false, scrape_protocols: [PrometheusText0.0.4] }]'
  const read = (...features: readonly string[]) =>
    parsePrometheusConfig(text, 'prometheus.yml', { features }).jobs.map(({ hasExtraMetrics, protocols }) => [
      hasExtraMetrics,
      protocols[0],
    ])
  const other = [false, 'PrometheusText0.0.4']
  expect(read()).toEqual([[false, 'OpenMetricsText1.0.0'], other])
  expect(read('extra-scrape-metrics', 'st-storage')).toEqual([[true, 'PrometheusProto'], other])
  expect(read('created-timestamp-zero-ingestion')).toEqual([[false, 'PrometheusProto'], other])
})

test('an empty file is a configuration without jobs', () => {
  expect(parsePrometheusConfig('')).toMatchObject({ jobs: [], notes: [] })
})

test('durations print as Prometheus prints them', () => {
  expect([15_000, 90_000, 500, 604_800_000, 691_200_000, 0].map(printDuration)).toEqual([
    '15s',
    '1m30s',
    '500ms',
    '1w',
    '8d',
    '0s',
  ])
})

test('the Accept header asks for the protocols in their order', () => {
  const { protocols } = parsePrometheusConfig('scrape_configs: [{ job_name: a }]').jobs[0]!
  expect(acceptHeader(protocols, 'allow-utf-8')).toBe(
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
  )
})
