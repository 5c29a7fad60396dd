/** What `expand` needs of a regex match: groups by number and by name. */
export interface MatchGroups {
  group(group: number | string): string | null
  groupCount(): number
}

const VARIABLE = /\$(?:\$|\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))/g

/**
 * Fills `$1`, `${1}`, `$name` and `${name}` of a replacement with a match's groups, as Go's `Regexp.Expand`.
 *
 * A name is as long as it can be (`$1x` is the group `1x`), an unknown group is empty, `$$` is a dollar sign.
 */
export function expand(replacement: string, match: MatchGroups): string {
  return replacement.replaceAll(VARIABLE, (whole: string, braced?: string, bare?: string) => {
    if (whole === '$$') return '$'
    return groupOf(match, braced ?? bare ?? '')
  })
}

function groupOf(match: MatchGroups, name: string): string {
  try {
    if (!/^\d+$/.test(name)) return match.group(name) ?? ''
    return Number(name) <= match.groupCount() ? (match.group(Number(name)) ?? '') : ''
  } catch {
    // The library throws for a name that the pattern lacks; Go leaves it empty.
    return ''
  }
}
