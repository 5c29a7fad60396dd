import type { QueryWarning } from '@oriel/query'

/** What every answer says that a `limit` has cut. */
export const TRUNCATED = 'results truncated due to limit'

// As Prometheus: of each kind so many are told, then how many more there were.
const MOST_TOLD = 10

/** Warnings and infos of an answer as `,"warnings":[...],"infos":[...]`, each only when there is one. */
export function printWarnings(warnings: readonly QueryWarning[], more: readonly string[] = []): string {
  const told = [...warnings.filter(({ level }) => level === 'warning').map(({ message }) => message), ...more]
  const infos = warnings.filter(({ level }) => level === 'info').map(({ message }) => message)
  const warningsText = told.length === 0 ? '' : `,"warnings":${JSON.stringify(shortened(told, 'warning'))}`
  return infos.length === 0 ? warningsText : `${warningsText},"infos":${JSON.stringify(shortened(infos, 'info'))}`
}

function shortened(messages: readonly string[], kind: string): readonly string[] {
  if (messages.length <= MOST_TOLD) return messages
  return [...messages.slice(0, MOST_TOLD), `${messages.length - MOST_TOLD} more ${kind} annotations omitted`]
}
