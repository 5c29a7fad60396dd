import type { Counter, Telemetry } from '@oriel/model'
import type { EngineProcess, StartOptions } from './embedded.ts'
import { startEngineProcess, unavailable } from './embedded.ts'
import type { Endpoint } from './http.ts'

/** What the engine is doing. `restarting`: it ended without being asked, and is coming back. */
export type EngineState = 'starting' | 'ready' | 'restarting' | 'stopped'

/** An engine that is kept running. */
export interface SupervisedEngine {
  state(): EngineState
  /** How often the engine ended without being asked. */
  readonly restarts: number
  /** Process id of the running engine, 0 when there is none. */
  readonly pid: number
  /** Waits for the first start; rejects with STORE_UNAVAILABLE at once while restarting or stopped. */
  endpoint(): Promise<Endpoint>
  /** Calls back after each restart, once the engine answers again. */
  onRestart(callback: () => void): void
  /** Ends the engine and starts it again; resolves when it has ended. */
  restart(): Promise<void>
  /** Resolves when the first start is done, rejects when it failed. */
  readonly started: Promise<void>
  close(): Promise<void>
}

/** How the supervisor behaves. Defaults suit an embedded engine. */
export interface SupervisorOptions extends StartOptions {
  readonly telemetry: Telemetry
  /** Runs once against the first engine, before calls are let in: migrations. */
  readonly prepare: (endpoint: Endpoint) => Promise<void>
}

const HEALTH_EVERY_MS = 5_000
// 10 s: on two busy cores an answer may take a second; an engine silent for three of these in a row is stuck.
const HEALTH_TIMEOUT_MS = 10_000
const HEALTH_FAILURES = 3
const FIRST_BACK_OFF_MS = 50
// 2 s: a start costs half a second of one core, so an engine that ends at once eats a fifth of it; senders wait no longer than that.
const LONGEST_BACK_OFF_MS = 2_000
// An engine that ran this long had started well: its end does not lengthen the wait before the next start.
const STEADY_AFTER_MS = 60_000
// 200 ms: by itself it waits 4 s for connections to close. What was acknowledged is on disk, so a kill loses nothing.
const STOP_GRACE_MS = 200
// A predecessor that was just killed may hold the directory or the port for a moment: the first start is tried again meanwhile.
const FIRST_START_TRIES = 20

/** Starts an engine and keeps it running until closed. */
export function superviseEngine(options: SupervisorOptions): SupervisedEngine {
  return new Supervisor(options)
}

class Supervisor implements SupervisedEngine {
  readonly started: Promise<void>
  restarts = 0
  readonly #options: SupervisorOptions
  readonly #restartCounter: Counter
  readonly #callbacks: (() => void)[] = []
  #state: EngineState = 'starting'
  #engine: EngineProcess | undefined
  #lastRun: Promise<void> = Promise.resolve()
  #endWait: () => void = () => {}
  #isAsked = false

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#restartCounter = options.telemetry.counter('oriel_engine_restarts_total', 'Times the embedded engine ended by itself.')
    this.started = this.#firstStart()
    // Callers see the failure through `started` or `endpoint`; it must not end the process when nobody looks yet.
    this.started.catch(() => {})
  }

  state(): EngineState {
    return this.#state
  }

  get pid(): number {
    return this.#state === 'ready' ? (this.#engine?.pid ?? 0) : 0
  }

  async endpoint(): Promise<Endpoint> {
    if (this.#state === 'starting') await this.started
    if (this.#engine !== undefined && this.#state === 'ready') return this.#engine.endpoint
    throw unavailable(this.#isStopped() ? 'it is stopped' : 'it is restarting')
  }

  onRestart(callback: () => void): void {
    this.#callbacks.push(callback)
  }

  async restart(): Promise<void> {
    if (this.#state !== 'ready') return
    this.#isAsked = true
    await this.#engine?.stop(STOP_GRACE_MS)
  }

  async close(): Promise<void> {
    this.#state = 'stopped'
    this.#endWait()
    await this.started.catch(() => {})
    await this.#engine?.stop(STOP_GRACE_MS)
    await this.#lastRun
  }

  async #firstStart(): Promise<void> {
    try {
      this.#engine = await this.#startWithRetries()
      await this.#options.prepare(this.#engine.endpoint)
    } catch (error) {
      this.#state = 'stopped'
      await this.#engine?.stop(STOP_GRACE_MS)
      throw error
    }
    if (this.#isStopped()) return
    this.#state = 'ready'
    this.#lastRun = this.#keepRunning(this.#engine)
  }

  async #startWithRetries(): Promise<EngineProcess> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await startEngineProcess(this.#options)
      } catch (error) {
        if (attempt >= FIRST_START_TRIES || this.#isStopped() || !isHeldByPredecessor(error)) throw error
        await this.#wait(LOCK_RETRY_MS)
      }
    }
  }

  async #keepRunning(first: EngineProcess): Promise<void> {
    let failures = 0
    for (let current: EngineProcess | undefined = first; current !== undefined;) {
      const since = performance.now()
      const words = await this.#watch(current)
      if (this.#isStopped()) return
      this.#state = 'restarting'
      this.#noteEnd(words)
      failures = performance.now() - since > STEADY_AFTER_MS ? 0 : failures + 1
      current = await this.#restart(failures)
      if (current === undefined) return
      this.#engine = current
      this.#state = 'ready'
      for (const callback of this.#callbacks) callback()
    }
  }

  #noteEnd(words: string): void {
    const isAsked = this.#isAsked
    this.#isAsked = false
    if (isAsked) return
    this.restarts++
    this.#restartCounter.add(1)
    const { telemetry } = this.#options
    telemetry.log('error', 'the engine ended by itself and is started again', { words, restarts: this.restarts })
  }

  /** Waits for the engine's end; ends it when it stops answering. */
  async #watch(engine: EngineProcess): Promise<string> {
    let isChecking = false
    const timer = setInterval(() => {
      if (isChecking) return
      isChecking = true
      void this.#killWhenStuck(engine).finally(() => (isChecking = false))
    }, HEALTH_EVERY_MS)
    timer.unref()
    const words = await engine.ended
    clearInterval(timer)
    return words
  }

  async #killWhenStuck(engine: EngineProcess): Promise<void> {
    for (let failure = 0; failure < HEALTH_FAILURES; failure++) if (await engine.ping(HEALTH_TIMEOUT_MS)) return
    if (engine !== this.#engine || this.#state !== 'ready') return
    this.#options.telemetry.log('error', 'the engine does not answer and is ended', { pid: engine.pid })
    await engine.stop(0)
  }

  /** Starts until it works or we are closed; waits longer after each failure, the given number of earlier ones included. */
  async #restart(earlierFailures: number): Promise<EngineProcess | undefined> {
    for (let failures = earlierFailures; ; failures++) {
      if (failures > 1) await this.#wait(Math.min(LONGEST_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** failures))
      if (this.#isStopped()) return undefined
      try {
        const engine = await startEngineProcess(this.#options)
        if (!this.#isStopped()) return engine
        await engine.stop(STOP_GRACE_MS)
        return undefined
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        this.#options.telemetry.log('error', 'the engine did not start', { reason })
      }
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#endWait = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #isStopped(): boolean {
    return this.#state === 'stopped'
  }
}

const LOCK_RETRY_MS = 100

function isHeldByPredecessor(error: unknown): boolean {
  return error instanceof Error && /lock file|Address already in use/i.test(error.message)
}
