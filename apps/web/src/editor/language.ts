import type { TimeRange } from '@oriel/model'

/** Something wrong with a query text. Offsets are UTF-16, `to` exclusive. */
interface Problem {
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
  /** Completes at the end of `before`, the text in front of the cursor. */
  readonly complete: (before: string, context: CompletionContext) => Promise<Options | undefined>
}

/** A label value as it stands between quotes. */
export function escapeValue(value: string): string {
  return JSON.stringify(value).slice(1, -1)
}
