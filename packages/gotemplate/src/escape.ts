const HTML: Readonly<Record<string, string>> = {
  '\0': '\u{fffd}',
  '"': '&#34;',
  '&': '&amp;',
  "'": '&#39;',
  '<': '&lt;',
  '>': '&gt;',
}

/** Escapes text for HTML text and quoted attributes. Source: Go text/template/funcs.go HTMLEscapeString. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[\0"&'<>]/g, (char) => HTML[char] ?? char)
}

const JS: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
}

/** Escapes text for a JavaScript string. Source: Go text/template/funcs.go JSEscapeString. */
export function escapeJs(text: string): string {
  // Control characters and line separators end a string: they are written as numbers.
  return text.replaceAll(/[\\'"<>&=]|[\p{Cc}\u{2028}\u{2029}]/gu, (char) => {
    const known = JS[char]
    return known ?? `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
  })
}

/** Escapes text for a query string, as Go's `url.QueryEscape`: a space is `+`. */
export function escapeQuery(text: string): string {
  const escaped = encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return escaped.replaceAll('%20', '+')
}
