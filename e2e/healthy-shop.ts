import { pause } from './oriel.ts'
import { promValue } from './read-back.ts'
import { remoteWriteTemplate } from './senders.ts'

export const HEALTHY_METRICS = 40
export const HEALTHY_SERIES = 250

/** Milliseconds of each request. */
export interface Latencies {
  readonly queries: number[]
  readonly writes: number[]
}

/** A shop with ten thousand series, written once a second, and a dashboard that looks at it. */
export class HealthyShop {
  readonly failures: string[] = []
  rounds = 0
  readonly #base: string
  readonly #templates = Array.from({ length: HEALTHY_METRICS }, (_, i) =>
    remoteWriteTemplate(`shop_${i}_total`, { series: HEALTHY_SERIES, labels: { job: 'shop', instance: 'a:1' } }),
  )
  #latencies: Latencies = { queries: [], writes: [] }
  #isStopped = false
  #loops: Promise<void>[] = []

  constructor(base: string) {
    this.#base = base
  }

  start(): void {
    this.#loops = [this.#write(), this.#ask()]
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#loops)
  }

  /** What writes and queries took while `work` ran. */
  async measure(work: Promise<unknown>): Promise<Latencies> {
    const latencies = { queries: [], writes: [] }
    this.#latencies = latencies
    await work
    this.#latencies = { queries: [], writes: [] }
    return latencies
  }

  async #write(): Promise<void> {
    while (!this.#isStopped) {
      const roundMs = performance.now()
      const tMs = Date.now()
      for (const template of this.#templates) {
        const { path, headers, body } = template.at(tMs, this.rounds + 1)
        const startMs = performance.now()
        const response = await fetch(this.#base + path, { method: 'POST', headers, body })
        await response.text()
        this.#latencies.writes.push(performance.now() - startMs)
        if (response.status !== 204) this.failures.push(String(response.status))
      }
      this.rounds++
      await pause(Math.max(0, 1_000 - (performance.now() - roundMs)))
    }
  }

  async #ask(): Promise<void> {
    for (let i = 0; !this.#isStopped; i++) {
      const metric = `shop_${i % HEALTHY_METRICS}_total`
      const startMs = performance.now()
      await promValue(this.#base, `sum(rate(${metric}[1m]))`)
      this.#latencies.queries.push(performance.now() - startMs)
      await pause(50)
    }
  }
}
