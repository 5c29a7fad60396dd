// One table from error codes to what senders are told, in HTTP and in gRPC.

import { OrielError } from '@oriel/model'
import { ProtoWriter } from '@oriel/wire'
import { IngestError } from './errors.ts'

/** gRPC status codes in use. Source: https://grpc.io/docs/guides/status-codes/ */
export const GRPC_STATUS = {
  ok: 0,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const

/** What a sender is told about a request that failed. */
export interface Refusal {
  readonly code: string
  readonly httpStatus: number
  readonly grpcStatus: number
  readonly message: string
  /** Seconds after which a retry makes sense; absent when it never does. */
  readonly retryAfterSeconds: number | undefined
}

/** The refusal for any error: expected ones by the table, anything else as an internal error. */
export function refusalOf(error: unknown): Refusal {
  const code = error instanceof OrielError ? error.code : 'INGEST_FAILED'
  const [httpStatus, grpcStatus] = STATUS_OF_CODE.get(code) ?? INTERNAL
  const message = error instanceof Error ? error.message : String(error)
  const retryAfterSeconds = error instanceof IngestError ? error.retryAfterSeconds : undefined
  return { code, httpStatus, grpcStatus, message, retryAfterSeconds }
}

/** google.rpc.Status, with RetryInfo when a retry makes sense. Source: googleapis google/rpc/status.proto, error_details.proto. */
export function encodeStatus({ grpcStatus, message, retryAfterSeconds }: Refusal): Uint8Array {
  const writer = new ProtoWriter()
  writer.int(1, grpcStatus)
  writer.string(2, shortened(message))
  if (retryAfterSeconds !== undefined) {
    const any = writer.open(3)
    writer.string(1, 'type.googleapis.com/google.rpc.RetryInfo')
    const info = writer.open(2)
    const delay = writer.open(1)
    writer.int(1, retryAfterSeconds)
    writer.close(delay)
    writer.close(info)
    writer.close(any)
  }
  return writer.finish()
}

/** `message` cut to what fits a header or trailer. */
export function shortened(message: string): string {
  return message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE)}...`
}

// 1,000 characters: senders log it; headers of 16 KiB hold it, percent-encoded, three times over.
const MAX_MESSAGE = 1_000
type Statuses = readonly [httpStatus: number, grpcStatus: number]
const INTERNAL: Statuses = [500, GRPC_STATUS.internal]
const BAD: Statuses = [400, GRPC_STATUS.invalidArgument]
const AGAIN: Statuses = [503, GRPC_STATUS.unavailable]

const STATUS_OF_CODE: ReadonlyMap<string, Statuses> = new Map<string, Statuses>([
  ['WIRE_TRUNCATED', BAD],
  ['WIRE_MALFORMED', BAD],
  ['WIRE_NOT_UTF8', BAD],
  ['WIRE_TOO_DEEP', BAD],
  ['WIRE_BAD_COMPRESSION', BAD],
  ['WIRE_TOO_LARGE', [413, GRPC_STATUS.resourceExhausted]],
  ['WIRE_BAD_ENCODING', [415, GRPC_STATUS.unimplemented]],
  ['INGEST_BAD_BODY', BAD],
  ['INGEST_BAD_TENANT', BAD],
  ['INGEST_BAD_CONTENT_TYPE', [415, GRPC_STATUS.invalidArgument]],
  ['INGEST_BAD_ENCODING', [415, GRPC_STATUS.unimplemented]],
  ['INGEST_TOO_LARGE', [413, GRPC_STATUS.resourceExhausted]],
  ['INGEST_UNSUPPORTED', [404, GRPC_STATUS.unimplemented]],
  ['INGEST_SLOW_BODY', [408, GRPC_STATUS.deadlineExceeded]],
  ['INGEST_ABORTED', [400, GRPC_STATUS.unknown]],
  ['INGEST_OVERLOADED', AGAIN],
  ['INGEST_UNAVAILABLE', AGAIN],
  ['INGEST_CLOSED', AGAIN],
  ['INGEST_FULL', AGAIN],
  ['INGEST_FAILED', INTERNAL],
])
