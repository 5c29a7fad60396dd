/** Why a field selector (`a.b=c,d!=e`) cannot be read, or `undefined`. Source: k8s.io/apimachinery pkg/fields ParseSelector. */
export function checkFieldSelector(text: string): string | undefined {
  if (text === '') return undefined
  const bad = text.split(/(?<!\\),/).find((term) => term !== '' && !/^[^=!]*(?:==|!=|=)/.test(term))
  return bad === undefined ? undefined : `field selector ${JSON.stringify(text)}: cannot understand ${JSON.stringify(bad)}`
}

/** Why a label selector (`a=b,c in (d,e),!f`) cannot be read, or `undefined`. Source: k8s.io/apimachinery pkg/labels Parse. */
export function checkLabelSelector(text: string): string | undefined {
  if (text.trim() === '') return undefined
  const terms = text.split(/,(?![^()]*\))/)
  const bad = terms.find((term) => !LABEL_TERM.test(term))
  return bad === undefined ? undefined : `label selector ${JSON.stringify(text)}: cannot understand ${JSON.stringify(bad.trim())}`
}

const KEY = String.raw`[A-Za-z0-9./_-]+`
const LABEL_TERM = new RegExp(
  String.raw`^\s*(?:!\s*${KEY}|${KEY}(?:\s*(?:==|!=|=|>|<)\s*[A-Za-z0-9._-]*|\s+(?:in|notin)\s*\([^()]*\))?)\s*$`,
)
