// Answers of servers, read without trusting their shape: what is not there reads as ''.

import { IngestError } from '../errors.ts'

/** A value somewhere in a JSON document. */
export class Json {
  readonly #value: unknown

  constructor(value: unknown) {
    this.#value = value
  }

  /** Reads a document; throws `IngestError` INGEST_SCRAPE_FAILED, naming `what` it was to be. */
  static parse(body: Uint8Array, what: string): Json {
    try {
      return new Json(JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8')))
    } catch (cause) {
      throw new IngestError('INGEST_SCRAPE_FAILED', `cannot discover targets: ${what} is no JSON`, { cause })
    }
  }

  /** The value under keys; nothing where one of them is not there. */
  at(...path: readonly string[]): Json {
    let value = this.#value
    for (const key of path) value = isRecord(value) ? value[key] : undefined
    return new Json(value)
  }

  /** Whether there is a value other than null. */
  get isThere(): boolean {
    return this.#value !== undefined && this.#value !== null
  }

  /** Text, number or boolean as text; '' for everything else. */
  get text(): string {
    const value = this.#value
    if (typeof value === 'string') return value
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
  }

  /** A number, 0 for none. */
  get number(): number {
    return typeof this.#value === 'number' ? this.#value : 0
  }

  get isTrue(): boolean {
    return this.#value === true
  }

  list(): Json[] {
    return Array.isArray(this.#value) ? this.#value.map((value) => new Json(value)) : []
  }

  entries(): [string, Json][] {
    return isRecord(this.#value) ? Object.entries(this.#value).map(([key, value]) => [key, new Json(value)]) : []
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
