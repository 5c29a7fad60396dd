import { WireError } from '@oriel/wire'
import { IngestError } from '../errors.ts'

/** What went wrong with a request, whatever it was, as an `IngestError`. */
export function fetchError(error: unknown): IngestError {
  if (error instanceof IngestError) return error
  if (error instanceof WireError && error.code === 'WIRE_TOO_LARGE')
    return new IngestError('INGEST_SCRAPE_TOO_LARGE', `cannot scrape: body size limit exceeded: ${error.message}`, {
      cause: error,
    })
  return failed(reasonOf(error), error)
}

/** A request that failed for `reason`. */
export function failed(reason: string, cause?: unknown): IngestError {
  return new IngestError('INGEST_SCRAPE_FAILED', `cannot scrape: ${reason}`, { cause })
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.message !== '') return error.message
  // All addresses of a host were tried.
  const [first] = error instanceof AggregateError ? error.errors : [error.cause]
  return first instanceof Error ? reasonOf(first) : error.name
}
