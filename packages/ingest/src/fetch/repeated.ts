// The request of a target: over the short way where it is plain and answered plainly, else by the general client.

import { freeArray } from '@oriel/model'
import { decompress, gunzip } from '@oriel/wire'
import type { AnswerReader } from './answer.ts'
import { UnusualAnswer } from './answer.ts'
import type { FetchOptions, HttpClient } from './client.ts'
import { fetchError } from './failure.ts'
import { PlainRequest } from './plain.ts'

/** An answer. The body is decompressed, and good until the function that it was given to returns. */
export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: Uint8Array
}

export type RepeatedOptions = Pick<FetchOptions, 'headers' | 'timeoutMs' | 'maxBytes'>

/** A GET that is sent again and again, one at a time. */
export class RepeatedRequest {
  readonly #client: HttpClient
  readonly #url: string
  readonly #options: RepeatedOptions
  readonly #abort = new AbortController()
  #plain: PlainRequest | undefined
  #expectedBytes = LEAST_EXPECTED_BYTES

  constructor(client: HttpClient, url: string, options: RepeatedOptions) {
    this.#client = client
    this.#url = url
    this.#options = options
    const address = client.plainAddress(url)
    if (address !== undefined) this.#plain = new PlainRequest({ ...options, address, bytes: printRequest(url, options) })
  }

  /** Sends it; `receive` has returned when this resolves. Rejects as `HttpClient.get`. */
  async send(receive: (answer: Answer) => void): Promise<void> {
    try {
      if (this.#plain === undefined || !(await this.#sendPlain(this.#plain, receive))) await this.#sendByClient(receive)
    } catch (error) {
      throw fetchError(error)
    }
  }

  /** Ends what is under way: it rejects. No more may be sent. */
  close(): void {
    this.#abort.abort()
    this.#plain?.close()
  }

  /** Tells whether the answer was one for the short way; where it was not, the next one will not be either. */
  async #sendPlain(plain: PlainRequest, receive: (answer: Answer) => void): Promise<boolean> {
    try {
      await plain.send((answer) => {
        receive({ status: answer.status, contentType: answer.contentType, body: decompressed(answer, this.#options.maxBytes) })
      })
    } catch (error) {
      if (!(error instanceof UnusualAnswer)) throw error
      this.#plain = undefined
      return false
    }
    return true
  }

  async #sendByClient(receive: (answer: Answer) => void): Promise<void> {
    const fetched = await this.#client.get(this.#url, {
      ...this.#options,
      expectedBytes: this.#expectedBytes,
      signal: this.#abort.signal,
    })
    const bodyBytes = fetched.body.length
    this.#expectedBytes = Math.max(LEAST_EXPECTED_BYTES, bodyBytes + (bodyBytes >>> 3))
    receive(fetched)
    freeArray(fetched.body)
  }
}

// Just above 64 KiB: from there on an array is a piece of memory of its own, and `freeArray` gives it back at once.
const LEAST_EXPECTED_BYTES = 65_537

function decompressed({ status, body, contentEncoding }: AnswerReader, maxBytes: number): Uint8Array {
  if (status !== 200) return body
  // Nothing else is asked for.
  return contentEncoding.toLowerCase() === 'gzip' ? gunzip(body, maxBytes) : decompress(body, contentEncoding, { maxBytes })
}

function printRequest(url: string, { headers }: RepeatedOptions): Buffer {
  const { host, pathname, search } = new URL(url)
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`GET ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\n${lines.join('')}\r\n`, 'latin1')
}
