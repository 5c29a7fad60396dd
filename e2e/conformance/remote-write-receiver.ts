// The remote-write 2.0 receiver tests of the Prometheus project against a running Oriel, and what they sent read back.
//
// Run: ORIEL_CONFORMANCE_DIR=<folder with compliance/> node --conditions=source e2e/conformance/remote-write-receiver.ts
// The tests are Go: they are built by `go test` in their own folder, with the module proxy that Go is set to.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startOriel } from '../oriel.ts'
import { isRecord, promValue } from '../read-back.ts'

const directory = join(process.env['ORIEL_CONFORMANCE_DIR'] ?? '', 'compliance/remotewrite/receiver')
// 10 minutes: the first build fetches and compiles Prometheus's modules.
const BUILD_TIMEOUT_MS = 600_000

// What the tests send and a receiver must have after an answer of 2xx: the newest sample of each, by instant query.
const READ_BACK: readonly (readonly [query: string, want: number])[] = [
  ['count({__name__=~"counter_metric_.*"})', 50],
  ['counter_metric_49', 4_900],
  ['http_requests_total{job="test"}', 42],
  ['memory_usage{instance="server1"}', 8_589_934_592],
  ['test_metric{environment="test🚀"}', 42],
  ['count({__name__=~"histogram_metric_.*"})', 50],
  ['count(histogram_count({__name__=~"histogram_metric_.*"}) > 0)', 50],
  ['histogram_sum(custom_latency_hist)', 0.05],
]

if (!existsSync(directory)) {
  console.log('remote-write-receiver: skipped, ORIEL_CONFORMANCE_DIR does not hold compliance/remotewrite/receiver')
} else if (spawnSync('go', ['version']).status !== 0) {
  console.log('remote-write-receiver: skipped, there is no Go here to build the tests with')
} else await run()

async function run(): Promise<void> {
  const oriel = await startOriel()
  const scratch = mkdtempSync(join(tmpdir(), 'oriel-receiver-'))
  let passed = 0
  let failed = 0
  const tell = (isGood: boolean, what: string): void => {
    if (isGood) passed++
    else {
      failed++
      console.log(`FAILED ${what}`)
    }
  }
  try {
    const config = join(scratch, 'config.yml')
    writeFileSync(config, `remote_write:\n  - name: oriel\n    url: ${oriel.http}/api/v1/write\n`)
    for (const { name, isGood, output } of goTests(config)) tell(isGood, `${name}\n${output}`)
    for (const [query, want] of READ_BACK) {
      const got = await promValue(oriel.http, query)
      tell(Object.is(got, want), `${query}: ${got}, wanted ${want}`)
    }
  } finally {
    await oriel.close()
    rmSync(scratch, { recursive: true, force: true })
  }
  console.log(`remote-write-receiver: ${passed} passed, ${failed} failed`)
  if (failed > 0 || passed <= READ_BACK.length) process.exitCode = 1
}

interface GoTest {
  readonly name: string
  readonly isGood: boolean
  readonly output: string
}

/** Runs the Go tests; one entry a test that was run to its end. Throws with the build's words when there are none. */
function goTests(config: string): GoTest[] {
  const { stdout, stderr } = spawnSync('go', ['test', '-json', '-count=1', '.'], {
    cwd: directory,
    env: { ...process.env, PROMETHEUS_RW2_COMPLIANCE_CONFIG_FILE: config },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    timeout: BUILD_TIMEOUT_MS,
  })
  const outputs = new Map<string, string>()
  const tests: GoTest[] = []
  for (const line of stdout.split('\n')) {
    const event: unknown = line.startsWith('{') ? JSON.parse(line) : undefined
    if (!isRecord(event) || typeof event['Test'] !== 'string') continue
    const { Test: name, Action: action, Output: output } = event
    if (action === 'output') outputs.set(name, (outputs.get(name) ?? '') + String(output))
    if (action === 'pass' || action === 'fail' || action === 'skip')
      tests.push({ name, isGood: action === 'pass', output: outputs.get(name) ?? '' })
  }
  if (tests.length === 0) throw new Error(`the receiver tests did not run: ${stderr}${stdout}`)
  return tests
}
