import { describe, expect, it } from 'vitest'
import { environmentLayer, flagLayer, parseConfig } from './config-file.ts'
import { CONFIG_KEYS } from './config-keys.ts'
import { makeConfig } from './config.ts'
import { printConfig } from './print-config.ts'

function failure(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  return 'no failure'
}

describe('configuration', () => {
  it('has defaults for everything', () => {
    expect(makeConfig([])).toMatchObject({
      dataDir: './data',
      listen: { host: '127.0.0.1', port: 7_070 },
      isSelfOn: true,
      compatPorts: [],
    })
  })

  it('lets flags win over the environment, and that over the file', () => {
    const file = parseConfig('data_dir: /file\nlog_level: warn\ntenant: file', '/etc/oriel.yaml')
    const environment = environmentLayer({ ORIEL_DATA_DIR: '/environment', ORIEL_LOG_LEVEL: 'error' })
    const config = makeConfig([flagLayer({ data_dir: '/flag', listen: undefined }), environment, file])
    expect(config).toMatchObject({ dataDir: '/flag', logLevel: 'error', tenant: 'file' })
  })

  it('reads nested keys and relative files', () => {
    const config = makeConfig([
      parseConfig(
        'engine:\n  url: http://a:8123\nprometheus: p.yml\ncompat: {ports: {loki: ":3100"}}\ncors_origins: [https://a]',
        '/etc/o.yaml',
      ),
    ])
    expect(config).toMatchObject({
      engineUrl: 'http://a:8123',
      prometheusFile: '/etc/p.yml',
      corsOrigins: ['https://a'],
      compatPorts: [{ product: 'loki', address: { host: '127.0.0.1', port: 3_100 } }],
    })
  })

  it("takes Prometheus's settings from a file and from flags", () => {
    const file = parseConfig(
      'prometheus: {file: p.yml, features: [search-api], admin_api: true}\nquery: {timeout: 30s}',
      '/etc/o.yaml',
    )
    const given = flagLayer({ 'prometheus.features': 'a,b', 'query.max_samples': '7' })
    expect(makeConfig([file])).toMatchObject({
      prometheusFile: '/etc/p.yml',
      prometheus: { features: ['search-api'], isAdminOn: true, timeoutMs: 30_000, lookbackMs: 300_000 },
    })
    expect(makeConfig([given, file])).toMatchObject({ prometheus: { features: ['a', 'b'], maxSamples: 7 } })
    expect(failure(() => makeConfig([flagLayer({ 'query.timeout': 'x' })]))).toBe(
      'cannot use query.timeout (--query.timeout): "x" is not a duration such as 30s or 1h30m',
    )
  })

  it('reads sizes with their units, and refuses what is none', () => {
    const sizeOf = (text: string) => makeConfig([parseConfig(`metrics: {recent_memory: ${text}}`, '/o.yaml')]).recentBytes
    expect(['0', '4096', '2 KiB', '64MiB', '3GiB'].map(sizeOf)).toEqual([0, 4_096, 2_048, 64 * 2 ** 20, 3 * 2 ** 30])
    expect(failure(() => sizeOf('64MB'))).toContain('"64MB" is not a size such as 256MiB')
  })

  it('names file, line and the nearest key for an unknown one', () => {
    expect(failure(() => parseConfig('data_dir: x\nlissten: y', '/o.yaml'))).toBe(
      'cannot read /o.yaml:2: unknown key lissten. Did you mean listen?',
    )
    expect(failure(() => parseConfig('engine:\n  ulr: y', '/o.yaml'))).toBe(
      'cannot read /o.yaml:2: unknown key engine.ulr. Did you mean engine.url?',
    )
    expect(failure(() => parseConfig('something_else_entirely: 1', '/o.yaml'))).toBe(
      'cannot read /o.yaml:1: unknown key something_else_entirely',
    )
  })

  it('names the line of YAML that cannot be read', () => {
    expect(failure(() => parseConfig('a: 1\nb: [', '/o.yaml'))).toContain('cannot read /o.yaml:2')
  })

  it('names where a value came from that it cannot use', () => {
    expect(failure(() => makeConfig([flagLayer({ listen: 'here' })]))).toBe(
      'cannot use listen (--listen): "here" is not HOST:PORT with a port of 0 to 65535',
    )
    expect(failure(() => makeConfig([parseConfig('log_level: loud', '/o.yaml')]))).toBe(
      'cannot use log_level (/o.yaml:1): "loud" is none of debug, info, warn, error',
    )
    expect(failure(() => makeConfig([flagLayer({ roles: 'ingest' })]))).toContain('splitting roles is not built yet')
  })

  it('takes secrets from the environment and says when one is missing', () => {
    expect(makeConfig([parseConfig('tenant: ${env:HOME}', '/o.yaml')]).tenant).toBe(process.env['HOME'])
    expect(failure(() => makeConfig([parseConfig('tenant: ${env:NO_SUCH_NAME}', '/o.yaml')]))).toContain('no NO_SUCH_NAME')
  })

  it('prints what is in force without passwords, and reads it back', () => {
    const config = makeConfig([parseConfig('engine: {url: "http://u:secret@a:8123"}', '/o.yaml')])
    const text = printConfig(config)
    expect(text).not.toContain('secret')
    expect(makeConfig([parseConfig(text, '/o.yaml')]).listen).toEqual(config.listen)
  })

  it('has a default and a sentence for every key', () => {
    for (const { key, doc } of CONFIG_KEYS) expect([key, doc.endsWith('.')]).toEqual([key, true])
  })
})
