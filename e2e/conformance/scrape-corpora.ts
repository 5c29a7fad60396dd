// Prometheus's own tables of relabeling, configurations and Docker discovery. Run:
// ORIEL_CONFORMANCE_DIR=<folder with prometheus/> node --conditions=source e2e/conformance/scrape-corpora.ts
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { openMetricsWriter, openScraper, parsePrometheusConfig, relabel } from '@oriel/ingest'
import type { RelabelRule } from '@oriel/ingest'
import { labelsToRecord, makeLabels } from '@oriel/model'
import { openMemoryStore } from '@oriel/store'
import type { GoValue } from './go-literal.ts'
import { goField, goItems, goRecord, goText, readGoAfter } from './go-literal.ts'

const root = join(process.env['ORIEL_CONFORMANCE_DIR'] ?? '', 'prometheus')
let [passed, failed] = [0, 0]

function check(title: string, isRight: boolean, detail = ''): void {
  if (isRight) passed++
  else {
    failed++
    console.log(`FAILED ${title}${detail === '' ? '' : `: ${detail}`}`)
  }
}

/** A rule of a Go test in the words of prometheus.yml; what is left out has its default. */
function ruleOf(config: GoValue): Record<string, unknown> {
  const regex = goField(config, 'Regex')
  const rule = {
    action: goText(goField(config, 'Action')).toLowerCase() || 'replace',
    source_labels: goItems(goField(config, 'SourceLabels')).map(goText),
    separator: goText(goField(config, 'Separator')),
    regex: regex === undefined ? '' : goText(regex),
    modulus: goText(goField(config, 'Modulus')),
    target_label: goText(goField(config, 'TargetLabel')),
    replacement: goText(goField(config, 'Replacement')).replace(/^Replacement$/, ''),
  }
  return Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== '' && value.length > 0))
}

function rulesOf(configs: readonly GoValue[], scheme = 'utf8'): readonly RelabelRule[] {
  const job = { job_name: 'j', metric_name_validation_scheme: scheme, relabel_configs: configs.map(ruleOf) }
  return parsePrometheusConfig(JSON.stringify({ scrape_configs: [job] })).jobs[0]?.relabelRules ?? []
}

function checkRelabel(): void {
  const source = readFileSync(join(root, 'model/relabel/relabel_test.go'), 'utf8')
  for (const [i, test] of goItems(readGoAfter(source, 'tests := ', source.indexOf('func TestRelabel('))).entries()) {
    const labels = new Map(Object.entries(goRecord(goField(test, 'input'))))
    const isKept = relabel(labels, rulesOf(goItems(goField(test, 'relabel'))))
    const isDropped = goField(test, 'drop') === true
    const got = isKept ? labelsToRecord(makeLabels(labels)) : 'dropped'
    const want = isDropped ? 'dropped' : labelsToRecord(makeLabels(Object.entries(goRecord(goField(test, 'output')))))
    check(`relabel ${i + 1}`, isDeepStrictEqual(got, want), `${JSON.stringify(got)}, not ${JSON.stringify(want)}`)
  }
  const from = source.indexOf('func TestRelabelValidate(')
  for (const [i, test] of goItems(readGoAfter(source, 'tests := ', from)).entries()) {
    const config = goField(test, 'config')!
    const expected = goText(goField(test, 'expected'))
    // In a file an action that is left out is replace: only in a program can there be none.
    if (expected.includes('action cannot be empty')) continue
    const scheme = goText(goField(config, 'NameValidationScheme')).startsWith('Legacy') ? 'legacy' : 'utf8'
    const problem = problemOf(() => rulesOf([config], scheme))
    check(
      `relabel rule ${i + 1}`,
      (problem === undefined) === (expected === ''),
      `${problem ?? 'taken'}, not ${expected || 'taken'}`,
    )
  }
}

// Bad in what they include, not in themselves, or named for another reason.
const BAD = /\.bad\.yml$|\.incompatible\.yml$|^config_with_deprecated_am_api_config\.yml$/
// Not a configuration but a group of targets.
const NO_CONFIGURATION = 'static_config.bad.yml'

function checkConfigurations(): void {
  const directory = join(root, 'config/testdata')
  for (const name of readdirSync(directory).filter((file) => file.endsWith('.yml') && file !== NO_CONFIGURATION)) {
    const file = join(directory, name)
    const problem = problemOf(() => parsePrometheusConfig(readFileSync(file, 'utf8'), file))
    const isBad = BAD.test(name)
    check(`config ${name}`, (problem !== undefined) === isBad, problem ?? 'it was taken')
    // A line, of this file or of one that it names.
    if (isBad && problem !== undefined) check(`config ${name} names its line`, /\.yml:\d+ |at line \d+/.test(problem), problem)
  }
}

function problemOf(run: () => unknown): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Serves a Docker daemon's answers from its test data, and compares the targets with those of the Go test. */
async function checkDocker(folder: string, test: string, marker: string, job: Record<string, unknown>): Promise<void> {
  const moby = join(root, 'discovery/moby')
  const source = readFileSync(join(moby, test), 'utf8')
  const expected = goItems(readGoAfter(source, '[]model.LabelSet', source.indexOf(marker))).map(goRecord)
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0]
    const file = join(moby, 'testdata', folder, `${path}.json`)
    response.setHeader('content-type', 'application/json').end(existsSync(file) ? readFileSync(file) : '[]')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const host = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  const kind = 'role' in job ? 'dockerswarm_sd_configs' : 'docker_sd_configs'
  const yaml = JSON.stringify({ scrape_configs: [{ job_name: 'd', [kind]: [{ host, ...job }] }] })
  const writer = openMetricsWriter(openMemoryStore().sink)
  const scraper = openScraper({ config: parsePrometheusConfig(yaml), writer, tenant: 't' })
  try {
    for (let i = 0; i < 50 && scraper.targets().length < expected.length; i++)
      await new Promise((resolve) => setTimeout(resolve, 50))
    const got = scraper.targets().map(({ discoveredLabels }) => withoutScrape(labelsToRecord(discoveredLabels)))
    const want = expected.map((labels) => labelsToRecord(makeLabels(Object.entries(labels))))
    check(`${marker} has ${want.length} targets`, got.length === want.length, `${got.length}`)
    for (const labels of want)
      check(
        `${marker} ${labels['__address__']}`,
        got.some((own) => isDeepStrictEqual(own, labels)),
        JSON.stringify(labels),
      )
  } finally {
    await scraper.close()
    await writer.close()
    server.closeAllConnections()
    server.close()
  }
}

function withoutScrape(labels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => name === '__address__' || name.startsWith('__meta_')))
}

if (existsSync(root)) {
  checkRelabel()
  checkConfigurations()
  const go = 'docker_test.go'
  await checkDocker('dockerprom', go, 'func TestDockerSDRefresh(', {})
  await checkDocker('dockerprom', go, 'func TestDockerSDRefreshMatchAllNetworks(', { match_first_network: false })
  await checkDocker('dockeripv6', go, 'func TestDockerSDRefreshIPv6Only(', {})
  await checkDocker('swarmprom', 'nodes_test.go', 'func TestDockerSwarmNodesSDRefresh(', { role: 'nodes' })
  await checkDocker('swarmprom', 'services_test.go', 'func TestDockerSwarmSDServicesRefresh(', { role: 'services' })
  await checkDocker('swarmprom', 'tasks_test.go', 'func TestDockerSwarmTasksSDRefresh(', { role: 'tasks' })
  console.log(`scrape-corpora: ${passed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
} else console.log(`scrape-corpora: skipped, no ${root}`)
