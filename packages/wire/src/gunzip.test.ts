import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WireError } from './errors.ts'
import { gunzip } from './gunzip.ts'

function undo(body: Uint8Array, maxBytes = 50_000_000): string {
  return Buffer.from(gunzip(body, maxBytes)).toString('latin1')
}

test('bodies of any size are undone one after another, those of several members too', () => {
  for (const bytes of [0, 1, 131_071, 131_072, 131_073, 262_144, 20_000_000, 10]) {
    const text = 'abcdefg hijk'.repeat(bytes / 12 + 1).slice(0, bytes)
    expect(undo(gzipSync(text)) === text, String(bytes)).toBe(true)
  }
  expect(undo(Buffer.concat([gzipSync('one '), gzipSync('two')]))).toBe('one two')
})

test('what is cut, damaged or no gzip is refused, and the next body is read', () => {
  const whole = gzipSync('a 1\nb 2\n'.repeat(100))
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      expect(() => undo(whole.subarray(0, at))).toThrow(/not gzip/)
      const damaged = Buffer.from(whole)
      damaged[at] = damaged[at]! ^ change
      try {
        // Some bytes of the head say nothing of the body.
        expect(undo(damaged)).toBe('a 1\nb 2\n'.repeat(100))
      } catch (error) {
        expect(error).toBeInstanceOf(WireError)
      }
      expect(undo(whole)).toBe('a 1\nb 2\n'.repeat(100))
    }),
  )
})

test('a body that becomes too large is refused', () => {
  const bomb = gzipSync(Buffer.alloc(100_000_000))
  expect(() => undo(bomb, 1_000_000)).toThrow(/over 1000000 bytes once gzip is undone/)
  expect(() => undo(gzipSync(Buffer.alloc(1_001)), 1_000)).toThrow(/over 1000 bytes/)
  expect(undo(gzipSync(Buffer.alloc(1_000)), 1_000)).toHaveLength(1_000)
})
