// Our Prometheus API beside a real Prometheus: the same samples and targets, every path asked alike, good and bad parameters; status
// codes, shapes and the texts of errors compared. Run: ORIEL_PEERS_DIR=<folder with bin/> node --conditions=source <this file> [-v]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pause, startOriel } from '../oriel.ts'
import { hasPeers, startPrometheus } from '../prometheus.ts'
import { remoteWrite, sendUntilAcknowledged } from '../senders.ts'

const isVerbose = process.argv.includes('-v')

/** `exact`: the whole answer is equal. `set`: but for the order of the list in `data`. `shape`: keys and types are. `status`: only the status is, the answer tells of other insides. */
type Mode = 'exact' | 'stats' | 'set' | 'shape' | 'status'

interface Question {
  readonly path: string
  readonly mode: Mode
  readonly method?: 'GET' | 'POST' | 'PUT'
  readonly form?: string
}

function questions(nowS: number): Question[] {
  const at = (mode: Mode, ...paths: readonly string[]): Question[] => paths.map((path) => ({ path: `/api/v1/${path}`, mode }))
  const range = `start=${nowS - 600}&end=${nowS}&step=60`
  const post = (path: string, form: string): Question => ({ path: `/api/v1/${path}`, mode: 'exact', method: 'POST', form })
  return [
    ...at('exact', ...QUERIES.map((query) => `query?time=${nowS}&query=${encodeURIComponent(query)}`)),
    ...at('exact', ...QUERIES.map((query) => `query_range?${range}&query=${encodeURIComponent(query)}`)),
    ...at('exact', ...QUERIES.map((query) => `format_query?query=${encodeURIComponent(query)}`)),
    ...at('exact', ...QUERIES.map((query) => `parse_query?query=${encodeURIComponent(query)}`)),
    ...at('set', ...SELECTORS.map((text) => `series?match[]=${text}`)),
    ...at('exact', ...SELECTORS.flatMap((text) => [`labels?match[]=${text}`, `label/job/values?match[]=${text}`])),
    ...at('exact', ...BAD_TIMES.map((text) => `query?query=m&time=${text}`)),
    ...at(
      'exact',
      ...BAD_TIMES.flatMap((text) => [`labels?start=${text}`, `series?match[]=m&end=${text}`, `label/a/values?start=${text}`]),
    ),
    ...at('exact', ...BAD_TIMES.map((text) => `query_range?query=m&start=${text}&end=${nowS}&step=60`)),
    ...at('exact', ...BAD_TIMES.map((text) => `query_exemplars?query=m&start=${text}`)),
    ...at('exact', ...BAD_DURATIONS.map((text) => `query_range?query=m&start=${nowS - 60}&end=${nowS}&step=${text}`)),
    ...at('exact', ...BAD_DURATIONS.map((text) => `query?query=m&time=${nowS}&timeout=${text}x`)),
    ...at('exact', ...BAD_DURATIONS.map((text) => `query?query=m&time=${nowS}&lookback_delta=${text}`)),
    ...at('exact', ...BAD_LIMITS.flatMap((text) => [`query?query=m&time=${nowS}&limit=${text}`, `labels?limit=${text}`])),
    ...at('exact', ...BAD_LIMITS.flatMap((text) => [`metadata?limit=${text}x`, `metadata?limit_per_metric=${text}x`])),
    ...at('exact', 'status/tsdb?limit=0', 'status/tsdb?limit=x', 'status/tsdb?limit=10001'),
    ...at('exact', 'query', 'query_range', 'series', 'format_query', 'parse_query', 'query_exemplars?query=1', 'query_exemplars'),
    ...at('exact', `query?query=m&time=${nowS}&limit=1`, `query_range?query=m&${range}&limit=2`, 'labels?limit=1'),
    ...at('shape', 'series?match[]=m&limit=1'),
    ...at('exact', `query_range?query=m&start=${nowS}&end=${nowS - 1}&step=1`, 'query_range?query=m&start=0&end=11001&step=1'),
    ...at('exact', `query_range?query=m&start=0&end=11000.5&step=1`, `query_range?query=m[1m]&${range}`),
    ...at('exact', 'labels', 'label/__name__/values', 'label/i/values', 'label/U__http_2e_path/values', 'label/none/values'),
    ...at('exact', 'label/job/values?match[]=m&match[]=http_requests_total', 'labels?match[]=m&match[]=http_requests_total'),
    ...at('set', `series?match[]=m&start=${nowS - 3_600}&end=${nowS}`, 'series?match[]=up&match[]=m'),
    ...at('shape', `query?query=m&time=${nowS}&stats=true`, `query_range?query=rate(m[5m])&${range}&stats=all`),
    ...at('shape', `query?query=m&time=${nowS}&stats=x`),
    ...at(
      'exact',
      'rules',
      'alerts',
      'alertmanagers',
      'rules?type=x',
      'rules?exclude_alerts=x',
      'rules?group_limit=x',
      'rules?group_limit=0',
    ),
    ...at('exact', 'rules?group_next_token=x', 'rules?group_limit=1&group_next_token=x', 'rules?match[]={', 'rules?type=alert'),
    ...at('exact', 'scrape_pools', 'metadata', 'metadata?metric=target_metric_total', 'metadata?metric=none'),
    ...at('status', 'metadata?limit=1'),
    ...at('exact', 'targets/metadata?metric=target_gauge', 'targets/metadata?match_target={job="none"}'),
    ...at('exact', 'targets/metadata?match_target={', 'targets/metadata?limit=x'),
    ...at('set', 'targets/metadata', 'targets/metadata?limit=1'),
    ...at('shape', 'targets', 'targets?state=active', 'targets?state=dropped', 'targets?scrapePool=none', 'targets?state=wrong'),
    ...at(
      'exact',
      'targets/relabel_steps',
      'targets/relabel_steps?scrapePool=test',
      'targets/relabel_steps?scrapePool=none&labels={}',
    ),
    ...at('exact', `targets/relabel_steps?scrapePool=test&labels=${encodeURIComponent('{"__address__":"a:1","x":"y"}')}`),
    ...at('exact', `targets/relabel_steps?scrapePool=test&labels=${encodeURIComponent('{"x":"drop"}')}`),
    ...at(
      'shape',
      'status/config',
      'status/runtimeinfo',
      'status/buildinfo',
      'status/tsdb',
      'status/walreplay',
      'status/tsdb/blocks',
    ),
    ...at('shape', 'status/self_metrics?metric_name_pattern=process_.*', 'notifications'),
    ...at('status', 'status/self_metrics', 'status/flags', 'features', 'status/self_metrics?metric_name_pattern=('),
    ...SEARCHES.map((path): Question => ({ path: `/api/v1/search/${path}`, mode: 'exact' })),
    ...at('stats', ...STATS.map((query) => `query?stats=all&time=${nowS}&query=${encodeURIComponent(query)}`)),
    ...at('stats', ...STATS.map((query) => `query_range?stats=all&${range}&query=${encodeURIComponent(query)}`)),
    post('query', `query=m&time=${nowS}`),
    post('query_range', `query=m&${range}`),
    post('labels', 'match[]=m'),
    post('series', 'match[]=m'),
    post('query_exemplars', 'query=m'),
    { path: '/api/v1/admin/tsdb/delete_series', mode: 'exact', method: 'POST' },
    { path: '/api/v1/admin/tsdb/delete_series?match[]={', mode: 'exact', method: 'PUT' },
    { path: '/api/v1/admin/tsdb/delete_series?match[]=none&start=x', mode: 'exact', method: 'POST' },
    { path: '/api/v1/admin/tsdb/delete_series?match[]=m{i="2"}', mode: 'exact', method: 'POST' },
    { path: '/api/v1/admin/tsdb/clean_tombstones', mode: 'exact', method: 'POST' },
    { path: '/api/v1/admin/tsdb/snapshot?skip_head=x', mode: 'exact', method: 'POST' },
    { path: `/api/v1/query?query=m&time=${nowS}`, mode: 'exact' },
    { path: '/federate?match[]=m', mode: 'exact' },
    { path: '/federate?match[]={__name__=~"m|http_requests_total|utf8.*"}', mode: 'exact' },
    { path: '/federate?match[]=m&match[]=m', mode: 'exact' },
    { path: '/federate', mode: 'exact' },
    { path: '/federate?match[]={', mode: 'exact' },
    { path: '/-/healthy', mode: 'status' },
    { path: '/-/ready', mode: 'status' },
  ]
}

