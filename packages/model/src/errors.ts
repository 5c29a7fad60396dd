/**
 * An expected failure: something a caller can act on. `code` is stable, listed in the room's `errors.ts` and documented.
 *
 * The message reads "cannot <do what>: <why, with numbers>". HTTP and gRPC status are chosen from `code` at the boundary alone.
 */
export class OrielError extends Error {
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

/** Codes that the nouns themselves raise, as plain `OrielError`. */
export const MODEL_ERRORS = {
  MODEL_BAD_REGEX: 'A regular expression is longer than the limit, or none that RE2 accepts; the message has the reason.',
} as const

/** Reports a broken invariant of our own. Never caught to go on. */
export function bug(message: string): never {
  throw new Error(`BUG: ${message}`)
}

/** Ends a `switch` over a union: a case that the compiler proves cannot happen. */
export function unreachable(value: never): never {
  return bug(`unexpected case ${String(value)}`)
}
