import { RE2JS } from 're2js'
import { OrielError } from './errors.ts'

/** 4 KiB: Prometheus and Loki patterns in the wild stay far below; longer ones cost compile time and memory. */
export const MAX_PATTERN_LENGTH = 4_096

// 512: more patterns than a busy dashboard set uses at once; one compiled pattern costs a few KiB.
const CACHE_SIZE = 512
const cache = new Map<string, RE2JS>()

/** RE2 flags, by their meaning in Go's regexp/syntax. */
export interface RegexOptions {
  /** `.` matches a newline too (Go flag s). */
  readonly dotAll?: boolean
  /** Letters match in either case (Go flag i). */
  readonly ignoreCase?: boolean
}

/**
 * Compiles a user's pattern with RE2 (linear time, Go syntax). Never use `new RegExp` on a user's pattern.
 *
 * Compiled patterns are cached by source and flags. Throws `OrielError` MODEL_BAD_REGEX naming the pattern and the reason.
 */
export function compileRegex(pattern: string, { dotAll = false, ignoreCase = false }: RegexOptions = {}): RE2JS {
  const flags = (dotAll ? RE2JS.DOTALL : 0) | (ignoreCase ? RE2JS.CASE_INSENSITIVE : 0)
  const key = `${flags}:${pattern}`
  const known = cache.get(key)
  if (known !== undefined) {
    cache.delete(key)
    cache.set(key, known)
    return known
  }
  const compiled = compile(pattern, flags)
  if (cache.size >= CACHE_SIZE)
    for (const oldest of cache.keys()) {
      cache.delete(oldest)
      break
    }
  cache.set(key, compiled)
  return compiled
}

/** A test for `^(?s:pattern)$`, as PromQL matchers, stream selectors and relabeling anchor it. Literals skip RE2. */
export function compileAnchored(pattern: string): (text: string) => boolean {
  const literals = literalAlternatives(pattern)
  if (literals !== undefined) {
    if (literals.length === 1) return (text) => text === literals[0]
    const set = new Set(literals)
    return (text) => set.has(text)
  }
  if (pattern === '.*') return () => true
  if (pattern === '.+') return (text) => text !== ''
  const regex = compileRegex(pattern, { dotAll: true })
  return (text) => regex.matches(text)
}

/**
 * The finite set of strings an anchored pattern accepts, when it is plainly `a|b|c`; `undefined` when it is not.
 *
 * Only patterns without any metacharacter but `|` are answered, so the result is exact.
 */
export function literalAlternatives(pattern: string): string[] | undefined {
  return /[\\^$.*+?()[\]{}]/.test(pattern) ? undefined : pattern.split('|')
}

function compile(pattern: string, flags: number): RE2JS {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    throw new OrielError('MODEL_BAD_REGEX', `cannot compile regex: ${pattern.length} characters, limit ${MAX_PATTERN_LENGTH}`)
  }
  try {
    return RE2JS.compile(pattern, flags)
  } catch (error) {
    // The flags that stand for our options are no part of what the user wrote.
    const reason = (error instanceof Error ? error.message : String(error)).replace(/`\(\?[si]+\)/, '`')
    throw new OrielError('MODEL_BAD_REGEX', `cannot compile regex ${JSON.stringify(pattern)}: ${reason}`, { cause: error })
  }
}
