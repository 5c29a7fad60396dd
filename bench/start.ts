// Time from `oriel serve` to a 200 of /-/ready on an empty directory, and resident memory of everything at rest.
import { pause, startOriel, usage } from '../e2e/oriel.ts'
import { median } from './measure.ts'

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5)
// 20 s: start-up garbage is collected and the engine's threads have gone back to sleep.
const REST_MS = 20_000

const readyMs: number[] = []
let residentMb = 0
for (let round = 0; round < ROUNDS; round++) {
  const oriel = await startOriel({ isSelfOn: true })
  readyMs.push(oriel.readyMs)
  if (round === ROUNDS - 1) {
    await pause(REST_MS)
    residentMb = usage(oriel.pid).residentBytes / 2 ** 20
  }
  await oriel.close()
}
console.log('\n## Start\n\n| what | figure |\n|---|---|')
console.log(
  `| ready on an empty directory | ${median(readyMs).toFixed(0)} ms (${Math.min(...readyMs).toFixed(0)}..${Math.max(...readyMs).toFixed(0)}) |`,
)
console.log(`| resident at rest, all processes | ${residentMb.toFixed(0)} MB |`)
