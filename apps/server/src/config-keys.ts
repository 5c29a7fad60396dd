/** Products whose own ports can be opened. */
export const COMPAT_PRODUCTS = ['prometheus', 'loki', 'tempo', 'jaeger'] as const
export type CompatProduct = (typeof COMPAT_PRODUCTS)[number]

/** A key of the configuration: how it is written, its default and what it does. The reference in docs/ is made of these. */
export interface ConfigKey {
  readonly key: string
  readonly flag?: string
  readonly fallback: string
  readonly doc: string
}

/** Every key, in the order of the documentation. The environment has them as ORIEL_DATA_DIR, ORIEL_ENGINE_URL and so on. */
export const CONFIG_KEYS: readonly ConfigKey[] = [
  { key: 'data_dir', flag: '--data-dir', fallback: './data', doc: 'Directory that the embedded engine keeps everything in.' },
  {
    key: 'listen',
    flag: '--listen',
    fallback: '127.0.0.1:7070',
    doc: 'Address of the page and of every API. Port 0 picks a free one.',
  },
  { key: 'otlp_grpc', flag: '--otlp-grpc', fallback: '127.0.0.1:4317', doc: 'Address that takes OTLP over gRPC.' },
  {
    key: 'otlp_http',
    flag: '--otlp-http',
    fallback: '127.0.0.1:4318',
    doc: 'Address that takes OTLP over HTTP; the main one does too.',
  },
  {
    key: 'insecure',
    flag: '--insecure',
    fallback: 'false',
    doc: 'Allows addresses beyond loopback although nothing asks for a login yet.',
  },
  {
    key: 'engine.url',
    flag: '--engine-url',
    fallback: '',
    doc: 'A ClickHouse server to use instead of the embedded engine: http://user:password@host:8123.',
  },
  {
    key: 'metrics.recent_memory',
    fallback: '256MiB',
    doc: 'Memory that keeps the latest samples, so that dashboards and rules need no trip to the engine; 0 for none.',
  },
  {
    key: 'roles',
    flag: '--roles',
    fallback: 'ingest,query,ui',
    doc: 'What this process does. All of it, for now: other lists are refused.',
  },
  { key: 'tenant', fallback: 'default', doc: 'Tenant of requests without an X-Scope-OrgID header.' },
  { key: 'prometheus', fallback: '', doc: 'A prometheus.yml whose scrape_configs are scraped. Read again on reload.' },
  { key: 'rules', fallback: '[]', doc: "Rule files in Prometheus's format, patterns such as rules/*.yml. Read again on reload." },
  {
    key: 'max_concurrent_rules',
    flag: '--rules.max-concurrent-evals',
    fallback: '4',
    doc: 'How many rules run beside others of their group, with the feature concurrent-rule-eval.',
  },
  {
    key: 'external_url',
    fallback: '',
    doc: 'Where people find this server: links in alerts point there. Its own address by default.',
  },
  { key: 'prometheus.file', fallback: '', doc: 'The same, where other keys of prometheus stand beside it.' },
  {
    key: 'prometheus.features',
    flag: '--enable-feature',
    fallback: '[]',
    doc: "Feature flags by Prometheus's names, such as promql-experimental-functions.",
  },
  {
    key: 'prometheus.admin_api',
    flag: '--web.enable-admin-api',
    fallback: 'false',
    doc: 'Allows /api/v1/admin/tsdb: whoever reaches the API may then delete.',
  },
  {
    key: 'auto_reload',
    flag: '--config.auto-reload',
    fallback: 'false',
    doc: 'Reloads by itself when oriel.yaml, prometheus.yml, or a file with rules or jobs that they name has changed.',
  },
  {
    key: 'auto_reload_interval',
    flag: '--config.auto-reload-interval',
    fallback: '30s',
    doc: 'How often those files are looked at.',
  },
  {
    key: 'query.lookback_delta',
    flag: '--query.lookback-delta',
    fallback: '5m',
    doc: 'How far back PromQL looks for the latest sample.',
  },
  { key: 'query.timeout', flag: '--query.timeout', fallback: '2m', doc: 'How long a query may take.' },
  {
    key: 'query.max_concurrency',
    flag: '--query.max-concurrency',
    fallback: '20',
    doc: 'How many queries of one tenant run at the same time; more wait.',
  },
  {
    key: 'query.max_samples',
    flag: '--query.max-samples',
    fallback: '50000000',
    doc: 'How many samples one query may hold in memory.',
  },
  {
    key: 'remote_read.sample_limit',
    flag: '--storage.remote.read-sample-limit',
    fallback: '50000000',
    doc: 'How many samples one remote read may answer, where it is not streamed.',
  },
  {
    key: 'remote_read.max_frame_bytes',
    flag: '--storage.remote.read-max-bytes-in-frame',
    fallback: '1048576',
    doc: 'About how large a frame of a streamed remote read is.',
  },
  {
    key: 'cardinality.max_series',
    fallback: '2000000',
    doc: 'Active series that a tenant may have; past it new ones are refused. 0 for no limit. Read again on reload, as all of cardinality.',
  },
  {
    key: 'cardinality.max_series_per_metric',
    fallback: '200000',
    doc: 'Active series that a metric may have; past it new ones are summed over the label that grows most. 0 for no limit.',
  },
  {
    key: 'cardinality.metrics',
    fallback: '[]',
    doc: 'Budgets of single metrics, the first that matches: a list of { match: \'{__name__=~"debug_.*"}\', max_series: 1000 }.',
  },
  { key: 'cardinality.tenants', fallback: '{}', doc: 'The same three keys by tenant, where one has budgets of its own.' },
  {
    key: 'retention.default',
    fallback: '',
    doc: 'How long metrics are kept, such as 15d; for ever if not said. What goes goes day by day (UTC). Read again on reload.',
  },
  {
    key: 'retention.metrics',
    fallback: '[]',
    doc: 'How long single series are kept, the first that matches: a list of { match: \'{__name__=~"debug_.*"}\', keep: 2d }, or keep: forever.',
  },
  { key: 'retention.tenants', fallback: '{}', doc: 'The same two keys, default and metrics, by tenant.' },
  {
    key: 'rollups',
    fallback: 'true',
    doc: 'Rolls whole hours and days of samples up in the background, for rates, extremes and means over days. Costs 0.1 to 0.2 us of CPU a sample.',
  },
  {
    key: 'storage.cold.endpoint',
    fallback: '',
    doc: 'A bucket of an S3-compatible store that old samples move to, such as https://s3.eu-central-1.amazonaws.com/bucket/oriel/.',
  },
  { key: 'storage.cold.after', fallback: '7d', doc: 'When a day of samples (UTC) moves there: once all of it is older.' },
  { key: 'storage.cold.region', fallback: '', doc: 'Region that requests are signed for; by the address if not said.' },
  {
    key: 'storage.cold.access_key_id',
    fallback: '',
    doc: 'Key to sign requests with; without one those of the environment (AWS_...) or of the machine.',
  },
  { key: 'storage.cold.secret_access_key', fallback: '', doc: "The key's secret: better ${env:NAME} than the secret itself." },
  { key: 'storage.cold.secret_access_key_file', fallback: '', doc: 'A file that has the secret.' },
  { key: 'self', flag: '--no-self', fallback: 'true', doc: 'Stores our own metrics, logs and traces, under the service oriel.' },
  { key: 'log_level', fallback: 'info', doc: 'Least level that is logged: debug, info, warn or error.' },
  { key: 'cors_origins', fallback: '[]', doc: 'Pages of these origins may read answers in a browser; "*" for all.' },
  { key: 'web_dir', fallback: '', doc: 'Directory of the built page; the one of this program by default.' },
  {
    key: 'compat.enabled',
    flag: '--no-compat',
    fallback: 'true',
    doc: 'Opens the ports of other products that are named below.',
  },
  ...COMPAT_PRODUCTS.map((product) => ({
    key: `compat.ports.${product}`,
    fallback: '',
    doc: `Address at which the API of ${product} answers at its own root, such as 127.0.0.1:${usualPort(product)}.`,
  })),
]

function usualPort(product: CompatProduct): number {
  return { prometheus: 9_090, loki: 3_100, tempo: 3_200, jaeger: 16_686 }[product]
}
