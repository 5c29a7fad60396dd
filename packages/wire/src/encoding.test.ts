import { brotliCompressSync, deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { Compressor, compressSync } from 'snappy'
import { expect, test } from 'vitest'
import { compress, decompress } from './encoding.ts'
import { WireError } from './errors.ts'

const CODINGS = ['identity', 'gzip', 'deflate', 'zstd', 'snappy'] as const

test.each(CODINGS)('%s comes back as it was', (coding) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5_000 }), (bytes) => {
      expect(Buffer.compare(decompress(compress(bytes, coding), coding), bytes)).toBe(0)
    }),
  )
})

test('deflate is taken without the header of zlib, as some senders leave it out', () => {
  expect(text(decompress(deflateRawSync('hello hello'), 'deflate'))).toBe('hello hello')
})

test('brotli and the other names of codings are taken', () => {
  expect(text(decompress(brotliCompressSync('hello'), 'br'))).toBe('hello')
  expect(text(decompress(gzipSync('hello'), 'X-Gzip'))).toBe('hello')
  expect(text(decompress(zstdCompressSync('hello'), 'zstd1'))).toBe('hello')
})

test('codings are undone last first', () => {
  expect(text(decompress(gzipSync(zstdCompressSync('hello')), 'zstd, gzip'))).toBe('hello')
})

test('framed snappy is taken under both names', async () => {
  const body = Buffer.alloc(200_000, 'framed snappy spans several chunks ')
  const compressor = new Compressor()
  const framed = Buffer.concat([compressor.update(body), await compressor.finish()])
  expect(Buffer.compare(decompress(framed, 'snappy'), body)).toBe(0)
  expect(Buffer.compare(decompress(framed, 'x-snappy-framed'), body)).toBe(0)
  framed[15]! ^= 1
  expect(() => decompress(framed, 'snappy')).toThrow(/checksum differs|not snappy/)
})

test.each([
  ['gzip', gzipSync(Buffer.alloc(3 * 2 ** 20))],
  ['zstd', zstdCompressSync(Buffer.alloc(3 * 2 ** 20))],
  ['snappy', compressSync(Buffer.alloc(3 * 2 ** 20))],
])('a body past the limit is refused: %s', (coding, body) => {
  expect(() => decompress(body, coding, { maxBytes: 2 ** 20 })).toThrow(expect.objectContaining({ code: 'WIRE_TOO_LARGE' }))
})

test('a bomb is refused by its ratio before it reaches the limit', () => {
  const bomb = zstdCompressSync(Buffer.alloc(50 * 2 ** 20))
  expect(bomb.length).toBeLessThan(10_000)
  expect(() => decompress(bomb, 'zstd')).toThrow(expect.objectContaining({ code: 'WIRE_TOO_LARGE' }))
})

test('a snappy block that claims more than it can hold is refused before memory is taken', () => {
  expect(() => decompress(Uint8Array.of(0x80, 0x80, 0x10, 1, 2, 3), 'snappy')).toThrow(/claims 262144 bytes from 6/)
})

test('an unknown coding is refused by name', () => {
  expect(() => decompress(Uint8Array.of(1), 'lz4')).toThrow(/content encoding "lz4" is not supported/)
})

test('damaged bodies are refused with a WireError', () => {
  fc.assert(
    fc.property(fc.constantFrom(...CODINGS), fc.uint8Array({ maxLength: 300 }), fc.nat(), (coding, bytes, at) => {
      const body = Uint8Array.from(compress(bytes, coding))
      if (body.length > 0) body[at % body.length]! ^= 0x55
      try {
        decompress(body, coding, { maxBytes: 2 ** 20 })
      } catch (error) {
        expect(error).toBeInstanceOf(WireError)
      }
    }),
    { numRuns: 1_000 },
  )
})

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString()
}
