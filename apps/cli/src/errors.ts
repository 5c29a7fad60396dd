import { OrielError } from '@oriel/model'

/** Codes of `CliError`. */
export const CLI_ERRORS = {
  CLI_NOT_REACHABLE: 'No server answers at the address. Start one with `oriel serve`, or name another with --url.',
  CLI_QUERY_FAILED: 'The server refused the query; the message is its own.',
  CLI_BAD_ARGUMENT: 'An argument cannot be read; the message names it and what it should look like.',
  CLI_NO_SHOP: 'The demo system is not installed: `oriel demo` needs the repository.',
} as const

/** An expected failure of a command: printed without a stack. */
export class CliError extends OrielError {
  constructor(code: keyof typeof CLI_ERRORS, message: string, options?: ErrorOptions) {
    super(code, message, options)
  }
}
