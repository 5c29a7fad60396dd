import { Command, Option } from 'commander'
import { addCheckCommands } from './program-check.ts'
// The server is loaded only by the commands that run it: a query or --help must not wait for it.
import type { QueryOptions } from './query.ts'
import { queryLogQL, queryPromQL, queryTrace, queryTraces } from './query.ts'
import type { ServeFlags } from './serve.ts'
import type { Terminal } from './table.ts'
import { currentTerminal } from './table.ts'

/** The whole command line. */
export function makeProgram(): Command {
  const program = new Command('oriel')
    .description('Metrics, logs and traces in one program: takes what your tools send, answers what your tools ask.')
    .showHelpAfterError('(try "oriel --help")')
    .addHelpText('after', PROGRAM_EXAMPLES)
  withServeFlags(program.command('serve'))
    .description('run the server and the page')
    .addHelpText('after', SERVE_EXAMPLES)
    .action(async (flags: ServeFlags) => (await import('./serve.ts')).runServe(flags))
  withServeFlags(program.command('demo'))
    .description('run the server with a demo shop that sends it real metrics, logs and traces')
    .option('--rate <n>', 'shopper actions a second; each makes about ten spans', '6')
    .option('--fault <name>', 'start with something going wrong; see examples/shop', 'none')
    .addHelpText('after', DEMO_EXAMPLES)
    .action(async (flags: ServeFlags & { rate: string; fault: string }) => (await import('./demo.ts')).runDemo(flags))
  addQueryCommands(program.command('query').description('ask a running server'))
  addCheckCommands(program)
  program
    .command('retention')
    .description('what the configuration of retention would delete now, at a running server; it deletes by itself every hour')
    .option('--dry-run', 'say it, and delete nothing: the only way there is')
    .addOption(new Option('--url <url>', 'address of the server').default('http://127.0.0.1:7070').env('ORIEL_URL'))
    .option('--json', "print the API's JSON")
    .action(async (options: { url: string; json?: boolean }) => {
      const { planRetention } = await import('./retention.ts')
      process.stdout.write(await planRetention(options, currentTerminal()))
    })
  program
    .command('restore')
    .description('make a snapshot of /api/v1/admin/tsdb/snapshot the store of an empty data directory')
    .argument('<name>', 'name of the snapshot, in `snapshots` of the data directory')
    .option('--config.auto-reload', 'reload when a file of the configuration has changed')
    .option('--config.auto-reload-interval <duration>', 'how often to look (default: 30s)')
    .option('--data-dir <dir>', 'the data directory, with nothing but `snapshots` in it', './data')
    .action(async (name: string, { dataDir }: { dataDir: string }) => {
      const { restoreSnapshot } = await import('@oriel/server')
      await restoreSnapshot({ dataDir, name })
    })
  program
    .command('version')
    .description('print versions')
    .action(async () => {
      const { printVersion } = await import('./version.ts')
      process.stdout.write(printVersion())
    })
  return program
}

function withServeFlags(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file; oriel.yaml of this directory when there is one')
    .option('--config.auto-reload', 'reload when a file of the configuration has changed')
    .option('--config.auto-reload-interval <duration>', 'how often to look (default: 30s)')
    .option('--data-dir <dir>', 'where everything is kept (default: ./data)')
    .option('--listen <host:port>', 'page and APIs (default: 127.0.0.1:7070; port 0 picks a free one)')
    .option('--otlp-grpc <host:port>', 'OTLP over gRPC (default: 127.0.0.1:4317)')
    .option('--otlp-http <host:port>', 'OTLP over HTTP (default: 127.0.0.1:4318)')
    .option('--roles <list>', 'what this process does (default: all of ingest,query,ui)')
    .option('--engine-url <url>', 'a ClickHouse server to use instead of the embedded engine')
    .option('--insecure', 'allow addresses beyond this machine; nothing asks for a login yet')
    .option('--enable-feature <names>', "Prometheus's feature flags by their names, comma-separated; may be repeated", together)
    .option('--web.enable-admin-api', 'allow deleting series through the Prometheus API')
    .option('--query.lookback-delta <duration>', 'how far back PromQL looks for the latest sample (default: 5m)')
    .option('--query.timeout <duration>', 'how long a query may take (default: 2m)')
    .option('--query.max-concurrency <n>', 'queries of one tenant at the same time (default: 20)')
    .option('--query.max-samples <n>', 'samples that one query may hold (default: 50000000)')
    .addOption(new Option('--rules.max-concurrent-evals <n>').hideHelp())
    .addOption(new Option('--storage.remote.read-sample-limit <n>').hideHelp())
    .addOption(new Option('--storage.remote.read-max-bytes-in-frame <n>').hideHelp())
    .option('--no-self', 'do not store our own telemetry')
    .option('--no-compat', 'do not open the ports of other products that the configuration names')
}

