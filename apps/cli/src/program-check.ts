import type { Command } from 'commander'
import type { CheckConfigFlags } from './check.ts'
import type { CheckMetricsFlags } from './check-metrics.ts'
import type { CheckRulesFlags } from './check-rules.ts'
import { tell } from './outcome.ts'
import type { TestRulesFlags } from './test-rules.ts'

const LINT = 'what to look for beside errors: duplicate-rules, too-long-scrape-interval, all, none'

/** `oriel check ...` and `oriel test ...`: files looked at before they are used, with promtool's exit codes. */
export function addCheckCommands(program: Command): void {
  const check = program.command('check').description('check files before they are used')
  check
    .command('config')
    .description('check an oriel.yaml or a prometheus.yml, and the files they name')
    .argument('[files...]', 'the files; oriel.yaml when none is given')
    .option('--print', 'print the effective configuration of an oriel.yaml, secrets left out')
    .option('--syntax-only', 'do not look at the files that are named')
    .option('--lint <list>', LINT, 'duplicate-rules')
    .option('--lint-fatal', 'exit with 3 where lint finds something')
    .option('--ignore-unknown-fields', 'read over unknown keys of rule files')
    .option('--lookback-delta <duration>', 'a scrape interval of this length or more is too long', '5m')
    .option('--agent', 'the file is for a Prometheus agent')
    .addHelpText('after', CONFIG_EXAMPLES)
    .action(async (files: string[], flags: CheckConfigFlags) => tell((await import('./check.ts')).checkConfigs(files, flags)))
  check
    .command('rules')
    .description('check rule files: YAML, expressions, templates, duplicates')
    .argument('[files...]', 'the files; standard input when none is given')
    .option('--lint <list>', 'what to look for beside errors: duplicate-rules, all, none', 'duplicate-rules')
    .option('--lint-fatal', 'exit with 3 where lint finds something')
    .option('--ignore-unknown-fields', 'read over unknown keys')
    .option('--enable-feature <list>', "Prometheus's feature flags that the rules need")
    .action(async (files: string[], flags: CheckRulesFlags) => tell((await import('./check-rules.ts')).checkRules(files, flags)))
  check
    .command('metrics')
    .description('check metrics from standard input as a target exposes them: names, help, units, types')
    .option('--extended', 'print how many series each metric has')
    .option('--lint <list>', 'all or none', 'all')
    .addHelpText('after', METRICS_EXAMPLES)
    .action(async (flags: CheckMetricsFlags) => tell(await (await import('./check-metrics.ts')).checkMetrics(flags)))
  program
    .command('test')
    .description('test rules with series that are written down')
    .command('rules')
    .description("run promtool's unit-test files")
    .argument('<files...>', 'the files')
    .option(
      '--run <regex>',
      'only tests whose name matches; may be given more than once',
      (one: string, all: string[]) => [...all, one],
      [],
    )
    .option('--diff', 'show how alerts differ, line by line')
    .option('--debug', 'tell on stderr what runs, and every sample that a test has in the end')
    .option('--junit <file>', "write the results as JUnit's XML, too")
    .option('--json', 'print the results as JSON')
    .option('--ignore-unknown-fields', 'read over unknown keys of rule files')
    .option('--enable-feature <list>', "Prometheus's feature flags that the rules need")
    .addHelpText('after', TEST_EXAMPLES)
    .action(async (files: string[], flags: TestRulesFlags) =>
      tell(await (await import('./test-rules.ts')).testRules(files, flags)),
    )
}

const CONFIG_EXAMPLES = `
Examples:
  oriel check config
  oriel check config /etc/prometheus/prometheus.yml --lint all --lint-fatal`

const METRICS_EXAMPLES = `
Examples:
  curl -s http://localhost:9100/metrics | oriel check metrics
  curl -s http://localhost:9100/metrics | oriel check metrics --extended --lint none`

const TEST_EXAMPLES = `
Examples:
  oriel test rules tests/*.yml
  oriel test rules tests.yml --run 'disk.*' --diff`
