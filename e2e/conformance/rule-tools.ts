// `oriel test rules` and `oriel check rules|config|metrics` beside promtool: the same files, the same exit codes.
//
// Run: ORIEL_CONFORMANCE_DIR=<folder with prometheus/> ORIEL_PEERS_DIR=<folder with bin/promtool> node --conditions=source
// e2e/conformance/rule-tools.ts [-v]. kubernetes-mixin's rules are made by jsonnet: where they stand generated among the mixins,
// its tests run on them.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { checkConfigs } from '../../apps/cli/src/check.ts'
import { checkExposition } from '../../apps/cli/src/check-metrics.ts'
import { checkRules } from '../../apps/cli/src/check-rules.ts'
import { testRules } from '../../apps/cli/src/test-rules.ts'

const corpora = process.env['ORIEL_CONFORMANCE_DIR'] ?? ''
const promtool = join(process.env['ORIEL_PEERS_DIR'] ?? '', 'bin/promtool')
const isVerbose = process.argv.includes('-v')
const counts = { passed: 0, failed: 0 }

/** One comparison: what promtool is asked, and what we answer. */
interface Case {
  readonly args: readonly string[]
  readonly stdin?: string
  readonly ours: () => Promise<{ readonly exitCode: number; readonly text: string; readonly errors: string }>
}

