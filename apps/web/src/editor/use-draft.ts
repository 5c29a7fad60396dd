import { useEffect, useState } from 'react'
import { useAppSearch, usePatchSearch } from '../frame/use-search.ts'
import { useRefresh } from '../frame/use-time.ts'

/** A query while it is being written: what runs is in the URL, what is typed becomes it on `run`. */
export interface Draft {
  readonly text: string
  readonly setText: (text: string) => void
  /** Runs the text (or another one): a new query pushes history, the same one asks again. */
  readonly run: (text?: string) => void
}

/** The draft of the URL's `q`. `initial` stands there when the URL has none. */
export function useDraft(initial: string): Draft {
  const { q = initial } = useAppSearch()
  const patch = usePatchSearch()
  const refresh = useRefresh()
  const [text, setText] = useState(q)
  useEffect(() => setText(q), [q])
  return {
    text,
    setText,
    run: (next = text) => {
      const trimmed = next.trim()
      if (trimmed === q) refresh()
      else patch({ q: trimmed === '' ? undefined : trimmed, sel: undefined })
    },
  }
}
