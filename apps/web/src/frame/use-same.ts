import { useRef } from 'react'

/** The array of the last render while it holds the same items: for what is made anew at each render of parts that are not. */
export function useSame<Item>(items: readonly Item[]): readonly Item[] {
  const last = useRef(items)
  const isSame = last.current.length === items.length && items.every((item, i) => Object.is(item, last.current[i]))
  if (!isSame) last.current = items
  return last.current
}
