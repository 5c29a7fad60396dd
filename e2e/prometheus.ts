import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, pause } from './oriel.ts'

const START_TIMEOUT_MS = 30_000

/** Where the real programs are: `bin/` of the folder ORIEL_PEERS_DIR. */
export function peerBinary(name: string): string {
  return join(process.env['ORIEL_PEERS_DIR'] ?? '', 'bin', name)
}

/** Whether all of them are there; says which are not. */
export function hasPeers(suite: string, ...names: readonly string[]): boolean {
  const missing = names.filter((name) => !existsSync(peerBinary(name)))
  if (missing.length > 0) console.log(`${suite}: skipped, ORIEL_PEERS_DIR does not hold bin/${missing.join(', bin/')}`)
  return missing.length === 0
}

/** A real Prometheus under way. */
export interface RunningPrometheus {
  readonly http: string
  readonly close: () => Promise<void>
}

/** Starts a real Prometheus on a free port with an empty store; it takes remote writes and admin requests. */
export async function startPrometheus(yaml: string, args: readonly string[] = []): Promise<RunningPrometheus> {
  const directory = mkdtempSync(join(tmpdir(), 'oriel-prometheus-'))
  const file = join(directory, 'prometheus.yml')
  writeFileSync(file, yaml)
  const address = `127.0.0.1:${await freePort()}`
  const given = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    `--web.listen-address=${address}`,
    '--web.enable-remote-write-receiver',
    '--web.enable-admin-api',
    '--log.level=error',
    ...args,
  ]
  const child = spawn(peerBinary('prometheus'), given, { stdio: ['ignore', 'ignore', 'inherit'] })
  const close = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exit = new Promise((resolve) => {
        child.once('exit', resolve)
      })
      child.kill('SIGTERM')
      await exit
    }
    rmSync(directory, { recursive: true, force: true })
  }
  const deadline = Date.now() + START_TIMEOUT_MS
  for (;;) {
    const status = await fetch(`http://${address}/-/ready`).then(
      (response) => response.status,
      () => 0,
    )
    if (status === 200) return { http: `http://${address}`, close }
    if (child.exitCode !== null || Date.now() > deadline) {
      await close()
      throw new Error('Prometheus did not get ready')
    }
    await pause(50)
  }
}
