/** Lets many work at the same time, or one alone. */
export class Gate {
  readonly #sharing = new Set<Promise<unknown>>()
  #alone: Promise<unknown> | undefined

  /** Runs work beside others of its kind, once nobody is alone. */
  async share<Result>(work: () => Promise<Result>): Promise<Result> {
    while (this.#alone !== undefined) await this.#alone
    const sharing = work()
    this.#sharing.add(sharing)
    try {
      return await sharing
    } finally {
      this.#sharing.delete(sharing)
    }
  }

  /** Runs work once all that share have ended; those that come later wait. */
  async alone<Result>(work: () => Promise<Result>): Promise<Result> {
    while (this.#alone !== undefined) await this.#alone
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#alone = promise
    try {
      await Promise.allSettled(this.#sharing)
      return await work()
    } finally {
      this.#alone = undefined
      resolve()
    }
  }
}
