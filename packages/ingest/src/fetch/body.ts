// One exchange on undici's own interface: the convenient ones make a stream, its queue and several promises for each answer.

import type { Dispatcher } from 'undici'
import { IngestError } from '../errors.ts'
import type { FetchOptions } from './client.ts'

/** Runs one exchange and gathers its answer within bounds. Used once. */
export class BodyCollector implements Dispatcher.DispatchHandler {
  status = 0
  headers: Record<string, string | string[] | undefined> = {}
  /** Whether anything of the answer has come. */
  hasBegun = false
  readonly #options: FetchOptions
  readonly #leftMs: number
  readonly #chunks: Buffer[] = []
  #bytes = 0
  #controller: Dispatcher.DispatchController | undefined
  #failure: Error | undefined
  #timer: NodeJS.Timeout | undefined
  #settle: { resolve: () => void; reject: (error: unknown) => void } = { resolve() {}, reject() {} }
  readonly #onAbort = (): void => this.#end(new IngestError('INGEST_SCRAPE_FAILED', 'cannot scrape: stopped'))

  constructor(options: FetchOptions, { leftMs }: { readonly leftMs: number }) {
    this.#options = options
    this.#leftMs = leftMs
  }

  /** Resolves when the answer is whole; rejects with what went wrong. */
  async run(agent: Dispatcher, request: Dispatcher.DispatchOptions): Promise<void> {
    const { signal } = this.#options
    const done = new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    this.#timer = setTimeout(() => this.#end(this.#timeout()), Math.max(1, this.#leftMs))
    signal.addEventListener('abort', this.#onAbort)
    if (signal.aborted) this.#onAbort()
    else agent.dispatch(request, this)
    try {
      await done
    } finally {
      clearTimeout(this.#timer)
      signal.removeEventListener('abort', this.#onAbort)
    }
  }

  /** The body as it came. */
  readonly body = (): Buffer => {
    const [first] = this.#chunks
    return this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks, this.#bytes)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#failure !== undefined) controller.abort(this.#failure)
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: BodyCollector['headers']): void {
    // 1xx: the answer is still to come.
    if (status < 200) return
    this.hasBegun = true
    this.status = status
    this.headers = headers
    if (this.#options.onData !== undefined && status === 200) clearTimeout(this.#timer)
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#options.onData !== undefined && this.status === 200) {
      this.#options.onData(chunk)
      return
    }
    this.#bytes += chunk.length
    const { maxBytes } = this.#options
    if (this.#bytes > maxBytes)
      this.#end(
        new IngestError('INGEST_SCRAPE_TOO_LARGE', `cannot scrape: body size limit exceeded: more than ${maxBytes} bytes`),
      )
    else this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    this.#settle.resolve()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle.reject(this.#failure ?? error)
  }

  #timeout(): IngestError {
    const { timeoutMs } = this.#options
    return new IngestError('INGEST_SCRAPE_FAILED', `cannot scrape: timed out: no whole answer within ${timeoutMs} ms`)
  }

  #end(failure: Error): void {
    this.#failure = failure
    this.#controller?.abort(failure)
    this.#settle.reject(failure)
  }
}
