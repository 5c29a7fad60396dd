import { OrielError } from '@oriel/model'

/** Codes of `TemplateError`. */
export const TEMPLATE_ERRORS = {
  TEMPLATE_SYNTAX: 'A template cannot be read. The message is the one of Go: name, line and what is wrong.',
  TEMPLATE_FAILED: 'A template cannot be run on the data it met. The message is the one of Go: name, line, column and the piece.',
  TEMPLATE_LIMIT: 'A template passed a bound: its source, depth, output or number of steps. The message names it.',
} as const

/** An expected failure of a template. */
export class TemplateError extends OrielError {
  constructor(code: keyof typeof TEMPLATE_ERRORS, message: string, options?: ErrorOptions) {
    super(code, message, options)
  }
}