const QUERIES = [
  'm',
  'm{i="1"}',
  'sum by (job) (m)',
  'rate(http_requests_total[5m])',
  'm offset 1m',
  'm @ 1',
  'max_over_time(m[5m:1m])',
  '{"utf8.metric", "http.path"="/a"}',
  'm * on (i) group_left (job) m',
  'm / ignoring (job) m > bool 1',
  '-m',
  '1 + 2 * 3',
  '"text"',
  'm[5m]',
  'topk(1, m)',
  'count_values("v", m)',
  'histogram_quantile(0.9, m)',
  'absent(none)',
  'm + on (i) m',
  'rate(m[5m])',
  'm{',
  '',
  'm{a="b",}',
  'sum(',
  'rate(m)',
  'm[',
  'foo bar',
  'limitk(1, m)',
  'm{i=~"("}',
  'm and m or m unless m',
  'label_replace(m, "x", "$1", "i", "(.*)")',
  'm == m',
  'info(m)',
  'm + fill(0) m',
  'vector(1) / 0',
  'time()',
  '{__name__=~"m|up.*", i!=""}',
  '{}',
  'm offset -1m',
  'avg without (i) (m)',
  'scalar(m{i="1"})',
  'm[5m:]',
  'm{i="1"} @ end()',
  'm[5m] offset 1d @ start()',
]
const STATS = [
  'm',
  'sum(m)',
  'rate(m[5m])',
  'm + on (i, job) m',
  'max_over_time(m[5m:1m])',
  'sum_over_time(rate(m[2m])[5m:30s])',
  'm @ end()',
  'rate(m[5m] @ end())',
  'm offset 2m',
  'sum_over_time(m[10s])',
  'absent(none)',
  '1',
  'quantile_over_time(scalar(m{i="1"}) / 100, m[3m])',
  'max_over_time(m[5m:1m] offset 1m)',
]
const SELECTORS = [
  'm',
  'm{i="1"}',
  '{job=~".%2B"}',
  '{}',
  '{a=""}',
  'm[5m]',
  '1',
  'm{',
  '',
  'm offset 1m',
  'none',
  '"m"',
  '{"utf8.metric"}',
]
const BAD_TIMES = ['x', '2020-01-01', '1e', '2020-13-01T00:00:00Z', '1x', '+', '-', '0x']
const BAD_DURATIONS = ['x', '-1', '0', '5q', '1h1h', '1e400', '']
const BAD_LIMITS = ['x', '-1', '1.5', '99999999999999999999', '+1', ' 1', '1x']
const SEARCHES = [
  'metric_names',
  'metric_names?search[]=m',
  'metric_names?search[]=req&sort_by=score&include_score=true',
  'metric_names?search[]=htp&fuzz_threshold=10&include_score=true',
  'metric_names?search[]=http_request&fuzz_alg=jarowinkler&fuzz_threshold=60&include_score=true&sort_by=score',
  'metric_names?search[]=HTTP&case_sensitive=false',
  'metric_names?limit=1',
  'metric_names?limit=2&batch_size=1',
  'metric_names?sort_by=alpha&sort_dir=dsc',
  'metric_names?include_metadata=true&search[]=target',
  'metric_names?match[]=m&match[]=up',
  'label_names',
  'label_names?search[]=jo',
  'label_names?match[]=m&sort_by=alpha',
  'label_values?label=i',
  'label_values?label=i&limit=2',
  'label_values',
  ...[
    'fuzz_threshold=x',
    'fuzz_alg=x',
    'sort_by=x',
    'sort_dir=asc',
    'sort_by=score',
    'sort_by=score&sort_dir=asc',
    'sort_by=alpha&sort_dir=x',
  ].map((text) => `metric_names?${text}`),
  ...[
    'limit=0',
    'limit=x',
    'limit=10001',
    'batch_size=0',
    'case_sensitive=x',
    'include_score=x',
    'include_metadata=x',
    'start=2&end=1',
  ].map((text) => `metric_names?${text}`),
  'metric_names?match[]={',
  `metric_names?${'search[]=a&'.repeat(33)}`,
]

