import { useEffect, useMemo, useState } from 'react'
import { useAppSearch, usePatchSearch } from '../frame/use-search.ts'
import { useRefresh } from '../frame/use-time.ts'
import type { BenchQuery } from './bench-queries.ts'
import { letterOf, printQueries, readQueries } from './bench-queries.ts'

/** The queries while they are being written: what runs is in the URL, what is typed becomes it on `run`. */
export interface Drafts {
  /** What runs. */
  readonly queries: readonly BenchQuery[]
  /** What is written; as many as there are editors. */
  readonly drafts: readonly BenchQuery[]
  readonly setText: (index: number, text: string) => void
  readonly setTexts: (texts: readonly string[]) => void
  readonly add: () => void
  /** Takes the query away, and shows the change. */
  readonly remove: (index: number) => void
  readonly toggle: (index: number) => void
  /** Runs what is written: new texts push history, the same ones are asked again. */
  readonly run: () => void
}

/** The drafts of the URL's queries. */
export function useDrafts(): Drafts {
  const { q, more, hide } = useAppSearch()
  const patch = usePatchSearch()
  const refresh = useRefresh()
  const key = [q ?? '', ...(more ?? [])].join('\n\0')
  const queries = useMemo(
    () => readQueries({ ...(q !== undefined && { q }), ...(more && { more }), ...(hide !== undefined && { hide }) }),
    // A new array with the same texts is the same queries.
    [key, hide],
  )
  const [texts, setTexts] = useState(() => queries.map(({ text }) => text))
  useEffect(() => setTexts(queries.map(({ text }) => text)), [key])
  const drafts = texts.map((text, i) => ({ letter: letterOf(i), text, isHidden: queries[i]?.isHidden ?? false }))
  const show = (next: readonly Omit<BenchQuery, 'letter'>[]): void => {
    const wanted = printQueries(next)
    const isSame = [wanted.q ?? '', ...(wanted.more ?? [])].join('\n\0') === key && (wanted.hide ?? '') === (hide ?? '')
    if (isSame) refresh()
    else patch(wanted)
  }
  return {
    queries,
    drafts,
    setTexts: (next) => setTexts([...next]),
    setText: (index, text) => setTexts(texts.map((old, i) => (i === index ? text : old))),
    add: () => setTexts([...texts, '']),
    remove: (index) => {
      setTexts(texts.filter((_, i) => i !== index))
      show(drafts.filter((_, i) => i !== index))
    },
    toggle: (index) => show(drafts.map((draft, i) => (i === index ? { ...draft, isHidden: !draft.isHidden } : draft))),
    run: () => show(drafts),
  }
}
