/**
 * Expands `$1`, `$name`, `${name}` and `$$` as Go's regexp.Expand does.
 *
 * A name is the longest run of letters, digits and underscores, so `$1x` is the group "1x". A `$` that begins none stands for itself.
 */
export function expandTemplate(template: string, group: (name: string) => string): string {
  return template.replace(REFERENCE, (all: string, braced: string | undefined, bare: string | undefined) => {
    if (all === '$$') return '$'
    return group(braced ?? bare ?? '')
  })
}

const REFERENCE = /\$\$|\$\{([\p{L}\p{Nd}_]+)\}|\$([\p{L}\p{Nd}_]+)/gu