const TARGET = `# HELP target_metric_total Counts.
# TYPE target_metric_total counter
target_metric_total{a="b"} 5
# HELP target_gauge A gauge.
# TYPE target_gauge gauge
target_gauge 1
`

function configuration(port: number): string {
  return `
global: { scrape_interval: 1s, scrape_timeout: 1s, external_labels: { region: eu } }
scrape_configs:
  - job_name: test
    static_configs: [{ targets: ['127.0.0.1:${port}', 'drop:1'] }]
    relabel_configs:
      - { source_labels: [__address__], regex: 'drop.*', action: drop }
      - { source_labels: [x], target_label: y, replacement: 'was-$1' }
      - { source_labels: [x], regex: drop, action: drop }
      - { source_labels: [x, y], target_label: shard, modulus: 8, action: hashmod }
      - { regex: x, action: labeldrop }
`
}

interface Reply {
  readonly status: number
  readonly type: string
  readonly text: string
}

async function ask(base: string, { path, method = 'GET', form }: Question): Promise<Reply> {
  const body = form === undefined ? {} : { body: new URLSearchParams(form) }
  const response = await fetch(base + path, { method, ...body })
  const type = (response.headers.get('content-type') ?? '').replace('; charset=utf-8', '')
  return { status: response.status, type, text: await response.text() }
}

