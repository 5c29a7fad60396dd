// What the decoding benchmarks share: rounds of fixed work, CPU time, the median.

const ROUNDS = 7
const ROUND_MS = 700

/** Runs `decode` over all bodies for some rounds, after a warm-up, and prints items per CPU-second: lowest, median, highest. */
export function printDecodeRounds(
  name: string,
  itemsPerPass: number,
  bodies: readonly Uint8Array[],
  decode: (body: Uint8Array) => void,
): void {
  round(itemsPerPass, bodies, decode)
  const rates = Array.from({ length: ROUNDS }, () => round(itemsPerPass, bodies, decode)).sort((a, b) => a - b)
  const bytes = bodies.reduce((sum, body) => sum + body.length, 0)
  const [lowest, median, highest] = [rates[0]!, rates[ROUNDS >> 1]!, rates[ROUNDS - 1]!].map(
    (rate) => `${(rate / 1e3).toFixed(0)}k`,
  )
  const megabytes = ((rates[ROUNDS >> 1]! / itemsPerPass) * bytes) / 1e6
  console.log(`${name}: ${median} per CPU-second (${lowest}..${highest}), ${megabytes.toFixed(0)} MB per CPU-second`)
}

function round(itemsPerPass: number, bodies: readonly Uint8Array[], decode: (body: Uint8Array) => void): number {
  const start = process.cpuUsage()
  const endMs = performance.now() + ROUND_MS
  let passes = 0
  while (performance.now() < endMs) {
    for (const body of bodies) decode(body)
    passes++
  }
  const { user, system } = process.cpuUsage(start)
  return (passes * itemsPerPass) / ((user + system) / 1e6)
}
