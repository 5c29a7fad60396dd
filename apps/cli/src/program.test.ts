import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

// Through the launcher, as a user runs it.
const LAUNCHER = fileURLToPath(new URL('../bin/oriel.mjs', import.meta.url))
const dir = mkdtempSync(join(tmpdir(), 'oriel-cli-'))

afterAll(() => rmSync(dir, { recursive: true, force: true }))

function oriel(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [LAUNCHER, ...args], { cwd: dir })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk) => (out += String(chunk)))
  child.stderr.on('data', (chunk) => (err += String(chunk)))
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })))
}

describe('oriel', () => {
  it('helps with examples', async () => {
    const { code, out } = await oriel('--help')
    expect(code).toBe(0)
    for (const word of ['serve', 'demo', 'query', 'check', 'version', 'Examples:', 'http://127.0.0.1:4317'])
      expect(out).toContain(word)
    expect((await oriel('serve', '--help')).out).toContain('--otlp-grpc <host:port>')
    expect((await oriel('query', 'promql', '--help')).out).toContain('--from <time>')
  })

  it('prints versions', async () => {
    const { code, out } = await oriel('version')
    expect([code, out.split('\n')[0]]).toEqual([0, 'oriel 0.1.0'])
  })

  it('refuses an unknown command and points at the help', async () => {
    const { code, err } = await oriel('sreve')
    expect(code).toBe(1)
    expect(err).toContain("unknown command 'sreve'")
    expect(err).toContain('oriel --help')
  })

  it('checks a configuration and the files that it names', async () => {
    writeFileSync(join(dir, 'good.yaml'), 'prometheus: prometheus.yml\nlog_level: warn\n')
    writeFileSync(join(dir, 'prometheus.yml'), 'scrape_configs: [{job_name: a, static_configs: [{targets: ["a:1"]}]}]')
    const good = await oriel('check', 'config', 'good.yaml', '--print')
    expect(good).toMatchObject({ code: 0, err: '' })
    expect(good.out).toContain('SUCCESS: good.yaml is a valid configuration')
    expect(good.out).toMatch(/SUCCESS: .*prometheus\.yml is valid/)
    expect(good.out).toContain('log_level: warn')
    writeFileSync(join(dir, 'bad.yaml'), 'listen: 127.0.0.1:0\notlp_htp: x\n')
    const bad = await oriel('check', 'config', 'bad.yaml')
    expect(bad.code).toBe(1)
    expect(bad.err).toContain('bad.yaml:2: unknown key otlp_htp. Did you mean otlp_http?')
  })

  it('says how to start a server when none answers', async () => {
    const { code, err } = await oriel('query', 'promql', 'up', '--url', 'http://127.0.0.1:9')
    expect(code).toBe(1)
    expect(err).toMatch(/^oriel: cannot reach a server at http:\/\/127\.0\.0\.1:9: .*oriel serve/)
    expect(err).not.toContain('    at ')
  })

  it('prints the words of the server for a query that it refuses', async () => {
    const server = createServer((_request, response) =>
      response.writeHead(400).end('{"status":"error","error":"1:3: parse error: no"}'),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const bound = server.address()
    const url = `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`
    const { code, err } = await oriel('query', 'promql', 'up{', '--url', url)
    server.close()
    expect([code, err]).toEqual([1, 'oriel: 1:3: parse error: no (HTTP 400)\n'])
  })

  it('names what --from should look like', async () => {
    const { err } = await oriel('query', 'logql', '{a="b"}', '--from', 'last tuesday')
    expect(err).toContain('cannot read --from "last tuesday": write now, now-1h')
  })

  it('refuses a fault that the shop does not have', async () => {
    const { code, err } = await oriel('demo', '--fault', 'meteor')
    expect(code).toBe(1)
    expect(err).toContain('no fault "meteor"; there are none, stripe-timeout')
  })
})
