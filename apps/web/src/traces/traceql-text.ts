import type { AppSearch } from '../frame/search.ts'

/** One attribute condition of the form, as in the URL: `key|op|value`. */
export interface AttributeFilter {
  readonly key: string
  readonly op: string
  readonly value: string
}

/** Reads what a person types as an attribute condition: `http.route=/pay`, `retries>2`, `user.id` (it exists). */
export function parseAttribute(text: string): AttributeFilter | undefined {
  const trimmed = text.trim()
  const match = /^([^\s=!<>~|]+)\s*(=~|!~|!=|=|>|<)\s*(.+)$/.exec(trimmed)
  if (match !== null) return { key: match[1] ?? '', op: match[2] ?? '=', value: (match[3] ?? '').replace(/^"(.*)"$/, '$1') }
  return /^[^\s=!<>~|]+$/.test(trimmed) ? { key: trimmed, op: 'exists', value: '' } : undefined
}

/** The condition as it stands in the URL. */
export function printAttribute({ key, op, value }: AttributeFilter): string {
  return `${key}|${op}|${value}`
}

/** The condition of a URL, for reading. */
export function readAttribute(text: string): AttributeFilter {
  const [key = '', op = 'exists', ...value] = text.split('|')
  return { key, op, value: value.join('|') }
}

/** The form's conditions as TraceQL. */
export function printTraceQL({ service, operation, status, min, max, f = [] }: AppSearch): string {
  const conditions = [
    service === undefined ? '' : `resource.service.name = ${JSON.stringify(service)}`,
    operation === undefined ? '' : `name = ${JSON.stringify(operation)}`,
    status === undefined ? '' : `status = ${status}`,
    min === undefined ? '' : `duration >= ${min}`,
    max === undefined ? '' : `duration <= ${max}`,
    ...f.map((text) => printCondition(readAttribute(text))),
  ].filter((condition) => condition !== '')
  return conditions.length === 0 ? '{ }' : `{ ${conditions.join(' && ')} }`
}

function printCondition({ key, op, value }: AttributeFilter): string {
  if (op === 'exists') return `.${key} != nil`
  const isNumber = (op === '>' || op === '<') && /^-?\d+(\.\d+)?$/.test(value)
  return `.${key} ${op} ${isNumber ? value : JSON.stringify(value)}`
}
