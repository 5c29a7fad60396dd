import type { Matcher } from '@oriel/model'
import { compileRegex, literalAlternatives, unreachable } from '@oriel/model'
import type { ParamValue, Params } from './engine/params.ts'

/** Gathers the values of one statement's placeholders: text of users never becomes SQL. */
export class Bindings {
  readonly #params: Record<string, ParamValue> = {}
  #count = 0

  get params(): Params {
    return this.#params
  }

  /** Keeps `value` and gives the placeholder that stands for it. */
  bind(value: ParamValue, type: string): string {
    const name = `p${this.#count++}`
    this.#params[name] = value
    return `{${name}:${type}}`
  }

  text(value: string): string {
    return this.bind(value, 'String')
  }
}

/** `tenant IN (...)` for the tenants of a query. */
export function tenantCondition(tenants: readonly string[], bindings: Bindings): string {
  const [only] = tenants
  if (tenants.length === 1 && only !== undefined) return `tenant = ${bindings.text(only)}`
  return `tenant IN ${bindings.bind(tenants, 'Array(String)')}`
}

/**
 * A matcher on a text expression that is '' where the label is absent. Regexes are anchored and `.` matches newlines.
 *
 * Throws `OrielError` MODEL_BAD_REGEX for a regex that RE2 refuses, before the engine sees it.
 */
export function matcherCondition(expression: string, { op, value }: Pick<Matcher, 'op' | 'value'>, bindings: Bindings): string {
  switch (op) {
    case '=':
      return `${expression} = ${bindings.text(value)}`
    case '!=':
      return `${expression} != ${bindings.text(value)}`
    case '=~':
      return anchoredCondition(expression, value, bindings)
    case '!~':
      return `NOT ${anchoredCondition(expression, value, bindings)}`
    default:
      return unreachable(op)
  }
}

/** Conditions that all must hold, `1` for none. */
export function allOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? '1' : conditions.join(' AND ')
}

/** Conditions of which one must hold, `0` for none. */
export function anyOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? '0' : `(${conditions.join(' OR ')})`
}

function anchoredCondition(expression: string, pattern: string, bindings: Bindings): string {
  const literals = literalAlternatives(pattern)
  if (literals !== undefined) return `(${expression} IN ${bindings.bind(literals, 'Array(String)')})`
  compileRegex(pattern, { dotAll: true })
  return `match(${expression}, ${bindings.text(`^(?s:${pattern})$`)})`
}
