import { OrielError } from '@oriel/model'

/** Codes of `ApiError`. */
export const API_ERRORS = {
  API_BAD_PARAMETER: 'A parameter is missing or cannot be read; the message names it and what it should look like.',
  API_NOT_FOUND: 'There is nothing at this path.',
  API_METHOD: 'The path exists, but not with this method; the Allow header names those it has.',
  API_TOO_LARGE: 'The request body is larger than the limit named in the message.',
  API_BAD_CONTENT: 'The request body has a content type or encoding that this path does not take.',
  API_NOT_READY: 'The server is starting or stopping. Retry.',
  API_DISABLED: 'What was asked for is switched off; the message or the documentation of the path names the switch.',
  API_UNSUPPORTED:
    'The path belongs to the product that we stand in for, but there is nothing behind it here; the message says why.',
  API_NO_TARGET: 'No such target is scraped.',
  TRACE_NOT_FOUND: 'No span of this trace is stored.',
} as const

/** An expected failure of a request. */
export class ApiError extends OrielError {
  constructor(code: keyof typeof API_ERRORS, message: string, options?: ErrorOptions) {
    super(code, message, options)
  }
}
