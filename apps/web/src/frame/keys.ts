/** Bindings of one part of the page: `g s`, `/`, `mod+k`, `shift+n` is written `N`. */
export type KeyBindings = Readonly<Record<string, () => void>>

/** Decides what a key press means. Layers added later win; a pending sequence swallows the keys that follow it. */
export interface KeyDispatcher {
  /** Adds a layer on top; the result takes it away again. */
  add(bindings: KeyBindings): () => void
  /** Takes one key; true when it was used (a binding ran, or a sequence waits for more). */
  press(key: string, nowMs: number): boolean
}

/** 1 s: slower than two deliberate key presses, faster than a second thought. */
export const SEQUENCE_MS = 1_000

/** Makes a dispatcher without layers. */
export function makeKeyDispatcher(): KeyDispatcher {
  const layers: KeyBindings[] = []
  let pending: readonly string[] = []
  let pressedMs = 0
  return {
    add(bindings) {
      layers.push(bindings)
      return () => void layers.splice(layers.indexOf(bindings), 1)
    },
    press(key, nowMs) {
      if (nowMs - pressedMs > SEQUENCE_MS) pending = []
      const hadPending = pending.length > 0
      const sequence = [...pending, key].join(' ')
      pressedMs = nowMs
      pending = []
      for (let i = layers.length - 1; i >= 0; i--) {
        const action = layers[i]?.[sequence]
        if (action !== undefined) {
          action()
          return true
        }
      }
      const isPrefix = layers.some((layer) => Object.keys(layer).some((binding) => binding.startsWith(`${sequence} `)))
      if (isPrefix) pending = sequence.split(' ')
      return isPrefix || hadPending
    },
  }
}

/** The name of a pressed key in bindings: `mod+k` (Ctrl or Cmd), or the key itself, '' for modifiers alone. */
export function keyName(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>): string {
  if (['Shift', 'Control', 'Alt', 'Meta'].includes(event.key)) return ''
  if (event.altKey) return `alt+${event.key}`
  if (event.ctrlKey || event.metaKey) return `mod+${event.key.toLowerCase()}`
  return event.key
}
