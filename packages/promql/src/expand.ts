/** What a template refers to: the groups of a match. */
export interface MatchGroups {
  groupCount(): number
  group(reference: number | string): string | null
}

const REFERENCE = /\$(?:\$|\{(\w+)\}|(\w+))/g

/**
 * Expands `$1`, `${1}`, `$name` and `$$` as Go's regexp.Expand does: the longest name counts, an unknown one is empty.
 */
export function expandTemplate(template: string, match: MatchGroups): string {
  return template.replaceAll(REFERENCE, (whole, braced?: string, plain?: string) => {
    if (whole === '$$') return '$'
    const name = braced ?? plain ?? ''
    return /^\d+$/.test(name) ? numbered(match, Number(name)) : named(match, name)
  })
}

function numbered(match: MatchGroups, index: number): string {
  return index <= match.groupCount() ? (match.group(index) ?? '') : ''
}

function named(match: MatchGroups, name: string): string {
  try {
    return match.group(name) ?? ''
  } catch {
    // The pattern has no such group.
    return ''
  }
}
