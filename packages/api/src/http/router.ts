/** What a path leads to, or why it leads nowhere. */
export type Match<Target> =
  | {
      readonly kind: 'found'
      readonly target: Target
      readonly params: Readonly<Record<string, string>>
      readonly pattern: string
    }
  | { readonly kind: 'method'; readonly allowed: readonly string[] }
  | { readonly kind: 'none' }

interface Node<Target> {
  readonly parts: Map<string, Node<Target>>
  /** The node behind a `:name`, tried after the exact parts. */
  any: Node<Target> | undefined
  readonly byMethod: Map<string, { readonly target: Target; readonly pattern: string; readonly names: readonly string[] }>
}

/**
 * Finds the target of a method and a path. An exact part wins over a `:name`; the first one added wins over a later one.
 *
 * Parts are decoded one by one, so that an encoded slash stays within its part. HEAD is answered by GET.
 */
export class Router<Target> {
  readonly #root: Node<Target> = makeNode()

  add(method: string, pattern: string, target: Target): void {
    const names: string[] = []
    let node = this.#root
    for (const part of splitPath(pattern)) {
      if (part.startsWith(':')) {
        names.push(part.slice(1))
        node = node.any ??= makeNode()
        continue
      }
      const known = node.parts.get(part)
      const next = known ?? makeNode<Target>()
      if (known === undefined) node.parts.set(part, next)
      node = next
    }
    if (!node.byMethod.has(method)) node.byMethod.set(method, { target, pattern, names })
  }

  find(method: string, path: string): Match<Target> {
    const parts = splitPath(path).map(decodePart)
    const values: string[] = []
    const node = walk(this.#root, parts, 0, values)
    if (node === undefined) return { kind: 'none' }
    const entry = node.byMethod.get(method) ?? (method === 'HEAD' ? node.byMethod.get('GET') : undefined)
    if (entry === undefined) return { kind: 'method', allowed: [...node.byMethod.keys()] }
    const params: Record<string, string> = {}
    for (const [i, name] of entry.names.entries()) params[name] = values[i] ?? ''
    return { kind: 'found', target: entry.target, params, pattern: entry.pattern }
  }
}

function walk<Target>(node: Node<Target>, parts: readonly string[], depth: number, values: string[]): Node<Target> | undefined {
  const part = parts[depth]
  if (part === undefined) return node.byMethod.size > 0 ? node : undefined
  const exact = node.parts.get(part)
  const found = exact === undefined ? undefined : walk(exact, parts, depth + 1, values)
  if (found !== undefined || node.any === undefined || part === '') return found
  values.push(part)
  const behind = walk(node.any, parts, depth + 1, values)
  if (behind === undefined) values.pop()
  return behind
}

function makeNode<Target>(): Node<Target> {
  return { parts: new Map(), any: undefined, byMethod: new Map() }
}

/** A trailing slash does not count. */
function splitPath(path: string): string[] {
  const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(1, -1) : path.slice(1)
  return trimmed === '' ? [] : trimmed.split('/')
}

function decodePart(part: string): string {
  if (!part.includes('%')) return part
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
