/** What could be written at the cursor of a PromQL query. */
export type Place =
  | { readonly kind: 'label'; readonly from: number; readonly selector: string }
  | { readonly kind: 'value'; readonly from: number; readonly label: string; readonly selector: string }
  /** Names of metrics and functions. */
  | { readonly kind: 'name'; readonly from: number }
  | { readonly kind: 'none' }

/**
 * Works out what `text` could go on with at its end (the cursor).
 *
 * Goes by the characters in front of the cursor, not by a tree: what is being typed is seldom a whole query.
 */
export function placeAt(text: string): Place {
  const scan = scanTo(text)
  if (scan.quote !== '') return valuePlace(text, scan)
  const word = /[\w.:]*$/.exec(text)?.[0] ?? ''
  const from = text.length - word.length
  const before = text.slice(0, from).trimEnd()
  if (scan.brace >= 0)
    return /[{,]$/.test(before) ? { kind: 'label', from, selector: selectorUpTo(text, scan.brace) } : { kind: 'none' }
  if (scan.bracket) return { kind: 'none' }
  if (/\b(by|without|on|ignoring|group_left|group_right)\s*\([^()]*$/.test(text.slice(0, from)))
    return { kind: 'label', from, selector: '' }
  if (/[\w)}\]"]$/.test(before) && before.length === from && word === '') return { kind: 'none' }
  return { kind: 'name', from }
}

interface Scan {
  /** The quote that is open, '' when none is. */
  readonly quote: string
  readonly quoteAt: number
  /** Where the open brace is, -1 when none is. */
  readonly brace: number
  readonly bracket: boolean
}

function scanTo(text: string): Scan {
  let quote = ''
  let quoteAt = -1
  let brace = -1
  let bracket = false
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!
    if (quote !== '') {
      if (char === '\\' && quote !== '`') i++
      else if (char === quote) quote = ''
    } else if (char === '"' || char === "'" || char === '`') {
      quote = char
      quoteAt = i
    } else if (char === '{') brace = i
    else if (char === '}') brace = -1
    else if (char === '[') bracket = true
    else if (char === ']') bracket = false
  }
  return { quote, quoteAt, brace, bracket }
}

function valuePlace(text: string, { quoteAt, brace }: Scan): Place {
  const label = /([\w.]+)\s*(=~|!~|!=|=)\s*$/.exec(text.slice(0, quoteAt))?.[1]
  if (label === undefined) return { kind: 'none' }
  return { kind: 'value', from: quoteAt + 1, label, selector: brace < 0 ? '' : selectorUpTo(text, brace) }
}

/** The selector around the cursor as far as it is finished: metric name and complete matchers, '' when there is nothing to go by. */
function selectorUpTo(text: string, brace: number): string {
  const name = /[\w:]*$/.exec(text.slice(0, brace))?.[0] ?? ''
  const matchers = text.slice(brace + 1).match(/[\w.]+\s*(?:=~|!~|!=|=)\s*(?:"(?:[^"\\]|\\.)*"|`[^`]*`)(?=\s*,)/g) ?? []
  return name === '' && matchers.length === 0 ? '' : `${name}{${matchers.join(',')}}`
}
