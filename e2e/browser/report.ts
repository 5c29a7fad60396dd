/** Counts checks and prints them as they come; the last line is what tools read. */
export class Report {
  #passed = 0
  #failed = 0

  /** Notes a check; prints what was found where it failed. */
  check(name: string, isGood: boolean, found: string = ''): void {
    if (isGood) this.#passed++
    else this.#failed++
    console.log(`${isGood ? 'ok    ' : 'FAILED'} ${name}${found === '' ? '' : `: ${found}`}`)
  }

  /** Runs a step; an exception fails it and the run goes on. */
  async step(name: string, work: () => Promise<string | void>): Promise<void> {
    try {
      const found = await work()
      this.check(name, true, found ?? '')
    } catch (error) {
      this.check(name, false, error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error))
    }
  }

  /** Prints the closing line and sets the process's exit code. */
  finish(): void {
    console.log(`${this.#passed} passed, ${this.#failed} failed`)
    process.exitCode = this.#failed === 0 ? 0 : 1
  }
}
