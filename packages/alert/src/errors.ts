import { OrielError } from '@oriel/model'

/** Codes of `AlertError`. */
export const ALERT_ERRORS = {
  ALERT_BAD_RULES:
    "A rule file cannot be used. The message has every problem, with file, line and column, in Prometheus's words.",
  ALERT_NO_FILE: 'A rule file, or the folder of a pattern, cannot be read.',
  ALERT_BAD_TEST: 'A unit-test file cannot be read. The message names the line and what was expected.',
  ALERT_RULE_FAILED: 'A rule could not be evaluated: two results with equal labels, or more of them than the group allows.',
  ALERT_NOT_STORED: "Results of a rule were refused by the store's limits. The message says why, with an example.",
  ALERT_BAD_RESULT: 'The expression of a rule answers neither a vector nor a scalar.',
} as const

/** An expected failure of rules. */
export class AlertError extends OrielError {
  constructor(code: keyof typeof ALERT_ERRORS, message: string, options?: ErrorOptions) {
    super(code, message, options)
  }
}
