// promtool, unmodified, against a real server of ours and against a real Prometheus with the same samples: what it prints must be equal.
// Run: ORIEL_PEERS_DIR=<folder with bin/> node --conditions=source e2e/promtool.ts
import { spawn } from 'node:child_process'
import { startOriel } from './oriel.ts'
import { hasPeers, peerBinary, startPrometheus } from './prometheus.ts'
import { remoteWrite, sendUntilAcknowledged } from './senders.ts'

interface Outcome {
  readonly code: number
  readonly text: string
}

/** Commands that take the server's address in the place of URL. `lines`: the order of lines does not count. */
function commands(nowS: number): { readonly args: readonly string[]; readonly isSet?: boolean }[] {
  const range = ['--start', String(nowS - 300), '--end', String(nowS), '--step', '60s']
  const time = ['--time', String(nowS)]
  return [
    { args: ['query', 'instant', ...time, 'URL', 'm'] },
    { args: ['query', 'instant', ...time, 'URL', 'sum(m)'] },
    { args: ['query', 'instant', ...time, '-o', 'json', 'URL', 'm{i="1"}'] },
    { args: ['query', 'instant', ...time, 'URL', '1 + 1'] },
    { args: ['query', 'instant', ...time, 'URL', '"text"'] },
    { args: ['query', 'instant', ...time, 'URL', 'm['] },
    { args: ['query', 'instant', ...time, 'URL', 'label_replace(m, "i", "x", "", "")'] },
    { args: ['query', 'range', ...range, 'URL', 'm'] },
    { args: ['query', 'range', ...range, '-o', 'json', 'URL', 'rate(m[2m])'] },
    { args: ['query', 'range', ...range, 'URL', 'm[5m]'] },
    { args: ['query', 'series', '--match', 'm', 'URL'], isSet: true },
    { args: ['query', 'series', '--match', 'm{i="0"}', '--match', 'n', 'URL'], isSet: true },
    { args: ['query', 'series', '--match', 'm{', 'URL'] },
    { args: ['query', 'labels', 'URL', 'i'] },
    { args: ['query', 'labels', 'URL', '__name__'] },
    { args: ['query', 'labels', 'URL', 'none'] },
    { args: ['query', 'analyze', '--server', 'URL', '--type', 'histogram', '--match', 'none'] },
    { args: ['check', 'healthy', '--url', 'URL'] },
    { args: ['check', 'ready', '--url', 'URL'] },
    { args: ['promql', 'format', '--experimental', 'sum(m)by(i)'] },
  ]
}

async function run(args: readonly string[], url: string): Promise<Outcome> {
  const child = spawn(
    peerBinary('promtool'),
    args.map((arg) => (arg === 'URL' ? url : arg)),
  )
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const code = await new Promise<number>((resolve) => {
    child.once('close', (status) => resolve(status ?? -1))
  })
  // The address differs, and who answers is told by name.
  return { code, text: text.replaceAll(url, 'URL').replace(/(Oriel|Prometheus Server) is/g, 'SERVER is') }
}

async function main(): Promise<void> {
  const prometheus = await startPrometheus('')
  const oriel = await startOriel()
  let [passed, failed] = [0, 0]
  try {
    const nowMs = Math.floor(Date.now() / 1_000) * 1_000
    for (const server of [prometheus, oriel]) {
      for (let step = 40; step >= 0; step--) {
        const tMs = nowMs - step * 15_000
        await sendUntilAcknowledged(server.http, remoteWrite('m', { series: 3, tMs, value: 1 / (step + 1) }))
        await sendUntilAcknowledged(server.http, remoteWrite('n', { series: 1, tMs, value: step, labels: { 'a.b': 'c' } }))
      }
    }
    for (const { args, isSet = false } of commands(nowMs / 1_000)) {
      const [theirs, ours] = await Promise.all([run(args, prometheus.http), run(args, oriel.http)])
      const order = (text: string): string => (isSet ? text.split('\n').sort().join('\n') : text)
      if (theirs.code === ours.code && order(theirs.text) === order(ours.text)) passed++
      else {
        failed++
        console.log(`  promtool ${args.join(' ')}\n    there ${theirs.code} ${theirs.text}\n    here  ${ours.code} ${ours.text}`)
      }
    }
  } finally {
    await oriel.close()
    await prometheus.close()
  }
  console.log(`promtool: ${passed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
}

if (hasPeers('promtool', 'promtool', 'prometheus')) await main()
