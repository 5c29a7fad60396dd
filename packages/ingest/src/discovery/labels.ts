/** A name as a label may have it: what is no letter, digit or underscore becomes one. Source: Prometheus util/strutil SanitizeLabelName. */
export function labelNameOf(text: string): string {
  return text.replaceAll(/[^a-zA-Z0-9_]/gu, '_')
}

/** `host:port`, with brackets around an IPv6 address. */
export function hostPort(host: string, port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** `labels` under a prefix, their names made label names. */
export function prefixed(prefix: string, labels: Iterable<readonly [string, string]>): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [name, value] of labels) found[prefix + labelNameOf(name)] = value
  return found
}
