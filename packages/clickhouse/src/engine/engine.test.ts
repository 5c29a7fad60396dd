import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DEFAULT_QUERY_LIMITS, makeQueryStats } from '@oriel/store'
import type { QueryContext, QueryLimits } from '@oriel/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OpenEngine } from '../open.ts'
import { openEngine } from '../open.ts'

const dirs: string[] = []

function makeDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'oriel-engine-'))
  dirs.push(dir)
  return dir
}

afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true })
})

function contextWith(limits: Partial<QueryLimits> = {}, signal: AbortSignal = new AbortController().signal): QueryContext {
  return { tenants: ['t'], signal, limits: { ...DEFAULT_QUERY_LIMITS, ...limits }, stats: makeQueryStats() }
}

async function numbersOf(opened: OpenEngine, sql: string): Promise<number[]> {
  const blocks = await opened.client.query(sql)
  return blocks.flatMap((block) => [...block.numbers('n')])
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error('it did not come true within 10 s')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('a running engine', () => {
  let opened: OpenEngine
  let dataDir: string
  beforeAll(async () => {
    dataDir = makeDir()
    opened = openEngine({ dataDir })
    await opened.engine.started
  })
  afterAll(async () => await opened.close())

  it('takes calls before it is up, and answers them when it is', async () => {
    const early = openEngine({ dataDir: makeDir() })
    expect(early.engine.state()).toBe('starting')
    expect(await numbersOf(early, 'SELECT 7::UInt8 AS n')).toEqual([7])
    expect(early.engine.state()).toBe('ready')
    await early.close()
    expect(early.engine.state()).toBe('stopped')
    await expect(early.client.query('SELECT 1')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })

  it('refuses a second start on its directory, and names the directory and the process', () => {
    expect(() => openEngine({ dataDir })).toThrow(`cannot open data directory ${dataDir}: process ${process.pid} is using it`)
  })

  it('gives user text to the engine as text, whatever is in it', async () => {
    const text = "it's \\ a\ttab\nline \0 {x:String} \u{1f600}'; DROP TABLE samples"
    const [block] = await opened.client.query('SELECT {a:String} AS a, {b:Array(String)} AS b', {
      params: { a: text, b: [text, ''] },
    })
    expect(block?.strings('a')).toEqual([text])
    expect(block?.stringLists('b')).toEqual([[text, '']])
  })

  it('takes parameters longer than an address may be', async () => {
    const text = 'x'.repeat(100_000)
    const [block] = await opened.client.query('SELECT length({a:String}) AS n', { params: { a: text } })
    expect(block?.numbers('n')[0]).toBe(100_000)
  })

  it('reads a table that was sent along', async () => {
    const table = { name: 'sent', structure: 'a UInt32', rows: new Uint8Array(Uint32Array.of(1, 2, 39).buffer) }
    const [block] = await opened.client.query('SELECT sum(a) AS n FROM sent', { table })
    expect(block?.numbers('n')[0]).toBe(42)
  })

  it('tells what is wrong with a statement as STORE_FAILED', async () => {
    await expect(opened.client.query('SELECT nothing FROM nowhere')).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })

  it('tells of an exception that comes after rows were sent', async () => {
    const sql = 'SELECT throwIf(number = 5000000) AS n FROM numbers(6000000) SETTINGS max_threads = 1'
    await expect(numbersOf(opened, sql)).rejects.toThrow(/throwIf/)
  })

  it('stops a query at its time limit with STORE_TIMEOUT', async () => {
    const slow = 'SELECT count() AS n FROM numbers(1000000000000)'
    await expect(opened.client.query(slow, { context: contextWith({ timeoutMs: 1_000, maxBytes: 0 }) })).rejects.toMatchObject({
      code: 'STORE_TIMEOUT',
    })
  })

  it('stops a query at its byte limit with STORE_LIMIT, and names the limit', async () => {
    const context = contextWith({ maxBytes: 1_000 })
    const read = opened.client.query('SELECT sum(number) AS n FROM numbers(1000000)', { context })
    await expect(read).rejects.toMatchObject({ code: 'STORE_LIMIT', message: expect.stringContaining('maxBytes is 1000') })
  })

  it('stops a cancelled query in the engine too', async () => {
    const controller = new AbortController()
    const marker = 'cancelled_by_its_caller'
    const running = `SELECT count() AS n FROM system.processes WHERE query LIKE '%${marker}%' AND query NOT LIKE '%system.processes%'`
    const read = opened.client.query(`SELECT count() AS ${marker} FROM numbers(1000000000000)`, {
      context: contextWith({}, controller.signal),
    })
    const rejected = expect(read).rejects.toMatchObject({ code: 'STORE_CANCELLED' })
    await until(async () => (await numbersOf(opened, running))[0] === 1)
    controller.abort()
    await rejected
    await until(async () => (await numbersOf(opened, running))[0] === 0)
  })

  it('stops a query whose reader leaves early', async () => {
    const marker = 'left_early'
    for await (const block of opened.client.stream(`SELECT number AS ${marker} FROM numbers(1000000000000)`)) {
      expect(block.rows).toBeGreaterThan(0)
      break
    }
    const running = `SELECT count() AS n FROM system.processes WHERE query LIKE '%${marker}%' AND query NOT LIKE '%system.processes%'`
    await until(async () => (await numbersOf(opened, running))[0] === 0)
  })

  it('adds what a query read to its stats', async () => {
    const context = contextWith()
    await opened.client.query('SELECT sum(number) AS n FROM numbers(1000)', { context })
    expect(context.stats.rows).toBe(1_000)
    expect(context.stats.engineMs).toBeGreaterThan(0)
  })

  it('lets no other local program in without the password', async () => {
    const { url } = await opened.endpoint()
    const read = async (sql: string) => {
      const response = await fetch(`${url}/?query=${encodeURIComponent(sql)}`, { method: 'POST' })
      return { status: response.status, text: await response.text() }
    }
    for (const sql of ["SELECT * FROM file('/etc/hostname', 'LineAsString')", 'SELECT count() FROM oriel.samples']) {
      const { status, text } = await read(sql)
      expect(status).toBeGreaterThanOrEqual(400)
      expect(text).toContain('DB::Exception')
    }
  })
})

describe('an engine that dies', () => {
  it('fails running calls with STORE_UNAVAILABLE, comes back, and still has what it acknowledged', async () => {
    const dataDir = makeDir()
    const opened = openEngine({ dataDir })
    await opened.engine.started
    await opened.client.command('CREATE TABLE kept (n UInt64) ENGINE = MergeTree ORDER BY n SETTINGS fsync_after_insert = 1')
    let acknowledged = 0
    let isStopping = false
    const codes = new Set<string>()
    const writer = (async () => {
      for (let n = 1; !isStopping; n++) {
        try {
          await opened.client.command(`INSERT INTO kept VALUES (${n})`)
          acknowledged = n
        } catch (error) {
          codes.add(error instanceof Error && 'code' in error ? String(error.code) : String(error))
          n--
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      }
    })()
    await until(() => acknowledged >= 20)
    let restarted = 0
    opened.engine.onRestart(() => restarted++)
    const victim = opened.engine.pid
    const running = opened.client.query('SELECT count() AS n FROM numbers(1000000000000)')
    const rejected = expect(running).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    process.kill(victim, 'SIGKILL')
    await rejected
    await until(() => restarted === 1)
    const before = acknowledged
    await until(() => acknowledged > before + 5)
    isStopping = true
    await writer
    expect([...codes]).toEqual(['STORE_UNAVAILABLE'])
    expect(opened.engine.restarts).toBe(1)
    const [kept] = await numbersOf(opened, 'SELECT uniqExact(n) AS n FROM kept')
    expect(kept).toBe(acknowledged)
    await opened.close()
    expect(isAlive(victim)).toBe(false)
  })

  it('leaves no process behind when its parent is killed, and the next start takes the directory over at once', async () => {
    const dataDir = makeDir()
    const script = `
      import { openEngine } from ${JSON.stringify(fileURLToPath(new URL('../open.ts', import.meta.url)))}
      const { engine, client } = openEngine({ dataDir: ${JSON.stringify(dataDir)} })
      await engine.started
      await client.command('CREATE TABLE mine (n UInt8) ENGINE = MergeTree ORDER BY n')
      console.log(engine.pid)
      setInterval(() => {}, 1000)`
    const parent = spawn(process.execPath, ['--conditions=source', '--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const pid = await new Promise<number>((resolve) => parent.stdout.on('data', (text) => resolve(Number(text))))
    expect(isAlive(pid)).toBe(true)
    parent.kill('SIGKILL')
    await new Promise((resolve) => parent.on('exit', resolve))
    const before = performance.now()
    const opened = openEngine({ dataDir })
    await opened.engine.started
    expect(performance.now() - before).toBeLessThan(5_000)
    expect(await numbersOf(opened, 'SELECT count() AS n FROM mine')).toEqual([0])
    await until(() => !isAlive(pid))
    await opened.close()
  })

  it('ends by itself when its parent is killed', async () => {
    const script = `
      import { openEngine } from ${JSON.stringify(fileURLToPath(new URL('../open.ts', import.meta.url)))}
      const { engine } = openEngine({ dataDir: ${JSON.stringify(makeDir())} })
      await engine.started
      console.log(engine.pid)
      setInterval(() => {}, 1000)`
    const parent = spawn(process.execPath, ['--conditions=source', '--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const pid = await new Promise<number>((resolve) => parent.stdout.on('data', (text) => resolve(Number(text))))
    parent.kill('SIGKILL')
    await until(() => !isAlive(pid))
  })
})

describe('a start that cannot be', () => {
  it('starts on a directory that is given relative to the working directory', async () => {
    const opened = openEngine({ dataDir: relative(process.cwd(), makeDir()) })
    expect(await numbersOf(opened, 'SELECT toUInt32(7) AS n')).toEqual([7])
    await opened.close()
  })

  it('is refused when a newer version wrote the data', async () => {
    const dataDir = makeDir()
    const first = openEngine({ dataDir })
    await first.client.command("INSERT INTO migrations (family, version) VALUES ('metrics', 99)")
    await first.close()
    const second = openEngine({ dataDir })
    await expect(second.engine.started).rejects.toMatchObject({ code: 'CLICKHOUSE_DATA_NEWER' })
    await second.close()
  })

  it('is refused when the data is from before the first release', async () => {
    const dataDir = makeDir()
    const first = openEngine({ dataDir })
    await first.client.command('TRUNCATE TABLE migrations')
    await first.client.command("INSERT INTO migrations (family, version) VALUES ('metrics', 1)")
    await first.close()
    const second = openEngine({ dataDir })
    await expect(second.engine.started).rejects.toMatchObject({ code: 'CLICKHOUSE_DATA_OLDER' })
    await second.close()
  })

  it('rejects with the reason when a server cannot be reached', async () => {
    const opened = openEngine({ dataDir: '', engineUrl: 'http://127.0.0.1:9' })
    await expect(opened.engine.started).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await opened.close()
  })

  it('uses a server by its address with the same client', async () => {
    const server = openEngine({ dataDir: makeDir() })
    const { url, user, password } = await server.endpoint()
    const remote = openEngine({ dataDir: '', engineUrl: url.replace('//', `//${user}:${password}@`) })
    await remote.engine.started
    expect(await numbersOf(remote, 'SELECT count() AS n FROM samples')).toEqual([0])
    await remote.close()
    await server.close()
  })
})
