import { OrielError } from '@oriel/model'

/** Codes of `WireError`. None is retryable: the same bytes fail again. */
export const WIRE_ERRORS = {
  WIRE_TRUNCATED: 'The bytes end in the middle of a value, or a length points past the end of what holds it.',
  WIRE_MALFORMED: 'The bytes are not of the format that their content type names.',
  WIRE_NOT_UTF8: 'A text is not UTF-8 where changing it would change what it means.',
  WIRE_TOO_DEEP: 'Messages are nested deeper than any real sender nests them.',
  WIRE_TOO_LARGE: 'The body is larger than allowed once decompressed, or grows suspiciously much by it. Send smaller batches.',
  WIRE_BAD_ENCODING: 'The content encoding is none that we read: identity, gzip, deflate, zlib, zstd, br, snappy.',
  WIRE_BAD_COMPRESSION: 'The body is not compressed as its content encoding says, or is damaged.',
} as const

/** Bytes from outside that cannot be read. `offset` is where, in bytes from the start of what was being read. */
export class WireError extends OrielError {
  readonly offset: number | undefined

  constructor(
    code: keyof typeof WIRE_ERRORS,
    message: string,
    { offset, ...options }: ErrorOptions & { readonly offset?: number } = {},
  ) {
    super(code, message, options)
    this.offset = offset
  }
}
