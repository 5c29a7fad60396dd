import { useEffect, useRef } from 'react'
import type { KeyBindings } from './keys.ts'
import { keyName, makeKeyDispatcher } from './keys.ts'

const dispatcher = makeKeyDispatcher()

/** Binds keys while the component is mounted. Bindings of the innermost, latest mounted component win. */
export function useKeys(bindings: KeyBindings): void {
  const latest = useRef(bindings)
  latest.current = bindings
  const names = Object.keys(bindings).join('\n')
  useEffect(() => {
    const layer: Record<string, () => void> = {}
    for (const name of names.split('\n')) layer[name] = () => latest.current[name]?.()
    return dispatcher.add(layer)
  }, [names])
}

/** Listens for keys on the whole page. Called once, before the page is drawn. */
export function startKeyboard(): void {
  window.addEventListener('keydown', (event) => {
    const key = keyName(event)
    if (key === '' || event.defaultPrevented || (isTyping(event.target) && key !== 'mod+k')) return
    if (document.querySelector('[role="dialog"]') !== null && key !== 'mod+k') return
    if (dispatcher.press(key, performance.now())) event.preventDefault()
  })
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return (
    target.isContentEditable ||
    target instanceof HTMLInputElement ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  )
}