/** What differs, '' when nothing does. */
function difference(mode: Mode, theirs: Reply, ours: Reply): string {
  if (theirs.status !== ours.status) return `status ${theirs.status} there, ${ours.status} here`
  if (mode === 'status') return ''
  if (theirs.type !== ours.type) return `type ${theirs.type} there, ${ours.type} here`
  if (theirs.type !== 'application/json') return theirs.text === ours.text ? '' : 'text differs'
  const [there, here]: unknown[] = [JSON.parse(theirs.text), JSON.parse(ours.text)]
  if (mode === 'set') return sameSet(there, here) ? '' : 'answers differ'
  // Times differ, and what is held at once is another matter here.
  if (mode === 'stats') for (const each of [there, here]) dropTimings(each)
  const [a, b] = mode === 'exact' || mode === 'stats' ? [sorted(there), sorted(here)] : [shapeOf(there), shapeOf(here)]
  return JSON.stringify(a) === JSON.stringify(b) ? '' : `answers differ`
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function dropTimings(answer: unknown): void {
  const data = isRecord(answer) ? answer['data'] : undefined
  const stats = isRecord(data) ? data['stats'] : undefined
  if (!isRecord(stats)) return
  delete stats['timings']
  if (isRecord(stats['samples'])) delete stats['samples']['peakSamples']
}

/** Whether both list the same in `data`: Prometheus orders series as it finds them. */
function sameSet(there: unknown, here: unknown): boolean {
  const print = (answer: unknown): string => {
    if (!isRecord(answer) || !Array.isArray(answer['data'])) return JSON.stringify(answer)
    return answer['data']
      .map((each) => JSON.stringify(sorted(each)))
      .sort()
      .join('\n')
  }
  return print(there) === print(here)
}

/** Objects by key: JSON has no order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  )
}

/** Types in the place of values; of a list the first. Maps by label name or pool have free keys. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])]
  if (!isRecord(value)) return value === null ? 'null' : typeof value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, shapeOf(each)]),
  )
}

async function fill(base: string, nowMs: number): Promise<void> {
  for (let step = 40; step >= 0; step--) {
    const tMs = nowMs - step * 15_000
    await sendUntilAcknowledged(base, remoteWrite('m', { series: 4, tMs, value: step, labels: { job: 'a' } }))
    await sendUntilAcknowledged(
      base,
      remoteWrite('http_requests_total', { series: 2, tMs, value: 100 - step, labels: { job: 'b' } }),
    )
    await sendUntilAcknowledged(base, remoteWrite('utf8.metric', { series: 1, tMs, value: 1, labels: { 'http.path': '/a' } }))
  }
}

async function main(): Promise<void> {
  const target = createServer((_request, response) => response.setHeader('content-type', 'text/plain; version=0.0.4').end(TARGET))
  const directory = mkdtempSync(join(tmpdir(), 'oriel-api-peer-'))
  const yaml = configuration(await listen(target))
  writeFileSync(join(directory, 'prometheus.yml'), yaml)
  writeFileSync(join(directory, 'oriel.yaml'), 'prometheus: { file: prometheus.yml, admin_api: true }\n')
  const prometheus = await startPrometheus(yaml, ['--enable-feature=search-api,promql-per-step-stats'])
  const oriel = await startOriel({
    args: ['--config', join(directory, 'oriel.yaml'), '--enable-feature', 'search-api,promql-per-step-stats'],
  })
  try {
    const nowMs = Math.floor(Date.now() / 1_000) * 1_000
    await Promise.all([fill(prometheus.http, nowMs), fill(oriel.http, nowMs)])
    // Prometheus takes up new targets after five seconds.
    await pause(8_000)
    let [passed, failed] = [0, 0]
    for (const question of questions(nowMs / 1_000)) {
      const [theirs, ours] = await Promise.all([ask(prometheus.http, question), ask(oriel.http, question)])
      const what = difference(question.mode, theirs, ours)
      if (what === '') passed++
      else {
        failed++
        console.log(`  ${question.method ?? 'GET'} ${question.path}: ${what}`)
        if (isVerbose) console.log(`    there ${theirs.text.slice(0, 600)}\n    here  ${ours.text.slice(0, 600)}`)
      }
    }
    console.log(`prometheus-api-peer: ${passed} passed, ${failed} failed`)
    if (failed > 0) process.exitCode = 1
  } finally {
    await oriel.close()
    await prometheus.close()
    target.closeAllConnections()
    target.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}

if (hasPeers('prometheus-api-peer', 'prometheus')) await main()
