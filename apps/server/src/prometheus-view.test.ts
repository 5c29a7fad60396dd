import { parsePrometheusConfig } from '@oriel/ingest'
import { labelsOf, labelsToRecord } from '@oriel/model'
import { describe, expect, it } from 'vitest'
import { makeConfig } from './config.ts'
import { prometheusSettings, redactYaml, scrapePoolsOf } from './prometheus-view.ts'

const YAML = `scrape_configs:
  - job_name: a
    basic_auth: { username: u, password: p }
    relabel_configs:
      - { source_labels: [x], target_label: y }
      - { source_labels: [y], regex: '1', action: drop }
      - { target_label: z, replacement: last }
`

describe('what the API shows of Prometheus', () => {
  const pools = scrapePoolsOf(() => ({ config: parsePrometheusConfig(YAML), yaml: YAML }))

  it('explains relabeling step by step, until a rule drops the target', () => {
    const steps = (record: Record<string, string>) =>
      pools.relabelSteps('a', labelsOf(record))?.map(({ output, isKept }) => [labelsToRecord(output), isKept])
    expect(steps({ x: '2' })).toEqual([
      [{ x: '2', y: '2' }, true],
      [{ x: '2', y: '2' }, true],
      [{ x: '2', y: '2', z: 'last' }, true],
    ])
    expect(steps({ x: '1' })).toEqual([
      [{ x: '1', y: '1' }, true],
      [{}, false],
      [{}, false],
    ])
    expect(pools.relabelSteps('none', [])).toBeUndefined()
  })

  it('shows a pool without its secrets', () => {
    expect(pools.configOf('a')).toContain('password: <secret>')
    expect(pools.configOf('none')).toBeUndefined()
    expect(redactYaml(YAML)).not.toContain('password: p')
  })

  it('names flags as Prometheus does', () => {
    const { flags, abilities } = prometheusSettings(makeConfig([]))
    expect(flags).toMatchObject({
      'query.lookback-delta': '5m',
      'query.max-samples': '50000000',
      'web.enable-admin-api': 'false',
    })
    expect(abilities['templating_functions']).toContain('humanize')
    expect(abilities['service_discovery_providers']).toEqual(expect.arrayContaining(['static', 'kubernetes']))
  })
})