/** Gathers the values of an option that may be repeated. */
function together(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

function addQueryCommands(query: Command): void {
  const add = (
    name: string,
    argument: string,
    description: string,
    example: string,
    run: (text: string, options: QueryOptions, terminal: Terminal) => Promise<string>,
  ): void => {
    query
      .command(name)
      .description(description)
      .argument(argument)
      .addOption(new Option('--url <url>', 'address of the server').default('http://127.0.0.1:7070').env('ORIEL_URL'))
      .option('--from <time>', 'start: now-1h, 2026-03-14T12:00:00Z, seconds since 1970')
      .option('--to <time>', 'end, in the same forms', 'now')
      .option('--step <duration>', 'distance between points: 15s, 1m')
      .option('--limit <n>', 'at most so many results')
      .option('--json', "print the API's JSON")
      .addHelpText('after', `\nExample:\n  ${example}\n`)
      .action(async (text: string, options: QueryOptions) => {
        process.stdout.write(await run(text, options, currentTerminal()))
      })
  }
  add(
    'promql',
    '<query>',
    'metrics now, or with --from as a chart',
    `oriel query promql 'sum by (job) (up)' --from now-1h`,
    queryPromQL,
  )
  add(
    'logql',
    '<query>',
    'log lines, or a chart of a metric query',
    `oriel query logql '{service_name="cart"} |= "error"'`,
    queryLogQL,
  )
  add('traces', '<traceql>', 'traces, newest first', `oriel query traces '{ status = error && duration > 200ms }'`, queryTraces)
  add('trace', '<id>', 'one trace as a tree', 'oriel query trace 0af7651916cd43dd8448eb211c80319c', queryTrace)
}

const PROGRAM_EXAMPLES = `
Examples:
  oriel demo                                   everything at once, with a shop that has traffic
  oriel serve --data-dir /var/lib/oriel        just the server
  oriel query promql 'up'                      what is scraped, and is it up
  oriel query logql '{service_name=~".+"}'     the last hour's log lines
  oriel query traces '{ status = error }'      what failed

What you point at it:
  OpenTelemetry SDKs and collectors    http://127.0.0.1:4317 (gRPC), http://127.0.0.1:4318 (HTTP)
  Prometheus remote_write              http://127.0.0.1:7070/api/v1/write
  Promtail, Alloy, Fluent Bit (Loki)   http://127.0.0.1:7070/loki/api/v1/push
  Grafana                              Prometheus at /prometheus, Loki at the root, Tempo at /tempo, Jaeger at /jaeger`

const SERVE_EXAMPLES = `
Every flag is also a key of oriel.yaml and a variable ORIEL_<KEY>; flags win, then the environment, then the file.

Examples:
  oriel serve
  oriel serve --listen 127.0.0.1:0 --otlp-grpc 127.0.0.1:0 --otlp-http 127.0.0.1:0
  ORIEL_PROMETHEUS=prometheus.yml oriel serve`

const DEMO_EXAMPLES = `
Examples:
  oriel demo --rate 20
  oriel demo --fault stripe-timeout`
