/** What a command says and how it ends. */
export interface Outcome {
  /** For stdout. */
  readonly text: string
  /** For stderr. */
  readonly errors: string
  readonly exitCode: number
}

/** Exit codes of check and test commands, promtool's. */
export const EXIT = { success: 0, failure: 1, lint: 3 } as const

/** Writes an outcome and sets the exit code of this process. */
export function tell({ text, errors, exitCode }: Outcome): void {
  process.stdout.write(text)
  process.stderr.write(errors)
  process.exitCode = exitCode
}
