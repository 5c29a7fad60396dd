import type { Clock } from '@oriel/model'
import type { Answer, Exchange } from '../http/exchange.ts'
import type { ApiServices } from '../services.ts'
import { goTime } from './go-values.ts'
import { nothing, success } from './success.ts'

/** Something that whoever operates the server should see. */
export interface Notification {
  readonly text: string
  readonly atMs: number
  readonly isActive: boolean
}

// 16 as Prometheus: each listener holds a connection.
const MAX_LISTENERS = 16

/** What is to be told now, and who listens. A text is told once; it ends when it is taken back. */
export class Notifications {
  readonly #active = new Map<string, Notification>()
  readonly #listeners = new Set<(notification: Notification) => void>()
  readonly #now: Clock

  constructor({ now = Date.now }: { readonly now?: Clock } = {}) {
    this.#now = now
  }

  /** Tells a text, or that it still holds. */
  add(text: string): void {
    const notification = { text, atMs: this.#now(), isActive: true }
    this.#active.set(text, notification)
    this.#tell(notification)
  }

  /** Takes a text back. */
  remove(text: string): void {
    const notification = this.#active.get(text)
    if (notification === undefined) return
    this.#active.delete(text)
    this.#tell({ ...notification, isActive: false })
  }

  /** Those that hold, oldest first. */
  list(): Notification[] {
    return [...this.#active.values()]
  }

  /** Listens from now on; `undefined` when too many do. Returns the function that stops it. */
  listen(listener: (notification: Notification) => void): (() => void) | undefined {
    if (this.#listeners.size >= MAX_LISTENERS) return undefined
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tell(notification: Notification): void {
    for (const listener of this.#listeners) listener(notification)
  }
}

/** GET /api/v1/notifications. */
export function notifications(services: ApiServices): Answer {
  return success(services.notifications.list().map(printed))
}

/** GET /api/v1/notifications/live: server-sent events, what holds first; 204 when too many listen. */
export function liveNotifications(services: ApiServices, { signal }: Exchange): Answer {
  const waiting: Notification[] = services.notifications.list()
  let wake = (): void => {}
  const stop = services.notifications.listen((notification) => {
    // A listener that does not read misses what is new, as in Prometheus.
    if (waiting.length < MAX_WAITING) waiting.push(notification)
    wake()
  })
  if (stop === undefined) return nothing()
  async function* events(): AsyncGenerator<string> {
    try {
      yield ''
      while (!signal.aborted) {
        const next = waiting.shift()
        if (next === undefined) await untilNext()
        else yield `data: ${JSON.stringify(printed(next))}\n\n`
      }
    } finally {
      stop?.()
    }
  }
  function untilNext(): Promise<void> {
    return new Promise((resolve) => {
      wake = resolve
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }
  return { status: 200, headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' }, body: events() }
}

// 10 as Prometheus.
const MAX_WAITING = 10

function printed({ text, atMs, isActive }: Notification): Readonly<Record<string, unknown>> {
  return { text, date: goTime(atMs), active: isActive }
}