if (!existsSync(join(corpora, 'prometheus')) || !existsSync(promtool)) {
  console.log('rule-tools: skipped, ORIEL_CONFORMANCE_DIR or ORIEL_PEERS_DIR does not hold prometheus/ and bin/promtool')
} else {
  const scratch = mkdtempSync(join(tmpdir(), 'oriel-rule-tools-'))
  try {
    for (const file of find('prometheus/cmd/promtool/testdata/{rules_run,failing,unittest,long-period}.yml'))
      await compareDetails(file, scratch)
    for (const one of [...unitTests(scratch), ...ruleFiles(), ...configFiles(), ...metrics()]) await compare(one)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  console.log(`rule-tools: ${counts.passed} passed, ${counts.failed} failed`)
  if (counts.failed > 0) process.exitCode = 1
}

async function compare({ args, stdin, ours }: Case): Promise<void> {
  const theirs = spawnSync(promtool, args, { encoding: 'utf8', maxBuffer: 2 ** 28, ...(stdin !== undefined && { input: stdin }) })
  const own = await ours()
  const isEqual = theirs.status === own.exitCode
  counts[isEqual ? 'passed' : 'failed']++
  if (isEqual && !isVerbose) return
  console.log(`  ${isEqual ? 'same' : 'DIFFERENT'} promtool ${args.join(' ')}: ${theirs.status}, ours ${own.exitCode}`)
  if (isEqual) return
  console.log(
    `      theirs: ${(theirs.stdout + theirs.stderr).slice(0, 1_000)}\n      ours: ${(own.text + own.errors).slice(0, 1_000)}`,
  )
}

/** The XML of JUnit but for its times, and what `--debug` tells but for how long it took. */
async function compareDetails(file: string, scratch: string): Promise<void> {
  const [theirFile, ourFile] = [join(scratch, 'theirs.xml'), join(scratch, 'ours.xml')]
  const { stderr } = spawnSync(promtool, ['test', `--junit=${theirFile}`, 'rules', '--debug', file], { encoding: 'utf8' })
  const { errors } = await testRules([file], { junit: ourFile, debug: true })
  const xml = [theirFile, ourFile].map((path) => readFileSync(path, 'utf8').replaceAll(/ timestamp="[^"]*"/g, ''))
  // What failed it tells on stderr too, where ours is on stdout.
  const [debugged = ''] = stderr.split('  FAILED:')
  const told = [debugged, errors].map((text) => text.replaceAll(/finished, took .*/g, 'finished'))
  // promtool dumps nothing of a test with more than 10,000 samples.
  const isWhole = !stderr.includes('too many samples')
  for (const [what, [theirs = '', ours = '']] of Object.entries({ '--junit': xml, ...(isWhole && { '--debug': told }) })) {
    counts[theirs === ours ? 'passed' : 'failed']++
    if (theirs !== ours)
      console.log(`  DIFFERENT ${what} ${file}\n      theirs: ${theirs.slice(0, 1_000)}\n      ours: ${ours.slice(0, 1_000)}`)
  }
}

function find(pattern: string): string[] {
  return globSync(join(corpora, pattern)).sort()
}

function unitTests(scratch: string): Case[] {
  const files = find('prometheus/cmd/promtool/testdata/*.yml').filter((file) => /^tests:/m.test(readFileSync(file, 'utf8')))
  const mixin = join(corpora, 'mixins/assets/kubernetes')
  if (existsSync(mixin)) {
    cpSync(join(corpora, 'kubernetes-mixin/tests'), join(scratch, 'tests'), { recursive: true })
    cpSync(join(mixin, 'rules.yaml'), join(scratch, 'prometheus_rules.yaml'))
    cpSync(join(mixin, 'alerts.yaml'), join(scratch, 'prometheus_alerts.yaml'))
    files.push(...globSync(join(scratch, 'tests/*.yaml')).sort())
  } else console.log("  skipped: kubernetes-mixin's tests, its generated rules are not there")
  files.push(...find('thanos/examples/alerts/tests.yaml'), ...find('vmalert-tool/app/vmalert-tool/unittest/testdata/*.yaml'))
  const runs = files.map((file): Case => ({ args: ['test', 'rules', file], ours: () => testRules([file], {}) }))
  const [byName = ''] = files.filter((file) => basename(file) === 'rules_run.yml')
  const [extra = ''] = files.filter((file) => basename(file) === 'rules_run_extrafields.yml')
  return [
    ...runs,
    { args: ['test', 'rules', '--run=correct', byName], ours: () => testRules([byName], { run: ['correct'] }) },
    { args: ['test', 'rules', '--run=wrong', byName], ours: () => testRules([byName], { run: ['wrong'] }) },
    {
      args: ['test', 'rules', '--run=c.*ect', '--run=none', byName],
      ours: () => testRules([byName], { run: ['c.*ect', 'none'] }),
    },
    { args: ['test', 'rules', '--ignore-unknown-fields', extra], ours: () => testRules([extra], { ignoreUnknownFields: true }) },
  ]
}

function ruleFiles(): Case[] {
  const files = [
    ...find('prometheus/cmd/promtool/testdata/*.yml'),
    ...find('prometheus/model/rulefmt/testdata/*.yaml'),
    ...find('prometheus/rules/fixtures/*.yaml'),
    ...find('prometheus/config/testdata/*.rules'),
    ...find('thanos/examples/alerts/*.yaml'),
    ...find('mixins/assets/*/{rules,alerts}.yaml'),
    ...find('awesome-prometheus-alerts/dist/rules/*/*.yml'),
  ]
  return files.flatMap((file): Case[] => [
    { args: ['check', 'rules', file], ours: async () => checkRules([file], { lint: 'duplicate-rules' }) },
    {
      args: ['check', 'rules', '--lint=all', '--lint-fatal', '--ignore-unknown-fields', file],
      ours: async () => checkRules([file], { lint: 'all', lintFatal: true, ignoreUnknownFields: true }),
    },
  ])
}

function configFiles(): Case[] {
  const files = [
    ...find('prometheus/cmd/promtool/testdata/*.yml').filter((file) => !/^(?:tests|groups):/m.test(readFileSync(file, 'utf8'))),
    ...find('prometheus/config/testdata/*.yml'),
  ].filter((file) => !/sd-file|web_config/.test(file))
  const base = { lookbackDelta: '5m' }
  return files.flatMap((file): Case[] => [
    {
      args: ['check', 'config', '--syntax-only', file],
      ours: async () => asPrometheus(file, { ...base, lint: 'none', syntaxOnly: true }),
    },
    { args: ['check', 'config', file], ours: async () => asPrometheus(file, { ...base, lint: 'duplicate-rules' }) },
    {
      args: ['check', 'config', '--lint=all', '--lint-fatal', file],
      ours: async () => asPrometheus(file, { ...base, lint: 'all', lintFatal: true }),
    },
  ])
}

/** Files of the corpora have any name: each is a prometheus.yml by being here. */
function asPrometheus(file: string, flags: Parameters<typeof checkConfigs>[1]): ReturnType<typeof checkConfigs> {
  return checkConfigs([file], { ...flags, isPrometheus: true })
}

function metrics(): Case[] {
  const files = find('prometheus/cmd/promtool/testdata/*.prom')
  return files.flatMap((file): Case[] => {
    const stdin = readFileSync(file, 'utf8')
    const bytes = Buffer.from(stdin)
    return [
      { args: ['check', 'metrics'], stdin, ours: async () => checkExposition(bytes, { lint: 'all' }) },
      {
        args: ['check', 'metrics', '--extended', '--lint=none'],
        stdin,
        ours: async () => checkExposition(bytes, { extended: true, lint: 'none' }),
      },
    ]
  })
}
