import type { TimeRange } from '@oriel/model'

/** Something wrong with a query text. Offsets are UTF-16, `to` exclusive. */
export interface Problem {
  readonly from: number
  readonly to: number
  readonly severity: 'error' | 'warning' | 'info'
  readonly message: string
}

/** One way to go on. */
export interface Option {
  readonly text: string
  readonly kind: 'metric' | 'function' | 'keyword' | 'label' | 'value' | 'stage'
  readonly detail?: string
  /** What is written, where it is more than `text`. */
  readonly insert?: string
  /** How far before the end of what is written the cursor stays: within its brackets. */
  readonly caretBack?: number
  readonly info?: Explained
}

/** Help about a word. */
export interface Explained {
  readonly title: string
  readonly text: string
  readonly note?: string
}

/** Ways to go on, from an offset of the text on. */
export interface Options {
  readonly from: number
  readonly options: readonly Option[]
}

/** What an editor asks the server for while somebody types. */
export interface CompletionContext {
  readonly range: TimeRange
  readonly signal: AbortSignal
}

/** What an editor needs to know of a query language. */
export interface Language {
  readonly name: 'PromQL' | 'LogQL' | 'TraceQL'
  readonly keywords: ReadonlySet<string>
  readonly functions: ReadonlySet<string>
  readonly diagnose: (text: string) => readonly Problem[]
  /** Completes at the end of `before`, the text in front of the cursor; `after` is what stands behind it. */
  readonly complete: (before: string, context: CompletionContext, after?: string) => Promise<Options | undefined>
  /** What a word means, for the pointer that rests on it. */
  readonly explain?: (word: string, context: CompletionContext) => Promise<Explained | undefined>
  /** The text laid out, `undefined` while it has errors. */
  readonly format?: (text: string) => string | undefined
}

/** A label value as it stands between quotes. */
export function escapeValue(value: string): string {
  return JSON.stringify(value).slice(1, -1)
}
